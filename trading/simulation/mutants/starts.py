"""Mistakes about the journal, the wire and what a restart must not forget."""

from typing import Any

from trading.core import events as e
from trading.engine import desk
from trading.engine.actions import Submit
from trading.engine.recovery import DeskState, Reconciliation
from trading.simulation.mutants import mutant


@mutant
def sends_before_the_journal(put: Any) -> None:
    propose = desk.Desk._propose

    def hasty(self: Any, prog: Any, decided: Any, now: int, out: list[Any]) -> None:
        propose(self, prog, decided, now, out)
        while (pending := self._outbox.next_intent(self.journal.seq)) is not None:
            out.append(Submit(pending.approved, pending.decided.orders))

    put(desk.Desk, "_propose", hasty)


@mutant
def trades_without_reconciling(put: Any) -> None:
    def judge(self: Reconciliation, programs: Any, now: int) -> bool:
        changed = self.state is not DeskState.RECONCILED
        self.state, self.reason = DeskState.RECONCILED, ""
        return changed

    put(Reconciliation, "judge", judge)


@mutant
def forgets_a_kill_at_restart(put: Any) -> None:
    recover, resume = desk.Desk.recover, desk.Desk.resume

    def forgetful(self: Any, history: Any) -> None:
        recover(self, [record for record in history if not isinstance(record.event, e.Kill)])

    put(desk.Desk, "recover", forgetful)
    put(desk.Desk, "resume", lambda self, now, kills=(): resume(self, now))


@mutant
def sends_what_waited_too_long(put: Any) -> None:
    put(desk, "why_not_send", lambda pending, now: "")
