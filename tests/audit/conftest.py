"""The font of the PDF reports: the installation's own, or one built now from the frontend's packages."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings

from audit.report import font


@pytest.fixture(scope="session")
def report_font() -> Path:
    """The built font in the test's own cache folder; the test is skipped where nothing can be built."""
    target = font.font_path()
    installed = Path(settings.BASE_DIR) / "var" / "cache" / target.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if installed.exists() and not target.exists():
        shutil.copyfile(installed, target)
    try:
        return font.build().path
    except font.FontMissing as missing:
        pytest.skip(f"not run: {missing.message}")
