"""What every test may ask for, and the tests that this machine cannot run, listed by name."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.db import connection

from audit import append_only
from console.launcher import ports, valkey

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def recorded_ticks() -> Path | None:
    """Return the folder of recordings that RECORDED_TICKS names, or None where there is none."""
    folder = os.environ.get("RECORDED_TICKS")
    return Path(folder) if folder and Path(folder).is_dir() else None


def chromium() -> str | None:
    """Return a browser on this machine: CHROMIUM_BIN, one on the path, or Playwright's own download."""
    if named := os.environ.get("CHROMIUM_BIN"):
        return named
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found:
        return found
    browsers = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright"
    return next(map(str, sorted(Path(browsers).glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


MISSING = {
    "recorded": (lambda: recorded_ticks() is None, "set RECORDED_TICKS to a folder of recorded market data"),
    "browser": (lambda: chromium() is None, "install Chromium, or run `playwright install chromium`"),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, with the reason that the summary lists."""
    for marker, (is_missing, remedy) in MISSING.items():
        if not is_missing():
            continue
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"not run: {remedy}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List by name every test that was not run and what would make it run."""
    skipped = terminalreporter.stats.get("skipped", [])
    not_run = [(report.nodeid, report.longrepr[2]) for report in skipped if "not run: " in report.longrepr[2]]
    if not not_run:
        return
    terminalreporter.section(f"{len(not_run)} tests were not run on this machine")
    for name, reason in not_run:
        terminalreporter.write_line(f"{name} - {reason.partition('not run: ')[2]}")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded market data; only for tests marked `recorded`."""
    folder = recorded_ticks()
    assert folder is not None
    return folder


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser to drive; only for tests marked `browser`."""
    path = chromium()
    assert path is not None
    return path


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis-compatible server of this session's own, on a free port, with a password."""
    folder = tmp_path_factory.mktemp("valkey")
    password = secrets.token_urlsafe(16)
    port = ports.free_port()
    config = valkey.write_config(folder, port=port, password=password)
    server = subprocess.Popen([valkey.server_binary(), str(config)], stdout=subprocess.DEVNULL)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    try:
        wait_until_it_answers(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


def wait_until_it_answers(url: str, timeout_s: float = 10) -> None:
    """Return once the server at `url` answers a ping; fail the test after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.RedisError:
                assert time.monotonic() < deadline, "the test's Redis server did not start"
                time.sleep(0.02)


@pytest.fixture(autouse=True)
def append_only_tables_can_be_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test with transactions of its own is cleaned up by emptying all tables, which ours refuse."""
    marker = request.node.get_closest_marker("django_db")
    is_transactional = (marker and marker.kwargs.get("transaction")) or (
        {"transactional_db", "live_server"} & set(request.fixturenames)
    )
    if not is_transactional:
        yield
        return
    request.getfixturevalue("transactional_db")
    append_only.install(connection)
    yield
    append_only.remove(connection)
