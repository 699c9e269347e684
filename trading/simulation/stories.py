"""Short stories of one case, for planted bugs that no invariant can show: which way out is taken, and what it costs.

Each function plays one case by hand and asserts what a trader would expect. The market is that of domain.md §7.2: SHFE
79490/79500, LME 9799.5/9800, FX 7.0990/7.1010; five cu are sold for every CA bought. The same choices are specified at
length in tests/core; here stands the least that notices the bug.
"""

from decimal import Decimal

import msgspec

from trading.core import events as e
from trading.core.effects import CancelOrder, RaiseAlert, SendOrders
from trading.core.program import HedgeProgram, Permit
from trading.core.terms import Instrument, Proxy, RepairPreference, Terms
from trading.core.units import SECOND, Nanos
from trading.simulation.copper import CA, CU, FX, HG, INSTRUMENTS, REPAIR, copper_terms, quote

START: Nanos = 1_800_000_000 * SECOND
DECISIONS_MAX = 40


class Case:
    """One program whose trigger has fired. `orders` are all that were sent; `domestic` and `foreign` the first two."""

    def __init__(self, units: int = 1, **policy: object) -> None:
        repair = msgspec.structs.replace(REPAIR, **policy)
        terms: Terms = copper_terms(clip_units=units, repair=repair)
        self.now = START
        self.program = HedgeProgram(terms, INSTRUMENTS, frozenset({"SHFE"}))
        self.program.id_prefix, self.program.permit = "STORY1", Permit.ENTRIES
        self.orders: list[e.OrderIntent] = []
        self.cancelled: list[str] = []
        self.alerts: list[str] = []
        self.options: dict[str, e.RepairOption] = {}
        for venue in sorted(self.program.state.heard_venues):
            self.tell(e.VenueUp(venue))
        self.tell(e.Arm("C1", "trader1", 1, self.now + SECOND))
        for instrument, bid, ask in ((CA, "9799.5", "9800"), (FX, "7.0990", "7.1010"), (CU, "79490", "79500")):
            self.show(instrument, bid, ask)
        self.domestic, self.foreign = self.orders

    def tell(self, event: e.Event) -> None:
        """Record a fact and let the program go on."""
        self._fold(event)
        for _ in range(DECISIONS_MAX):
            decided = self.program.decide(self.now)
            if decided is None:
                return
            self._fold(decided)
        raise AssertionError("decisions without end")

    def _fold(self, event: e.Event) -> None:
        if isinstance(event, e.OrdersDecided | e.CancelDecided | e.RepairHeld) and event.options:
            self.options = {option.name: option for option in event.options}
        for effect in self.program.handle(event, self.now):
            if isinstance(effect, SendOrders):
                self.orders += effect.orders
            elif isinstance(effect, CancelOrder):
                self.cancelled.append(effect.client_order_id)
            elif isinstance(effect, RaiseAlert):
                self.alerts.append(effect.rule)

    def show(self, instrument: Instrument, bid: str | None, ask: str | None, limit: str = "") -> None:
        """Show a book; `limit` is the limit price at which a locked market stands."""
        seen = quote(instrument, bid, ask, self.now)
        if limit:
            ticks = int(Decimal(limit) / instrument.tick)
            seen = msgspec.structs.replace(seen, upper_limit_ticks=ticks, lower_limit_ticks=ticks)
        self.program.see(seen, self.now)
        self.tell(e.TimePassed("quote"))

    def fill(self, order: e.OrderIntent, lots: int, price: str) -> None:
        """Trade lots at a price and close the rest."""
        ticks = int(Decimal(price) / INSTRUMENTS[order.instrument].tick)
        name = order.client_order_id
        self.tell(e.OrderFilled(name, f"{name}@{price}", lots, ticks, "D1"))
        if lots < order.lots:
            self.tell(e.OrderClosed(name, lots, "cancelled"))

    def reject(self, order: e.OrderIntent, why: e.RejectClass = e.RejectClass.OTHER) -> None:
        self.tell(e.OrderRejected(order.client_order_id, why, why.value, ""))

    def wait(self, duration: Nanos) -> None:
        self.now += duration
        self.tell(e.TimePassed("wait"))


def closing_today_costs_its_own_fee() -> None:
    """A same-day round trip of one lot at 79500 costs 19.875 and 39.75 in fees."""
    case = Case(preference=RepairPreference.UNWIND_FIRST)
    case.fill(case.domestic, 1, "79500")
    case.reject(case.foreign)
    assert case.options["unwind"].cost == Decimal("59.62")


def the_cheapest_way_is_taken() -> None:
    """Three of five are sold and London is 40 dollars away: the three are bought back."""
    case = Case()
    case.show(CA, "9839.5", "9840")
    case.reject(case.foreign)
    case.fill(case.domestic, 3, "79490")
    assert [(order.instrument, order.lots) for order in case.orders[2:]] == [(CU.code, 3)]


def no_way_costs_more_than_the_budget() -> None:
    """Both ways cost more than one yuan: nothing is sent."""
    case = Case(cost_max=Decimal(1))
    case.show(CA, "9839.5", "9840")
    case.fill(case.domestic, 5, "79490")
    case.reject(case.foreign)
    assert len(case.orders) == 2


def a_fatal_reject_is_not_tried_again() -> None:
    """Without a trading right in London, Shanghai is bought back."""
    case = Case()
    case.fill(case.domestic, 5, "79490")
    case.reject(case.foreign, e.RejectClass.PERMISSION)
    assert [order.instrument for order in case.orders[2:]] == [CU.code]


def no_margin_means_nothing_more_is_opened() -> None:
    """London wants more margin than there is: Shanghai is bought back, whatever the policy prefers."""
    case = Case(preference=RepairPreference.TOP_UP_FIRST)
    case.fill(case.domestic, 5, "79490")
    case.reject(case.foreign, e.RejectClass.MARGIN)
    assert [order.instrument for order in case.orders[2:]] == [CU.code]


def a_throttled_order_leaves_a_moment_later() -> None:
    """Told to send less, nothing is sent in the same moment."""
    case = Case()
    case.fill(case.domestic, 5, "79490")
    case.reject(case.foreign, e.RejectClass.THROTTLE)
    assert len(case.orders) == 2


def locked() -> Case:
    """Return a case whose London leg is bought while Shanghai stands at its lower limit, 10 below the plan."""
    case = Case(2, naked_age_max=3600 * SECOND)
    case.fill(case.foreign, 2, "9802.5")
    case.show(CU, None, "79480", limit="79480")
    case.reject(case.domestic, e.RejectClass.LIMIT_LOCKED)
    return case


def a_locked_market_is_priced_from_its_limit() -> None:
    """The order queues at the limit price itself."""
    [queued] = locked().orders[2:]
    assert (queued.price_ticks * CU.tick, queued.time_in_force) == (Decimal(79480), e.TimeInForce.DAY)


def one_order_queues_and_one_person_is_called() -> None:
    """Ticks of a locked market change nothing more."""
    case = locked()
    case.tell(e.OrderAccepted(case.orders[-1].client_order_id, "V1"))
    for _ in range(20):
        case.now += SECOND // 2
        case.show(CA, "9799.5", "9800")
        case.show(CU, None, "79480", limit="79480")
    assert (len(case.orders), case.cancelled, case.alerts) == (3, [], ["limit_locked"])


def a_case_that_holds_calls_one_person() -> None:
    """Where no order may queue and nothing can be sold back, it says so once."""
    case = Case(2, naked_age_max=3600 * SECOND, queues_at_limit=False)
    case.show(CA, None, "9800")
    case.fill(case.foreign, 2, "9802.5")
    case.show(CU, None, "79480", limit="79480")
    case.reject(case.domestic, e.RejectClass.PRICE)
    for _ in range(5):
        case.now += SECOND // 2
        case.show(CU, None, "79480", limit="79480")
    assert case.alerts == ["limit_locked"]


def too_much_naked_is_not_waited_for() -> None:
    """With 25 tonnes naked and 15 allowed, the working order is called back at once."""
    case = Case(naked_quantity_max=Decimal(15))
    case.tell(e.OrderAccepted(case.foreign.client_order_id, "V1"))
    case.fill(case.domestic, 5, "79490")
    assert case.cancelled == [case.foreign.client_order_id]


def london_down() -> Case:
    """Return a case of 25 sold lots whose London leg was rejected and whose line dropped; COMEX may stand in."""
    proxy = Proxy(HG.code, CA.code, 11, 5)
    case = Case(5, proxies=(proxy,), preference=RepairPreference.TOP_UP_FIRST)
    case.show(HG, "4.4510", "4.4515")
    case.reject(case.foreign, e.RejectClass.PRICE)
    case.tell(e.VenueDown("LME", "dropped"))
    case.fill(case.domestic, 25, "79490")
    return case


def part_of_a_stand_in_hedges_nothing() -> None:
    """Four of eleven COMEX lots leave all 25 lots naked; the other seven follow."""
    case = london_down()
    case.fill(case.orders[-1], 4, "4.4515")
    assert (case.program.state.open[0].naked, case.orders[-1].lots) == ((-25, 0), 7)


def a_stray_part_of_a_stand_in_is_traded_back() -> None:
    """London fills after all: the four COMEX lots in hand hedge nothing and are sold."""
    case = london_down()
    case.fill(case.orders[-1], 4, "4.4515")
    again = case.orders[-1]
    case.tell(e.VenueUp("LME"))
    case.tell(e.OrderFilled(case.foreign.client_order_id, "LATE", 5, 19_600, "D1"))
    case.tell(e.OrderClosed(case.foreign.client_order_id, 5, "filled"))
    case.tell(e.OrderClosed(again.client_order_id, 0, "cancelled"))
    assert [(order.instrument, order.lots) for order in case.orders[-1:]] == [(HG.code, 4)]
