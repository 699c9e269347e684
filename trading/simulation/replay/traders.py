"""The two who trade the same ticks: the desk as it is, and a sequential legger as desks without it do it."""

from typing import Any

import msgspec

from risk.gate import review
from trading.core import events as e
from trading.core.program import HedgeProgram, Permit
from trading.core.units import SECOND, Lots, Nanos
from trading.core.view import DOMESTIC, FOREIGN
from trading.engine import actions as a
from trading.engine import commands as c
from trading.engine.config import DeskConfig
from trading.engine.desk import Desk
from trading.engine.journal import MemoryJournal
from trading.market.book import Quote, fault
from trading.simulation.replay.measures import Decision

COMMAND_VALID = 2 * SECOND
HALT_ATTENDED_AFTER = 60 * SECOND  # stated: how long two people take to look at a halt and lift it
REHEDGE_EVERY = 5 * SECOND  # vnpy_spreadtrading cancels and hedges anew at a timer's interval


class DeskTrader:
    """The real desk, reconciled and armed at the start, and armed again whenever it disarms itself."""

    def __init__(self, config: DeskConfig, now: Nanos) -> None:
        self.journal = MemoryJournal()
        self.desk = Desk(config, self.journal, review, 1, now)
        self._program = config.programs[0].program
        self._arms = 0
        self.decisions: dict[str, Decision] = {}
        self.execution_of: dict[str, str] = {}
        self.repairs = 0
        self.refused: dict[str, int] = {}
        self.halts = 0
        self._halted_since: Nanos | None = None
        self._read = 0

    def start(self, now: Nanos) -> list[Any]:
        """Return the first actions: every line is up and asked for its orders."""
        wanted = self.desk.resume(now)
        for venue in self.desk.programs[self._program].state.venues:
            wanted += self.desk.on_report(e.VenueUp(venue), now)
        return wanted

    def on_quote(self, quote: Quote, now: Nanos) -> list[Any]:
        return self._armed(self.desk.on_quote(quote, now), now)

    def on_report(self, event: Any, now: Nanos) -> list[Any]:
        return self._armed(self.desk.on_report(event, now), now)

    def on_time(self, now: Nanos) -> list[Any]:
        return self._armed(self.desk.on_time(now), now)

    def on_durable(self, seq: int, now: Nanos) -> list[Any]:
        self.journal.durable_seq = max(self.journal.durable_seq, seq)
        return self.desk.on_durable(seq, now)

    def deadline(self) -> Nanos | None:
        return self.desk.deadline()

    def _armed(self, wanted: list[Any], now: Nanos) -> list[Any]:
        self._note()
        program = self.desk.programs[self._program]
        if program.state.halt_reason:
            return wanted + self._lifted(now)
        if program.shown_state(now) != "DISARMED" or program.permit is not Permit.ENTRIES:
            return wanted
        self._arms += 1
        arm = c.ArmProgram(self._program, f"REPLAY-{self._arms}", "replay", program.terms.revision, now + COMMAND_VALID)
        return wanted + self.desk.on_command(arm, now)

    def _lifted(self, now: Nanos) -> list[Any]:
        """Let two people look at a halt and lift it, a stated while after it."""
        if self._halted_since is None:
            self._halted_since = now
            self.halts += 1
        if now - self._halted_since < HALT_ATTENDED_AFTER:
            return []
        self._halted_since = None
        lift = c.LiftKill(
            requested_by="replay", approved_by="replay too", reason="seen", command_id=f"LIFT-{self.halts}"
        )
        return self.desk.on_command(lift, now)

    def _note(self) -> None:
        """Read what the desk has recorded since: that is where its decisions are."""
        for record in self.journal.records[self._read :]:
            event = record.event
            if isinstance(event, e.OrdersDecided):
                for order in event.orders:
                    self.execution_of[order.client_order_id] = event.execution
                if event.purpose is e.Purpose.ENTRY:
                    self.decisions[event.execution] = Decision.of(event, record.at)
                else:
                    self.repairs += 1
                    self.decisions[event.execution].repairs += 1
            elif isinstance(event, e.OrdersRefused):
                self.refused[event.code] = self.refused.get(event.code, 0) + 1
        self._read = len(self.journal.records)


class TriggerWatcher:
    """Takes the program's trigger, quantity, price, payup and cooldown, and leaves the legging to its subclass.

    The program itself is never told what came of a decision: the watcher counts and waits in its place.
    """

    halts = 0

    def __init__(self, config: DeskConfig, now: Nanos) -> None:
        instruments = {instrument.code: instrument for instrument in config.instruments}
        self._program = HedgeProgram(config.programs[0], instruments)
        self._program.permit = Permit.ENTRIES
        for venue in self._program.state.venues:
            self._program.handle(e.VenueUp(venue), now)
        self._program.handle(e.Arm("REPLAY", "replay", config.programs[0].revision, now), now)
        self._ratio = self._program.state.ratio_lots
        self._codes = set(self._program.codes)
        self._not_before: Nanos = 0
        self._looked_at: Nanos = now
        self.decisions: dict[str, Decision] = {}
        self.execution_of: dict[str, str] = {}
        self.repairs = 0
        self.refused: dict[str, int] = {}

    def start(self, now: Nanos) -> list[Any]:
        return []

    def on_quote(self, quote: Quote, now: Nanos) -> list[Any]:
        if quote.instrument not in self._codes or fault(quote):
            return []
        self._program.see(quote, now)
        return self._look(now)

    def on_time(self, now: Nanos) -> list[Any]:
        self._looked_at = now
        return self._look(now)

    def on_report(self, event: Any, now: Nanos) -> list[Any]:
        return []

    def on_durable(self, seq: int, now: Nanos) -> list[Any]:
        return []

    def deadline(self) -> Nanos | None:
        """Look again when the cooldown ends, as the desk does."""
        return self._not_before if self._not_before > self._looked_at else None

    def _look(self, now: Nanos) -> list[Any]:
        return self._enter(now) if now >= self._not_before else []

    def _enter(self, now: Nanos) -> list[Any]:
        decided = self._program.decide(now)
        if not isinstance(decided, e.OrdersDecided):
            return []
        name = f"{type(self).__name__}-{len(self.decisions) + 1:06d}"
        decided = msgspec.structs.replace(decided, execution=name)
        self.decisions[name] = Decision.of(decided, now)
        return self._begin(decided, now)

    def _begin(self, decided: e.OrdersDecided, now: Nanos) -> list[Any]:
        raise NotImplementedError


class InstantTrader(TriggerWatcher):
    """What there was to have: both legs at once on exchanges without any delay; what fills is not its concern."""

    def _begin(self, decided: e.OrdersDecided, now: Nanos) -> list[Any]:
        self._not_before = now + self._program.terms.cooldown
        number = len(self.decisions)
        orders = tuple(
            msgspec.structs.replace(order, client_order_id=f"INSTANT-{number}-{order.leg}") for order in decided.orders
        )
        return [a.Submit(None, orders)]  # type: ignore[arg-type]

    @property
    def units(self) -> int:
        """Return the units decided on."""
        return sum(decision.units_lots[0] // self._ratio[0] for decision in self.decisions.values())


class SequentialLegger(TriggerWatcher):
    """The baseline: the domestic leg leads, each of its fills is hedged, what is missing is sent again every 5 s.

    It never rolls back. An order without an end when the timer comes is cancelled, and one that has none at the next
    counts as gone: what it traded unheard is not known here.
    """

    def __init__(self, config: DeskConfig, now: Nanos) -> None:
        super().__init__(config, now)
        self._case: e.OrdersDecided | None = None
        self._filled = [0, 0]
        self._working: dict[str, int] = {}  # client order id -> leg
        self._called_back: set[str] = set()
        self._sent = 0
        self._rehedge_at: Nanos = 0

    def on_report(self, event: Any, now: Nanos) -> list[Any]:
        leg = self._working.get(getattr(event, "client_order_id", ""))
        if leg is None or self._case is None:
            return []
        out: list[Any] = []
        if isinstance(event, e.OrderFilled):
            self._filled[leg] += event.lots
            out = self._send_missing(FOREIGN, now) if leg == DOMESTIC else []
        elif isinstance(event, e.OrderClosed | e.OrderRejected | e.CancelRejected):
            del self._working[event.client_order_id]
        self._end_if_done(now)
        return out

    def deadline(self) -> Nanos | None:
        return super().deadline() if self._case is None else self._rehedge_at

    def _look(self, now: Nanos) -> list[Any]:
        if self._case is None:
            return super()._look(now)
        return self._again(now) if now >= self._rehedge_at else []

    def _begin(self, decided: e.OrdersDecided, now: Nanos) -> list[Any]:
        self._case, self._filled = decided, [0, 0]
        return self._send(DOMESTIC, decided.orders[0].lots, decided.orders[0].price_ticks, now)

    def _again(self, now: Nanos) -> list[Any]:
        assert self._case is not None
        self._rehedge_at = now + REHEDGE_EVERY
        for name in self._called_back & set(self._working):
            del self._working[name]
        if self._working:
            self._called_back = set(self._working)
            return [a.Cancel(self._case.orders[leg].venue, name) for name, leg in self._working.items()]
        self._end_if_done(now)
        if self._case is None:
            return []
        return [action for leg in (DOMESTIC, FOREIGN) for action in self._send_missing(leg, now)]

    def _send_missing(self, leg: int, now: Nanos) -> list[Any]:
        """Send what is missing of a leg that has no order out: the hedge follows whole units of the first leg."""
        assert self._case is not None
        wanted = self._case.orders[0].lots
        owed = (wanted, self._filled[DOMESTIC] // self._ratio[DOMESTIC] * self._ratio[FOREIGN])
        lots = owed[leg] - self._filled[leg]
        price = self._program.entry_price(leg, lots) if lots > 0 and leg not in self._working.values() else None
        if price is None:
            return []
        if leg == DOMESTIC or self._filled[FOREIGN]:
            self.repairs += 1
            self.decisions[self._case.execution].repairs += 1
        return self._send(leg, lots, price, now)

    def _send(self, leg: int, lots: Lots, price_ticks: int, now: Nanos) -> list[Any]:
        assert self._case is not None
        self._sent += 1
        order_id = f"SEQ-{self._sent}"
        order = msgspec.structs.replace(
            self._case.orders[leg], client_order_id=order_id, lots=lots, price_ticks=price_ticks
        )
        self._working[order_id] = leg
        self._rehedge_at = now + REHEDGE_EVERY
        self.execution_of[order_id] = self._case.execution
        return [a.Submit(None, (order,))]  # type: ignore[arg-type]

    def _end_if_done(self, now: Nanos) -> None:
        if self._case is None or self._working:
            return
        units = self._case.orders[0].lots // self._ratio[0]
        whole = [units * self._ratio[0], units * self._ratio[FOREIGN]]
        if self._filled in (whole, [0, 0]):  # all, or a lead order that found nothing: then it looks anew
            self._case = None
            self._not_before = now + self._program.terms.cooldown
