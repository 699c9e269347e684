"""What must hold when a schedule has come to rest: nothing open without a person, positions true, the journal whole."""

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from trading.core import events as e
from trading.core.execution import Execution
from trading.core.order import OrderState
from trading.core.program import HedgeProgram, Permit
from trading.engine import records as r
from trading.engine.checkpoints import freeze, thaw
from trading.engine.desk import Desk
from trading.engine.position_check import ASK_BROKEN
from trading.engine.recovery import DeskState

if TYPE_CHECKING:
    from trading.simulation.checkers import Checkers

FOLD_EVERY = 4  # schedules of which one is folded again from its journal at the end
FOLLOW_EVERY = 25  # schedules of which one is folded again after every turn

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(r.Body)


def as_read_back(record: r.Record) -> r.Record:
    """Return the record as a reader finds it on the disk."""
    body = r.Body(record.seq, record.at, record.epoch, record.program, record.execution, record.event)
    found = _decoder.decode(_encoder.encode(body))
    return r.Record(found.seq, found.at, found.epoch, found.program, found.execution, found.event, record.hash)


def _is_break(event: object) -> bool:
    return isinstance(event, r.AlertRaised) and event.rule == "position_break"


class AtRest:
    """Checks of the end, and of the fold on the way."""

    def __init__(self, checkers: "Checkers") -> None:
        self._checkers = checkers
        self._world = checkers.world
        self._shadow: Desk | None = None
        self._followed_desk: Desk | None = None
        self._followed = 0

    def check(self) -> None:
        """Everything at once; the first violation stands."""
        desk, fail = self._world.desk, self._checkers.fail
        if desk is None:
            return fail("INV-20", "the engine is not running")
        if desk.reconciliation.state is not DeskState.RECONCILED:
            return fail("INV-20", f"{desk.reconciliation.state.value}: {desk.reconciliation.reason}")
        for program in desk.programs.values():
            self._program(program)
        for order in self._world.risen():
            fail("INV-07", f"{order} is presumed dead, the venue traded it, and nobody asked again")
        if any(program.state.open for program in desk.programs.values()):
            self._checkers.branches["escalated"] += 1
        self._orders(desk)
        self._alerts(desk)
        self._positions(desk)
        self._breaks(desk)
        if self._world.seed % FOLD_EVERY == 0:
            self._fold(desk)

    def _program(self, program: HedgeProgram) -> None:
        state, fail = program.state, self._checkers.fail
        for case in state.open:
            if not (state.halt_reason or state.kill_level == "cancel"):
                fail("INV-18", f"{case.id} is still open, naked {case.naked}, and nobody was told to act")
        for case in state.executions.values():
            self._matched_in_truth(case)

    def _orders(self, desk: Desk) -> None:
        """INV-05: whatever works at a venue is an order that the engine believes to be alive, or asks about."""
        for venue in self._world.venues.values():
            for name, truth in venue.orders.items():
                if not truth.is_working:
                    continue
                known = [p.state.orders[name] for p in desk.programs.values() if name in p.state.orders]
                if not any(order.is_live or order.state is OrderState.PRESUMED_DEAD for order in known):
                    self._checkers.fail("INV-05", f"{name} works at {venue.name}, and the engine takes it for over")

    def _alerts(self, desk: Desk) -> None:
        """INV-19: whatever a person must know stands in the journal as an alert of its own, behind its cause."""
        last: dict[tuple[str, str], int] = {}
        for record in self._world.disk.records:
            if isinstance(record.event, r.AlertRaised):
                last[record.program, record.event.rule] = record.seq
        for record in self._world.disk.records:
            rule = "halted" if isinstance(record.event, e.Halted) else ""
            if rule and last.get((record.program, rule), 0) < record.seq:
                self._checkers.fail("INV-19", f"{record.program} is {rule} since record {record.seq} without an alert")
        for program in desk.programs.values():
            for name in program.state.presumed_dead:
                if (program.terms.program, "presumed_dead") not in last:
                    self._checkers.fail("INV-19", f"{name} is presumed dead and no alert says so")

    def _matched_in_truth(self, case: Execution) -> None:
        """What the venues really traded for an ended execution is whole units, and what we call naked is so."""
        if not case.is_settled or any(order.state is OrderState.PRESUMED_DEAD for order in case.orders):
            return
        fail = self._checkers.fail
        along = [-lots for lots in case.taken_over]  # a person has these, and they are named
        proxied: Counter[tuple[str, int]] = Counter()
        for order in case.orders:
            truth = self._world.venues[order.intent.venue].orders.get(order.intent.client_order_id)
            done = truth.filled_lots if truth else 0
            if order.intent.side is not case.entered_sides[order.intent.leg]:
                done = -done
            if order.intent.instrument in case.proxies:
                proxied[order.intent.instrument, order.intent.leg] += done
            else:
                along[order.intent.leg] += done
        for (code, leg), lots in proxied.items():
            whole, stray = divmod(lots, case.proxies[code].lots)
            along[leg] += whole * case.proxies[code].replaces_lots
            if case.is_ended and stray:
                fail("INV-18", f"{case.id} ended as {case.outcome}, and {stray} lots of {code} hedge nothing")
        units = {lots // ratio for lots, ratio in zip(along, case.ratio_lots, strict=True)}
        is_whole = len(units) == 1 and not any(lots % ratio for lots, ratio in zip(along, case.ratio_lots, strict=True))
        if case.is_ended and not is_whole:
            fail("INV-18", f"{case.id} ended as {case.outcome}, and {along} lots are no whole units")

    def _positions(self, desk: Desk) -> None:
        """INV-01: our positions are the venues', once nothing is unsettled."""
        traded = [code for p in desk.programs.values() for code in (*(i.code for i in p.instruments), *p.state.proxies)]
        for code in dict.fromkeys(traded):
            holders = desk.roster.holders(code)
            if any(not case.is_settled for program in holders for case in program.state.open):
                continue
            ours = desk.positions.confirmed[code]
            theirs = self._world.venues[desk.instruments[code].venue].position(code)
            span = desk.positions.range_of(code, desk.programs.values())
            is_sure = not any(program.state.presumed_dead for program in holders)
            if not (ours == theirs if is_sure else span.low_lots <= theirs <= span.high_lots):
                self._checkers.fail("INV-01", f"{code}: we count {ours} lots, the venue traded {theirs}")

    def _breaks(self, desk: Desk) -> None:
        """INV-01: what a venue kept from us is a break that a person knows of and that blocks entries."""
        fail, breaks, now = self._checkers.fail, desk.position_check.breaks, self._world.now
        for code in self._world.unseen():
            fail("INV-01", f"{code}: a trade was kept from us, the venue's position shows it, and nobody noticed")
        told = {r.event.values["instrument"] for r in self._world.disk.records if _is_break(r.event)}
        hidden = {code for venue in self._world.venues.values() for code in venue.never_told}
        for code in breaks:
            self._checkers.branches["position_break"] += 1
            if code not in told:
                fail("INV-19", f"{code}: our books and the venue differ and no alert says so")
            traded = [p for p in desk.programs.values() if any(i.code == code for v in p.views for i in v.instruments)]
            if any(program.permit is Permit.ENTRIES for program in traded):
                fail("INV-01", f"{code}: our books and the venue differ and entries are allowed")
            is_fresh = now - desk.positions.changed_at.get(code, 0) < 2 * ASK_BROKEN
            is_presumed = any(program.state.presumed_dead for program in desk.roster.holders(code))
            if code not in hidden and not is_fresh and not is_presumed:
                fail("INV-01", f"{code}: a break where the venue told everything: {breaks[code]}")

    # --- the fold ---

    def follow(self, desk: Desk) -> None:
        """INV-15 on the path: a second desk folds each record once and must always stand where the live one stands."""
        records = self._world.disk.records
        if self._shadow is None or self._followed_desk is not desk:
            self._followed_desk = desk
            self._shadow = Desk(self._world.config, self._world.disk, desk.gate, desk.epoch, self._world.now)
            self._followed = 0
        self._shadow.recover(as_read_back(record) for record in records[self._followed :])
        self._followed = len(records)
        self._compare(desk, self._shadow)

    def _fold(self, desk: Desk) -> None:
        """INV-15: the journal alone, as it is read back from its bytes, gives the same state."""
        again = Desk(self._world.config, self._world.disk, desk.gate, desk.epoch, self._world.now)
        records = [as_read_back(record) for record in self._world.disk.records]
        again.recover(records)
        self._compare(desk, again)
        self._resume(desk, records)

    def _resume(self, desk: Desk, records: list[r.Record]) -> None:
        """INV-15: a snapshot taken on the way, and the records behind it, give the same state too."""
        world = self._world
        before, after = (Desk(world.config, world.disk, desk.gate, desk.epoch, world.now) for _ in range(2))
        taken_at = world.seed % (len(records) + 1)
        before.recover(records[:taken_at])
        thaw(after, freeze(before))
        after.recover(records[taken_at:])
        self._compare(desk, after)

    def _compare(self, desk: Desk, again: Desk) -> None:
        for name, program in desk.programs.items():
            if program.snapshot() != again.programs[name].snapshot():
                self._checkers.fail("INV-15", f"{name}: the fold of the journal differs from the live state")
        if list(desk.positions.books.lines()) != list(again.positions.books.lines()):
            self._checkers.fail("INV-15", "the fold of the journal gives other position books")
