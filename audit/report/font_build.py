"""Builds the one font of the PDF reports: Noto Sans SC, merged from web font subsets into a TrueType file.

The subsets come from the npm package @fontsource/noto-sans-sc (SIL Open Font License 1.1), which the
frontend's set-up installs. ReportLab embeds TrueType outlines only, and no font package of the system has
Chinese ones, so the merge is done once and kept in the cache folder with its license.
"""

import logging
import shutil
from pathlib import Path

import msgspec
from django.conf import settings
from fontTools.merge import Merger, Options
from fontTools.ttLib import TTFont

from audit.report.font import WEIGHT, FontMissing, font_path

FAMILY = "Noto Sans SC"
PACKAGE = Path("node_modules", "@fontsource", "noto-sans-sc")
FIXED_DATE = 3_786_912_000  # 2024-01-01 in seconds since 1904, so that every build is the same
# Tables for shaping and vertical text; ReportLab reads none of them.
UNUSED_TABLES = ["GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "VORG", "gasp", "prep", "fpgm", "cvt "]


class BuiltFont(msgspec.Struct, frozen=True):
    path: Path
    is_new: bool


def build(package: Path | None = None, *, again: bool = False) -> BuiltFont:
    """Merge the package's subsets into one file, or return the file that is there.

    Raises FontMissing when the package is not installed.
    """
    target = font_path()
    if target.exists() and not again:
        return BuiltFont(target, is_new=False)
    package = package or Path(settings.BASE_DIR) / "frontend" / PACKAGE
    subsets = _subsets(package)
    font = _merge(subsets)
    _name(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    font.save(unfinished)
    shutil.copyfile(package / "LICENSE", target.with_suffix(".LICENSE"))
    unfinished.replace(target)
    return BuiltFont(target, is_new=True)


def _subsets(package: Path) -> list[Path]:
    """Return the numbered Chinese subsets and latin, in a fixed order so that every build is the same."""
    files = sorted((package / "files").glob(f"noto-sans-sc-*-{WEIGHT}-normal.woff2"))
    numbered = [path for path in files if path.name.split("-")[3].isdigit()]
    latin = [path for path in files if path.name.split("-")[3] == "latin"]
    if not numbered or not latin:
        raise FontMissing(
            f"There is no {FAMILY} in {package}; run `npm ci` in the frontend folder, "
            "then `manage.py build_report_font`."
        )
    return [*latin, *numbered]


def _merge(subsets: list[Path]) -> TTFont:
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = Options()
    options.drop_tables = [*options.drop_tables, *UNUSED_TABLES]
    return Merger(options=options).merge([str(path) for path in subsets])


def _name(font: TTFont) -> None:
    """Give the file its true name and a fixed date; the subsets all call themselves Thin."""
    names = {1: FAMILY, 2: "Regular", 3: f"{FAMILY} {WEIGHT}", 4: FAMILY, 6: FAMILY.replace(" ", "")}
    kept = {0, 5, 13, 14}  # copyright, version, license and its address
    font["name"].names = [record for record in font["name"].names if record.nameID in kept]
    for name_id, text in names.items():
        font["name"].setName(text, name_id, 3, 1, 0x409)
    font["OS/2"].usWeightClass = WEIGHT
    font["head"].macStyle = 0
    font["head"].created = font["head"].modified = FIXED_DATE
    font.recalcTimestamp = False
