"""A console with the demo declared, and a journal that tells one execution as an engine would have written it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import current_app
from django.contrib.auth import get_user_model

from tests.trading.api import Api, ListeningEngine, use_broker
from tests.trading.story import Story
from trading.services.declare import declare

DEMO = Path(__file__).resolve().parents[2] / "console" / "demo"
DEMO_PROGRAMS = {"CU-LME-SELL", "CU-LME-BUY", "CU-CME-SELL", "CU-LME-LEAD", "CU-LME-QUOTE"}


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


@pytest.fixture
def api(person):
    """Return the API as somebody of the demo uses it."""
    return lambda name: Api(person(name))


@pytest.fixture
def broker(redis_url) -> Iterator[redis.Redis]:
    """A real queue that nobody consumes, so that a test can read what was sent."""
    before = current_app.conf.broker_url
    use_broker(redis_url)
    client = redis.Redis.from_url(redis_url)
    client.delete("engine.demo")
    yield client
    use_broker(before)


@pytest.fixture
def listening(settings) -> Iterator[ListeningEngine]:
    """Something that answers at the engine's control socket."""
    listening = ListeningEngine(settings.CMC_PATHS.control_socket("demo"))
    yield listening
    listening.stop()


@pytest.fixture
def engine(listening) -> list[dict]:
    """What the engine was told."""
    return listening.told
