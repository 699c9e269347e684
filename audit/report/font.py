"""Where the one font of the PDF reports lies, and what is said when it is not there."""

from pathlib import Path

from django.conf import settings

from audit.errors import DomainError

WEIGHT = 400


class FontMissing(DomainError):
    """The report font is not built and cannot be built."""

    code = "report_font_missing"
    status = 503


def font_path() -> Path:
    """Return where the built font is kept."""
    return Path(settings.CMC_PATHS.cache) / f"noto-sans-sc-{WEIGHT}.ttf"


def require() -> Path:
    """Return the built font; raises FontMissing, which says how to build it."""
    path = font_path()
    if not path.exists():
        raise FontMissing("The font of the PDF reports is not built; run `manage.py build_report_font` once.")
    return path
