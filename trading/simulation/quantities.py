"""Short stories about quantities, for planted bugs that no invariant can show: how much, on which contract, to whom.

Each function plays one scene by hand and asserts what a trader would expect; the market is that of domain.md §7.2.
The same choices are specified at length in tests/core and tests/engine; here stands the least that notices the bug.
"""

from fractions import Fraction

import msgspec

from risk.gate import review
from risk.limits import Limit, LimitKind, LimitSet
from trading.core import events as e
from trading.core.program import HedgeProgram
from trading.core.ratio import PairFacts, RatioMode, ratio_for
from trading.core.terms import Comparator, Instrument, Measure, Pair, Terms, Trigger
from trading.core.units import SECOND, Nanos, utc_day
from trading.engine import commands as c
from trading.engine.desk import Desk
from trading.engine.journal import MemoryJournal
from trading.simulation.copper import (
    CA,
    COPPER_LIMITS,
    CU,
    CU_CA,
    CU_HG,
    FX,
    HG,
    INSTRUMENTS,
    REPLY_TIMES,
    D,
    copper_desk,
    copper_terms,
    quote,
)

START: Nanos = 1_800_000_000 * SECOND
UNIT_RESIDUAL = Fraction(100_000 * 10_000, 22_046_226) - 45  # four HG against nine cu, t


class Floor:
    """A desk of armed programs on one market, without venues that answer."""

    def __init__(
        self, *programs: Terms, instruments: dict[str, Instrument] | None = None, limits: tuple[Limit, ...] = ()
    ) -> None:
        self.now = START
        self.journal = MemoryJournal()
        config = copper_desk(programs, LimitSet.of(1, (*COPPER_LIMITS.limits, *limits)))
        known = {**INSTRUMENTS, **(instruments or {})}
        config = msgspec.structs.replace(config, instruments=tuple(known.values()))
        self.desk = Desk(config, self.journal, review, 1, self.now)
        self.desk.resume(self.now)
        for venue in ("SHFE", "LME", "CME"):
            self.desk.on_report(e.VenueUp(venue), self.now)
            self.desk.on_report(e.StatusEnded(venue, self.now), self.now)
        for terms in programs:
            self.desk.on_command(c.ArmProgram(terms.program, terms.program, "trader1", 1, self.now + SECOND), self.now)

    def market(self, *, cu: int = 1000, ca: str = "9800", ca_lots: int = 1000, hg: str = "4.4435") -> None:
        """Show all books; the domestic one comes last, with `cu` lots bid."""
        self.show(quote(CA, None, ca, self.now, ask_lots=ca_lots))
        self.show(quote(HG, None, hg, self.now, ask_lots=1000))
        self.show(quote(FX, "7.0990", "7.1010", self.now))
        self.show(quote(CU, "79490", None, self.now, bid_lots=cu))

    def show(self, seen: e.QuoteSeen) -> None:
        self.desk.on_quote(seen, self.now)

    def fill_all(self) -> None:
        """Let every order that is out trade in full."""
        for program in self.desk.programs.values():
            for case in list(program.state.open):
                for order in case.orders:
                    self.fill(order.intent)

    def fill(self, order: e.OrderIntent, lots: int = 0, name: str = "") -> None:
        fill_id = name or f"{order.client_order_id}F"
        filled = e.OrderFilled(order.client_order_id, fill_id, lots or order.lots, order.price_ticks, "D1")
        self.desk.on_report(filled, self.now)

    @property
    def entries(self) -> list[tuple[str, e.OrdersDecided]]:
        found = [(record.program, record.event) for record in self.journal.records]
        return [(name, event) for name, event in found if isinstance(event, e.OrdersDecided)]

    @property
    def lots(self) -> list[list[int]]:
        return [[order.lots for order in event.orders] for _, event in self.entries]

    def only(self) -> HedgeProgram:
        [program] = self.desk.programs.values()
        return program


def seller(name: str = "A", pair: Pair = CU_CA, trigger: str = "100", **changes: object) -> Terms:
    """Return terms that sell domestic copper above a spread."""
    wanted = Trigger(Measure.SPREAD, Comparator.AT_LEAST, D(trigger))
    terms = copper_terms(pair, program=name, trigger=wanted, executions_max=99, cooldown=3 * SECOND)
    times = dict.fromkeys(("SHFE", "LME", "CME"), REPLY_TIMES)
    return msgspec.structs.replace(terms, reply_times=times, **changes)


def _traded(times: int, **changes: object) -> Floor:
    """Return a floor on which nine cu against four HG were traded some times."""
    floor = Floor(seller(pair=CU_HG, trigger="-999", clip_units=1, **changes))
    for _ in range(times):
        floor.market()
        floor.fill_all()
        floor.now += 4 * SECOND
    return floor


# --- how much ---------------------------------------------------------------------------------------------------


def the_vat_neutral_unit_is_22_to_5() -> None:
    facts = PairFacts(Fraction(5), Fraction(25), Fraction("0.13"))
    assert ratio_for(facts, RatioMode.VAT_NEUTRAL, Fraction("0.006"), 100)[:2] == (22, 5)


def ten_units_leave_ten_times_what_one_leaves() -> None:
    assert _traded(10).only().state.residual.carried == 10 * UNIT_RESIDUAL


def a_reopened_execution_leaves_nothing_until_it_ends_again() -> None:
    floor = _traded(1)
    [(_, entry)] = floor.entries
    floor.fill(entry.orders[1], 1, "late")
    assert floor.only().state.residual.carried == 0


def an_entry_stays_inside_the_residual_budget() -> None:
    assert _traded(4, residual_max=D("0.8")).lots == [[9, 4], [9, 4]]


def an_entry_is_a_multiple_on_both_legs() -> None:
    by_four = msgspec.structs.replace(CU, order_lots_multiple=4)
    floor = Floor(seller(pair=CU_HG, trigger="-999", clip_units=5), instruments={CU.code: by_four})
    floor.market()
    assert floor.lots == [[36, 16]]


def nothing_is_entered_that_the_delivery_month_keeps() -> None:
    first_day = utc_day(START + 5 * 86_400 * SECOND)
    near = msgspec.structs.replace(CU, delivery_from=first_day, delivery_lots_multiple=5)
    floor = Floor(seller(pair=CU_HG, trigger="-999", clip_units=1), instruments={CU.code: near})
    floor.market()
    assert floor.lots == []


def a_repair_aims_only_at_lots_the_venue_takes() -> None:
    by_four = msgspec.structs.replace(CU, order_lots_multiple=4)
    floor = Floor(seller(pair=CU_HG, trigger="-999", clip_units=4), instruments={CU.code: by_four})
    floor.market()
    floor.show(quote(CU, "79490", "79500", floor.now))
    [(_, entry)] = floor.entries
    domestic, foreign = entry.orders
    floor.fill(domestic)
    floor.fill(foreign, 8)
    floor.desk.on_report(e.OrderClosed(foreign.client_order_id, 8, "cancelled"), floor.now)
    [_, (_, repair)] = floor.entries
    assert all(not order.lots % 4 for order in repair.orders if order.instrument == CU.code)
    assert any("multiple of 4" in option.reason for option in repair.options)


# --- on which contract ------------------------------------------------------------------------------------------


def each_leg_has_the_ratio_of_its_route() -> None:
    floor = Floor(seller(routes=(CU_HG,)))
    floor.market(ca="9900")
    floor.fill_all()
    assert floor.lots == [[9, 4]]
    [case] = floor.only().state.executions.values()
    assert (case.ratio_lots, case.outcome) == ((9, 4), "hedged")


def the_route_that_earns_more_is_taken() -> None:
    floor = Floor(seller(routes=(CU_HG,)))
    floor.market(ca="9805")
    assert [event.route for _, event in floor.entries] == [1]


def the_rest_of_a_clip_stands_behind_its_first_part() -> None:
    floor = Floor(seller(routes=(CU_HG,), clip_units=4))
    floor.market(ca="9790", ca_lots=2, cu=18)
    assert floor.lots == [[10, 2]]


def nothing_of_a_split_clip_follows_later() -> None:
    small = Limit(LimitKind.ORDER_LOTS_MAX, D(3), scope_instrument=HG.code)
    floor = Floor(seller(routes=(CU_HG,), clip_units=4), limits=(small,))
    floor.market(ca="9790", ca_lots=2)
    floor.now += 5 * SECOND
    floor.market(ca="9790", ca_lots=2)
    refused = [record.event for record in floor.journal.records if isinstance(record.event, e.OrdersRefused)]
    assert floor.lots == [[10, 2]] and len(refused) == 1


# --- to whom ----------------------------------------------------------------------------------------------------


def depth_is_not_offered_twice() -> None:
    floor = Floor(seller("A"), seller("B", trigger="180"))
    floor.market(cu=12)
    floor.show(quote(CA, None, "9795", floor.now, ask_lots=1000))
    assert [name for name, _ in floor.entries] == ["A"]


def a_new_quote_is_whole_again() -> None:
    floor = Floor(seller("A"), seller("B", trigger="180"))
    floor.market(cu=12)
    floor.market(cu=12, ca="9795")
    assert [name for name, _ in floor.entries] == ["A", "B"]


def the_more_important_program_is_served_first() -> None:
    floor = Floor(seller("A", trigger="50"), seller("B", priority=10))
    floor.market(cu=10)
    assert [name for name, _ in floor.entries] == ["B"]


def equals_share_pro_rata() -> None:
    floor = Floor(seller("A", clip_units=2), seller("B", clip_units=2))
    floor.market(cu=10)
    assert [(name, event.units) for name, event in floor.entries] == [("A", 1), ("B", 1)]
