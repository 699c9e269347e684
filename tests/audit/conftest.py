"""The font of the PDF reports: the installation's own, or one built now from the frontend's packages."""

from pathlib import Path

import pytest

from audit.report import font, font_build


@pytest.fixture(scope="session")
def report_font() -> Path:
    """The built font; the test is skipped where nothing can be built."""
    try:
        return font_build.build().path
    except font.FontMissing as missing:
        pytest.skip(f"not run: {missing.message}")
