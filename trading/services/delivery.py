"""Brings a program's terms to its engine, so that what was reviewed is what the engine knows."""

import uuid

import msgspec
from django.utils import timezone

from trading.models import HedgeProgram
from trading.selectors.live import last_frame
from trading.services.export import program_terms
from trading.services.handover import enqueue, tell_engine


def deliver_terms(program: HedgeProgram, actor: str) -> None:
    """Offer the current revision to the engine unless it is known to have it.

    An armed program keeps its revision: the engine refuses then, and is offered the new one again before the next
    arming. An engine that cannot be reached reads the terms at its start.
    """
    if _revision_in_engine(program) == program.revision:
        return
    message = {
        "op": "program",
        "command_id": f"terms-{program.name}-{program.revision}-{uuid.uuid4().hex[:8]}",
        "actor": actor,
        "terms": msgspec.to_builtins(program_terms(program, timezone.localdate())),
    }
    if tell_engine(program.desk.name, message) is None:
        enqueue(program.desk.name, message)


def _revision_in_engine(program: HedgeProgram) -> int | None:
    rows = last_frame(program.desk.name, "board") or []
    return next((row.get("revision") for row in rows if row.get("program") == program.name), None)
