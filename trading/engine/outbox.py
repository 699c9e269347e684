"""What waits for the disk: approved intents and the answers to commands, in the order of their records.

An intent that may no longer leave when its record is durable is declared not sent, and is never sent later.
"""

from collections import deque

import msgspec

from risk.gate import Approved
from trading.core import events as e
from trading.core.execution import Execution
from trading.core.program import HedgeProgram, Permit
from trading.core.units import SECOND, Lots, Nanos
from trading.engine.actions import Reply
from trading.engine.proposal import OrderProposal

SEND_WITHIN = SECOND  # an intent whose record took longer to become durable rests on quotes nobody should trade on


class Pending(msgspec.Struct):
    """An approved intent whose record is not durable yet."""

    seq: int
    program: HedgeProgram
    decided: e.OrdersDecided
    approved: Approved[OrderProposal]
    decided_at: Nanos
    along: tuple[Lots, ...]  # what the execution had traded when this was decided
    is_called_back: bool = False


class Outbox:
    """Keeps order: nothing overtakes an earlier record."""

    def __init__(self) -> None:
        self._intents: deque[Pending] = deque()
        self._replies: deque[tuple[int, Reply]] = deque()

    def hold(self, pending: Pending) -> None:
        self._intents.append(pending)

    def hold_reply(self, seq: int, reply: Reply) -> None:
        self._replies.append((seq, reply))

    def next_intent(self, durable_seq: int) -> Pending | None:
        """Take out the next intent whose record is durable, or return None."""
        if self._intents and self._intents[0].seq <= durable_seq:
            return self._intents.popleft()
        return None

    def next_reply(self, durable_seq: int) -> Reply | None:
        if self._replies and self._replies[0][0] <= durable_seq:
            return self._replies.popleft()[1]
        return None

    def waiting(self, client_order_id: str) -> Pending | None:
        """Return the intent that still holds this order back, or None when it has left."""
        for pending in self._intents:
            if any(order.client_order_id == client_order_id for order in pending.decided.orders):
                return pending
        return None


def why_not_send(pending: Pending, now: Nanos) -> str:
    """Return why a durable intent must not leave any more, or an empty string."""
    state, is_entry = pending.program.state, pending.decided.purpose is e.Purpose.ENTRY
    if pending.is_called_back:
        return "called back before it was sent"
    if now - pending.decided_at > SEND_WITHIN:
        return "the disk took too long, the decision is out of date"
    if any(order.venue not in state.up_since for order in pending.decided.orders):
        return "a venue of the decision is down"
    if pending.program.permit < (Permit.ENTRIES if is_entry else Permit.REPAIRS):
        return "the desk may not send this now"
    if is_entry and (state.kill_level or state.halt_reason):
        return "stopped by a person or a halt"
    if is_entry and pending.decided.lead is None:
        return ""
    case = pending.program.state.executions[pending.decided.execution]
    if not is_entry and not pending.program.may_repair(case):
        return "repairs are stopped"
    return _why_overtaken(pending, case)


def _why_overtaken(pending: Pending, case: Execution) -> str:
    """Repairs and further quotes are sized by what was traded: a fill or a revival meanwhile makes them wrong."""
    own = {order.client_order_id for order in pending.decided.orders}
    if pending.decided.purpose is e.Purpose.HEDGE:  # the lead leg may trade on meanwhile
        return "overtaken by another hedge" if case.is_overhedged else ""
    if case.along != pending.along:
        return "overtaken by a fill"
    if any(order.is_live and order.intent.client_order_id not in own for order in case.orders):
        return "overtaken by an order that came to life"
    return ""
