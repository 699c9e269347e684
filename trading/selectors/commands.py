"""What became of a command."""

from datetime import datetime, timedelta
from typing import Any

from trading.models import Command

# An arm expires after two seconds; a command that nobody answered for this long is not known to have arrived.
UNKNOWN_AFTER = timedelta(seconds=10)


def command_dict(command: Command, now: datetime) -> dict[str, Any]:
    """Return a command's outcome as the person who gave it may read it."""
    state, text = command.state, command.text
    if state == Command.State.PENDING and now - command.created_at > UNKNOWN_AFTER:
        state, text = Command.State.UNKNOWN, "No engine has answered yet; what it did is not known."
    return {
        "command_id": command.command_id,
        "op": command.op,
        "program": command.program,
        "state": str(state),
        "code": command.code,
        "text": text,
        "created_at": command.created_at.isoformat(),
        "decided_at": command.decided_at.isoformat() if command.decided_at else None,
    }


def command_of(command_id: str, username: str) -> Command:
    """Return a person's own command; raises Command.DoesNotExist."""
    return Command.objects.get(command_id=command_id, actor__username=username)
