"""`manage.py kill` with nothing else running: no web, no Redis, no Celery, no database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.rig import Rig
from trading.engine import kill_file

ROOT = Path(__file__).resolve().parents[2]


def kill(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a database and a Redis that do not exist."""
    nowhere = {
        "CMC_VAR": str(var), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0",
        "DJANGO_SETTINGS_MODULE": "console.settings",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "manage.py", "kill", *arguments],
        cwd=ROOT, env=os.environ | nowhere, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path):
    built = Rig(tmp_path)
    folder = tmp_path / "desks" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "desk.json").write_bytes(built.desk_file.read_bytes())
    yield built
    built.close()


def test_a_running_engine_is_killed_over_its_socket(rig: Rig) -> None:
    rig.start_venues()
    rig.start_engine()

    done = kill(rig.var, "--reason", "drill")

    assert (done.returncode, done.stderr) == (0, "")
    assert "demo: killed, level stop, scope all" in done.stdout
    assert rig.status()["kill"] == "stop"
    assert rig.arm()["code"] == "CANNOT_ARM"


def test_without_an_engine_the_kill_waits_on_disk(rig: Rig) -> None:
    done = kill(rig.var, "--scope", "program:CU-SELL", "--level", "neutralize", "--reason", "feed is wrong")

    assert done.returncode == 1
    assert "killed by file" in done.stderr
    [left] = kill_file.read(Path(rig.config.kill_file))
    assert (left.scope, left.level, left.reason) == ("program:CU-SELL", "neutralize", "feed is wrong")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--reason"),
        (["--reason", "x", "--scope", "everything"], "--scope is"),
        (["--reason", "x", "--desk", "no"], "no desk"),
    ],
)
def test_a_wrong_call_says_what_to_do(rig: Rig, arguments: list[str], says: str) -> None:
    done = kill(rig.var, *arguments)

    assert done.returncode == 2 and says in done.stderr
