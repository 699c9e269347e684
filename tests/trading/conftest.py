"""A console with the demo declared, and a journal that tells one execution as an engine would have written it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model

from tests.trading.story import Story
from trading.services.declare import declare

DEMO = Path(__file__).resolve().parents[2] / "console" / "demo"


@pytest.fixture
def demo(db) -> None:
    """The demo's markets, programs, limits and people."""
    declare(sorted(DEMO.glob("*.toml")), actor="tests")


@pytest.fixture
def person(demo):
    """Return somebody of the demo by name."""
    return lambda name: get_user_model().objects.get(username=name)


@pytest.fixture
def story(demo, tmp_path, settings) -> Iterator[Story]:
    """The journal of the demo desk, empty but for its start."""
    directory = settings.CMC_PATHS.journal("demo")
    for old in directory.glob("*") if directory.exists() else ():
        old.unlink()
    told = Story(directory)
    yield told
    told.journal.close()
