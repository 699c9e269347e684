"""What the venue's live row shows of its reply times, from a running engine and real venues behind it."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.engine.rig import Rig, until
from trading.core.events import ExecutionEnded

pytestmark = pytest.mark.timeout(300)


def venue_rows(rig: Rig) -> dict[str, dict[str, Any]]:
    """Return the venues' rows of the next health frame, by name."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(30)
        line.connect(rig.config.stream_socket)
        for text in line.makefile("rb"):
            frame = json.loads(text)
            if frame["ch"] == "health":
                return {row["venue"]: row for row in frame["items"][0]["venues"]}
    raise AssertionError("the stream ended without a health frame")


def test_the_row_of_a_venue_shows_how_many_replies_were_timed(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    try:
        rig.start_venues()
        rig.start_engine()
        before = venue_rows(rig)
        assert rig.arm()["ok"]
        until(lambda: rig.facts(ExecutionEnded), "the execution to end")
        after = venue_rows(rig)
    finally:
        rig.close()

    for venue in ("SHFE", "LME"):
        assert (before[venue]["reply_samples"], after[venue]["reply_samples"]) == (0, 1)
        assert after[venue]["reply_p999_ns"] is None, "one reply is no measurement"
        assert after[venue]["presumed_dead_ns"] is None, "the configured wait is in use"
