"""Commands carried by Celery tasks to a real engine, and what the console notes of the answers."""

import logging
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from tests.engine.desk_config import PROGRAM
from tests.engine.rig import Rig
from tests.trading.conftest import demo, person  # noqa: F401 (fixtures)
from trading import tasks
from trading.core.events import Arm
from trading.models import Command, Desk

DESK = "demo"


@pytest.fixture
def rig(tmp_path) -> Iterator[Rig]:
    """An engine behind the very socket at which the console looks for the demo desk."""
    built = Rig(tmp_path, control_socket=str(settings.CMC_PATHS.control_socket(DESK)))
    yield built
    built.close()


@pytest.fixture
def command(person):  # noqa: F811
    """A row as the console makes it before it sends a task, and the message for the engine."""

    def make(op: str, **body: Any) -> tuple[Command, dict[str, Any]]:
        row = Command.objects.create(
            command_id=uuid.uuid4().hex, actor=person("trader1"), idempotency_key=uuid.uuid4().hex,
            desk=Desk.objects.get(name=DESK), op=op, program=PROGRAM, body=body, changed_at_ns=time.time_ns(),
        )  # fmt: skip
        message = {"op": op, "program": PROGRAM, "command_id": row.command_id, "actor": "trader1", **body}
        return row, message

    return make


def arming() -> dict[str, Any]:
    return {"revision": 1, "expires_at": time.time_ns() + 2_000_000_000}


def test_an_accepted_command_is_noted_and_done_once(rig: Rig, command) -> None:
    rig.start_venues()
    rig.start_engine()
    row, message = command("arm", **arming())

    answers = [tasks.arm(desk=DESK, command=message) for _ in range(2)]

    assert all(answer["ok"] for answer in answers)
    row.refresh_from_db()
    assert row.state == Command.State.ACCEPTED
    assert len(rig.facts(Arm)) == 1


def test_a_refused_command_keeps_the_engines_reason(rig: Rig, command) -> None:
    rig.start_venues()
    rig.start_engine()
    row, message = command("arm", **(arming() | {"expires_at": 1}))

    tasks.arm(desk=DESK, command=message)

    row.refresh_from_db()
    assert (row.state, row.code) == (Command.State.REFUSED, "EXPIRED")
    assert "look again" in row.text


def test_without_an_engine_nothing_is_done_and_that_is_noted(command) -> None:
    row, message = command("disarm", reason="enough")

    answer = tasks.disarm(desk=DESK, command=message)

    assert answer["code"] == "ENGINE_AWAY"
    row.refresh_from_db()
    assert (row.state, row.code) == (Command.State.REFUSED, "ENGINE_AWAY")
    assert "nothing was done" in row.text


def test_limits_for_an_engine_that_does_not_listen_yet_are_no_warning(db, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "trading.tasks"):
        answer = tasks.set_limits(desk=DESK, command={"op": "limits", "command_id": "limits-demo-1", "limit_set": {}})

    assert answer["code"] == "ENGINE_AWAY"
    assert [record.levelname for record in caplog.records if record.name == "trading.tasks"] == ["INFO"]
