"""One program driven by hand: the tests say what the market, the venues and the trader do, and look at the orders."""

from decimal import Decimal

from trading.core import events as e
from trading.core.effects import CancelOrder, Effect, QueryOrder, RaiseAlert, SendOrders
from trading.core.program import HedgeProgram, Permit
from trading.core.terms import Instrument, Terms
from trading.core.units import MILLI, SECOND, Nanos
from trading.simulation.copper import CA, CU, FX, HG, INSTRUMENTS, copper_terms, quote

START: Nanos = 1_800_000_000 * SECOND


class Rig:
    """Decides and records like a host without a gate. `orders` are all that were sent, oldest first."""

    def __init__(self, terms: Terms | None = None, instruments: dict[str, Instrument] = INSTRUMENTS) -> None:
        self.now = START
        self.program = HedgeProgram(terms or copper_terms(), instruments, frozenset({"SHFE"}))
        self.program.id_prefix = "DESK1-1"
        self.program.permit = Permit.ENTRIES
        self.orders: list[e.OrderIntent] = []
        self.queried: list[str] = []
        self.cancelled: list[str] = []
        self.alerts: list[RaiseAlert] = []
        self.decisions: list[e.Event] = []
        self.journal: list[tuple[e.Event, Nanos]] = []  # what was recorded, and when
        self._fills = 0
        for venue in sorted(self.program.state.heard_venues):
            self.tell(e.VenueUp(venue))

    # --- what happens ---

    def arm(self) -> None:
        self.tell(e.Arm("C1", "trader1", self.program.terms.revision, self.now + SECOND))

    def market(self, domestic: tuple[str | None, str | None] = ("79490", "79500"), **lots: int) -> None:
        """Show all three books of domain.md §7.2; `domestic` may differ."""
        foreign = self.program.instruments[1]
        prices = ("9799.5", "9800") if foreign.code == CA.code else ("4.4510", "4.4515")
        for instrument, (bid, ask) in ((foreign, prices), (FX, ("7.0990", "7.1010")), (CU, domestic)):
            self.see(quote(instrument, bid, ask, self.now, **lots))

    def see(self, seen: e.QuoteSeen) -> None:
        if self.program.see(seen, self.now):
            self.settle()

    def tell(self, event: e.Event) -> None:
        """Record a fact and let the program go on."""
        self._apply(event)
        self.settle()

    def wait(self, duration: Nanos) -> None:
        """Let time pass, waking the program at each of its deadlines."""
        end = self.now + duration
        while (due := self.program.deadline(self.now)) is not None and due <= end:
            self.now = due
            self.settle()
        self.now = end
        self.settle()

    def settle(self) -> None:
        for _ in range(50):
            event = self.program.decide(self.now)
            if event is None:
                return
            self.decisions.append(event)
            self._apply(event)
        raise AssertionError("decisions without end")

    def _apply(self, event: e.Event) -> None:
        self.journal.append((event, self.now))
        self._note(self.program.handle(event, self.now))

    def restarted(self) -> HedgeProgram:
        """Return a program that knows what was recorded and nothing else."""
        again = HedgeProgram(self.program.terms, INSTRUMENTS, frozenset({"SHFE"}))
        for event, at in self.journal:
            again.handle(event, at)
        return again

    def _note(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, SendOrders):
                self.orders += effect.orders
            elif isinstance(effect, QueryOrder):
                self.queried.append(effect.client_order_id)
            elif isinstance(effect, CancelOrder):
                self.cancelled.append(effect.client_order_id)
            elif isinstance(effect, RaiseAlert):
                self.alerts.append(effect)

    # --- what venues say ---

    def fill(self, order: e.OrderIntent, lots: int | None = None, *, close: bool = True) -> e.OrderFilled:
        """Trade `lots` (all of them unless told) at the order's price; close the rest, as an immediate order does."""
        self._fills += 1
        amount = order.lots if lots is None else lots
        filled = e.OrderFilled(order.client_order_id, f"F{self._fills}", amount, order.price_ticks, "D1")
        self.tell(filled)
        if close and amount < order.lots:
            self.tell(e.OrderClosed(order.client_order_id, amount, "cancelled"))
        return filled

    def reject(self, order: e.OrderIntent, why: e.RejectClass = e.RejectClass.OTHER) -> None:
        self.tell(e.OrderRejected(order.client_order_id, why, why.value, ""))

    def close(self, order: e.OrderIntent, lots: int = 0) -> None:
        self.tell(e.OrderClosed(order.client_order_id, lots, "cancelled"))

    # --- what is looked at ---

    @property
    def state(self) -> str:
        return self.program.shown_state(self.now)

    @property
    def outcome(self) -> str:
        """Outcome of the last execution, empty while it is open."""
        return list(self.program.state.executions.values())[-1].outcome

    @property
    def naked(self) -> tuple[int, ...]:
        return self.program.state.open[0].naked if self.program.state.open else (0, 0)

    def refolded(self) -> dict[str, object]:
        """Return what a restart finds: the state of a new program that folds everything recorded so far."""
        return self.restarted().snapshot()

    def last_options(self) -> dict[str, e.RepairOption]:
        """The comparison of the last repair, by target units."""
        kinds = e.OrdersDecided | e.CancelDecided | e.RepairHeld
        decided = [event for event in self.decisions if isinstance(event, kinds) and event.options]
        return {f"{option.name}:{option.target_units}": option for option in decided[-1].options}


def entered(terms: Terms | None = None) -> tuple[Rig, e.OrderIntent, e.OrderIntent]:
    """Return a rig whose trigger has just fired, with the domestic and the foreign order."""
    rig = Rig(terms)
    rig.arm()
    rig.market()
    domestic, foreign = rig.orders
    return rig, domestic, foreign


__all__ = ["CA", "CU", "FX", "HG", "MILLI", "SECOND", "START", "Decimal", "Rig", "entered", "quote"]
