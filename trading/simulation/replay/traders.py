"""The two who trade the same ticks: the desk as it is, and a sequential legger as desks without it do it."""

from typing import Any

import msgspec

from risk.gate import review
from trading.core import events as e
from trading.core.program import FOREIGN, HedgeProgram, Permit
from trading.core.units import SECOND, Lots, Nanos
from trading.engine import actions as a
from trading.engine import commands as c
from trading.engine.config import DeskConfig
from trading.engine.desk import Desk
from trading.engine.journal import MemoryJournal
from trading.market.book import Quote, fault
from trading.simulation.replay.measures import Decision

COMMAND_VALID = 2 * SECOND


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
        if program.shown_state(now) != "DISARMED" or program.permit is not Permit.ENTRIES:
            return wanted
        self._arms += 1
        arm = c.ArmProgram(self._program, f"REPLAY-{self._arms}", "replay", program.terms.revision, now + COMMAND_VALID)
        return wanted + self.desk.on_command(arm, now)

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

    @property
    def halt_reason(self) -> str:
        return self.desk.programs[self._program].state.halt_reason


class TriggerWatcher:
    """Takes the program's trigger, quantity, price, payup and cooldown, and leaves the legging to its subclass.

    The program itself is never told what came of a decision: the watcher counts and waits in its place.
    """

    halt_reason = ""

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
    """The baseline: the domestic leg first, its hedge after each of its fills, and what is missing is sent again.

    It looks again with every quote, and never rolls back.
    """

    def __init__(self, config: DeskConfig, now: Nanos) -> None:
        super().__init__(config, now)
        self._case: e.OrdersDecided | None = None
        self._filled = [0, 0]
        self._working: dict[str, int] = {}  # client order id -> leg
        self._sent = 0

    def on_report(self, event: Any, now: Nanos) -> list[Any]:
        leg = self._working.get(getattr(event, "client_order_id", ""))
        if leg is None or self._case is None:
            return []
        if isinstance(event, e.OrderFilled):
            self._filled[leg] += event.lots
            return self._go_on(now)
        if isinstance(event, e.OrderClosed | e.OrderRejected):
            del self._working[event.client_order_id]
            self._end_if_done(now)
        return []

    def deadline(self) -> Nanos | None:
        return super().deadline() if self._case is None else None

    def _look(self, now: Nanos) -> list[Any]:
        return super()._look(now) if self._case is None else self._go_on(now)

    def _begin(self, decided: e.OrdersDecided, now: Nanos) -> list[Any]:
        self._case, self._filled = decided, [0, 0]
        return self._send(0, decided.orders[0].lots, decided.orders[0].price_ticks)

    def _go_on(self, now: Nanos) -> list[Any]:
        """Send what is missing of a leg that has no order out: the hedge follows whole lots of the first leg."""
        assert self._case is not None
        wanted = self._case.orders[0].lots
        owed = (wanted, self._filled[0] * self._ratio[FOREIGN] // self._ratio[0])
        out: list[Any] = []
        for leg in (0, 1):
            lots = owed[leg] - self._filled[leg]
            if lots > 0 and leg not in self._working.values():
                price = self._program.entry_price(leg, lots)
                if price is not None:
                    self.repairs += 1 if self._is_resend(leg) else 0
                    out += self._send(leg, lots, price)
        self._end_if_done(now)
        return out

    def _is_resend(self, leg: int) -> bool:
        assert self._case is not None
        is_first_hedge = leg == 1 and self._filled[1] == 0
        if not is_first_hedge:
            self.decisions[self._case.execution].repairs += 1
        return not is_first_hedge

    def _send(self, leg: int, lots: Lots, price_ticks: int) -> list[Any]:
        assert self._case is not None
        self._sent += 1
        order_id = f"SEQ-{self._sent}"
        order = msgspec.structs.replace(
            self._case.orders[leg], client_order_id=order_id, lots=lots, price_ticks=price_ticks
        )
        self._working[order_id] = leg
        self.execution_of[order_id] = self._case.execution
        return [a.Submit(None, (order,))]  # type: ignore[arg-type]

    def _end_if_done(self, now: Nanos) -> None:
        if self._case is None or self._working:
            return
        units = self._case.orders[0].lots // self._ratio[0]
        if self._filled == [units * self._ratio[0], units * self._ratio[FOREIGN]]:
            self._case = None
            self._not_before = now + self._program.terms.cooldown
