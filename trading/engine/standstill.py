"""An engine that may not trade: its journal was changed, so nobody can say what the desk holds.

It keeps the desk, so that no other engine takes it, and answers on the control socket with the reason. It connects no
venue and records nothing: a person compares the journal with its copy, puts the right one back, and starts again.
"""

from collections.abc import Callable
from pathlib import Path

from trading.engine import commands as c
from trading.engine import kill_file
from trading.engine.config import DeskConfig
from trading.engine.recovery import DeskState

REMEDY = "nothing is traded; put the true journal back (`manage.py verify_trail` names the record) and start again"


class Standstill:
    """Answers commands of a desk that stands still."""

    def __init__(self, config: DeskConfig, reason: str) -> None:
        self._config, self.reason = config, f"{reason}; {REMEDY}"

    def on_command(self, command: c.AnyCommand, answer: Callable[[c.Answer], None]) -> None:
        """Tell the state, keep a kill for the start that follows, and refuse everything else with the reason."""
        if isinstance(command, c.Status):
            answer(c.accepted(self._status()))
        elif isinstance(command, c.KillDesk):
            kill_file.add(Path(self._config.kill_file), command)
            answer(c.accepted())
        else:
            answer(c.refused("HALTED", self.reason))

    def _status(self) -> dict[str, object]:
        return {
            "desk": self._config.desk, "epoch": 0, "state": DeskState.HALTED.value, "reason": self.reason,
            "lease": "held", "kill": "", "limits_version": self._config.limits.version, "foreign_orders": [],
            "programs": [],
        }  # fmt: skip
