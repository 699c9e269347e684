"""Installations are configured by the environment; a wrong value is named, a secret is not."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from console import database, local_secrets
from console.paths import Paths


def test_a_postgresql_address_becomes_settings():
    settings = database.from_url("postgresql://desk:p%40ss@db.example:6432/cmc?sslmode=require")

    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db.example", "6432", "cmc")
    assert (settings["USER"], settings["PASSWORD"]) == ("desk", "p@ss")
    assert settings["OPTIONS"] == {"sslmode": "require"}


def test_a_postgresql_socket_folder_is_the_host():
    assert database.from_url("postgresql:///cmc?host=/run/pg")["HOST"] == "/run/pg"


def test_the_embedded_database_queues_writers_and_survives_power_loss(tmp_path):
    options = database.sqlite(tmp_path / "db.sqlite3")["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=FULL" in options["init_command"]


def test_an_unknown_database_is_refused_without_repeating_its_password():
    with pytest.raises(ValueError, match="DATABASE_URL must start with") as refusal:
        database.from_url("mysql://desk:hunter2@db/cmc")

    assert "hunter2" not in str(refusal.value)


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path):
    first = local_secrets.load_or_create(tmp_path / "secrets.json")
    second = local_secrets.load_or_create(tmp_path / "secrets.json")

    assert first == second
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert first.redis_password not in repr(first)
    assert list(tmp_path.iterdir()) == [tmp_path / "secrets.json"]


def test_a_damaged_secrets_file_is_named_and_kept(tmp_path):
    file = tmp_path / "secrets.json"
    file.write_text("{")

    with pytest.raises(ValueError, match=r"secrets\.json is not a secrets file"):
        local_secrets.load_or_create(file)

    assert file.read_text() == "{"


def test_two_processes_that_start_at_once_share_one_secret(tmp_path):
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path;"
        "from console.local_secrets import load_or_create;"
        "print(load_or_create(Path(sys.argv[1])).secret_key)"
    )
    root = str(Path(__file__).parents[2])
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "secrets.json"), root],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    keys = {start.communicate(timeout=60)[0] for start in starts}

    assert keys == {json.loads((tmp_path / "secrets.json").read_text())["secret_key"] + "\n"}


def test_sockets_move_to_a_short_folder_when_the_installation_s_is_too_long(tmp_path):
    near = Paths(Path("/srv/cmc/var"))
    far = Paths(Path("/srv") / ("x" * 90))

    assert near.control_socket("demo") == Path("/srv/cmc/var/run/control-demo.sock")
    assert len(str(far.control_socket("demo"))) < 108
    assert far.run != Paths(Path("/srv") / ("y" * 90)).run


def test_an_unknown_environment_stops_the_start(tmp_path):
    env = {
        **os.environ,
        "CMC_VAR": str(tmp_path),
        "CMC_ENVIRONMENT": "PROD",
        "DJANGO_SETTINGS_MODULE": "console.settings",
    }
    result = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=Path(__file__).parents[2],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode != 0
    assert "use SIM, CANARY or LIVE" in result.stderr
