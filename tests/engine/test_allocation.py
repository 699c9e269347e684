"""Programs of a desk that want the same depth or headroom get it by priority, then edge, then pro rata."""

import msgspec
import pytest

from risk.limits import Limit, LimitKind, LimitSet
from tests.engine.desk_rig import DeskRig
from trading.core import events as e
from trading.core.terms import Comparator, Measure, Trigger
from trading.core.units import SECOND
from trading.engine import commands as c
from trading.simulation.copper import CA, COPPER_LIMITS, CU, CU_CA, CU_HG, FX, HG, D, copper_terms, quote

FAIR = Trigger(Measure.SPREAD, Comparator.AT_LEAST, D("100"))


def seller(name, *, priority=100, pair=CU_CA, trigger="100", clip_units=2, **changes):
    wanted = Trigger(Measure.SPREAD, Comparator.AT_LEAST, D(trigger))
    terms = copper_terms(pair, program=name, trigger=wanted, clip_units=clip_units)
    return msgspec.structs.replace(terms, priority=priority, **changes)


class Floor(DeskRig):
    """A desk of several programs, all armed."""

    def __init__(self, *programs, limits=COPPER_LIMITS):
        super().__init__(*programs, limits=limits)
        self.connect("SHFE", "LME", "CME")
        for terms in programs:
            self.command(c.ArmProgram(terms.program, f"C-{terms.program}", "trader1", 1, self.now + 2 * SECOND))
        self.synced()

    def books(self, *, cu="79490", cu_lots=100, ca_lots=100, hg_lots=100):
        self.show(quote(CA, "9799.5", "9800", self.now, ask_lots=ca_lots))
        self.show(quote(HG, "4.4430", "4.4435", self.now, ask_lots=hg_lots))
        self.show(quote(FX, "7.0990", "7.1010", self.now))
        self.show(quote(CU, cu, "79500", self.now, bid_lots=cu_lots))

    def show(self, seen):
        self.do(self.desk.on_quote(seen, self.now))

    @property
    def entered(self):
        """Units by program, in the order of entry."""
        return {event.orders[0].client_order_id and record.program: event.units for record, event in self.entries}

    @property
    def entries(self):
        return [
            (record, record.event)
            for record in self.journal.records
            if isinstance(record.event, e.OrdersDecided) and record.event.purpose is e.Purpose.ENTRY
        ]

    def shares(self, number=0):
        found = self.entries[number][1].shares
        return [(share.program, share.wanted_units, share.granted_units, share.reason) for share in found]


def limits(**hard):
    kinds = {kind.name.lower(): kind for kind in LimitKind}
    own = tuple(Limit(kinds[name], D(value), scope_instrument=CU.code) for name, value in hard.items())
    return LimitSet.of(1, (*COPPER_LIMITS.limits, *own))


def test_priority_goes_before_edge():
    floor = Floor(seller("A", priority=20, trigger="50"), seller("B", priority=10))
    floor.books(cu_lots=10)

    assert floor.entered == {"B": 2}, "ten lots of cu are bid, B is asked first"
    assert floor.shares() == [("B", 2, 2, "priority"), ("A", 2, 0, "priority, short of depth")]


def test_at_equal_priority_the_better_edge_is_served_first():
    floor = Floor(seller("A", trigger="120"), seller("B", trigger="100"))
    floor.books(cu_lots=15)

    assert floor.entered == {"B": 2, "A": 1}
    assert floor.shares(0) == floor.shares(1) == [("B", 2, 2, "edge"), ("A", 2, 1, "edge, short of depth")]


def test_equal_rank_shares_pro_rata():
    floor = Floor(seller("A", clip_units=4), seller("B", clip_units=2))
    floor.books(cu_lots=15)  # alone, A would take three units of its four and B its two

    assert floor.entered == {"A": 2, "B": 1}
    assert floor.shares() == [("A", 3, 2, "pro rata, short of depth"), ("B", 2, 1, "pro rata, short of depth")]


def test_programs_of_two_pairs_compete_for_the_leg_they_share():
    floor = Floor(seller("A", pair=CU_HG, priority=10, clip_units=1), seller("B", priority=20, clip_units=3))
    floor.books(cu_lots=20)

    assert floor.entered == {"A": 1, "B": 2}, "nine lots go to A, eleven are left: two units of five"


def test_enough_for_all_is_given_to_all_and_the_receipt_still_says_so():
    floor = Floor(seller("A"), seller("B"))
    floor.books()

    assert floor.entered == {"A": 2, "B": 2}
    assert floor.shares(1) == [("A", 2, 2, "pro rata"), ("B", 2, 2, "pro rata")]


def test_a_single_wisher_is_not_asked_about_shares():
    floor = Floor(seller("A"), seller("B", trigger="9000"))
    floor.books()

    assert floor.entered == {"A": 2}
    assert floor.shares() == []


def test_who_comes_second_is_priced_on_the_depth_that_is_left():
    floor = Floor(seller("A", priority=1, payup=D(0)), seller("B", priority=2, payup=D(0)))
    floor.books(cu=None)
    book = quote(CU, "79490", "79500", floor.now, bid_lots=10)
    floor.show(msgspec.structs.replace(book, bids=(*book.bids, e.Level(7948, 5), e.Level(7930, 50))))

    (_, first), (_, second) = floor.entries
    assert (first.orders[0].price_ticks, first.measure_value) == (7949, D("172.0782"))
    assert second.units == 1, "five lots at 79,480 hold, and those at 79,300 do not"
    assert (second.orders[0].price_ticks, second.measure_value) == (7948, D("162.0782"))


def test_depth_taken_is_not_offered_again_before_a_new_quote_comes():
    floor = Floor(seller("A"), seller("B", trigger="150", clip_units=4))
    floor.books(cu="79460", cu_lots=12)  # 142.08: only A enters
    assert floor.entered == {"A": 2}
    floor.show(quote(CA, "9795", "9795.5", floor.now))  # cheaper: now B would enter on the same cu bid

    assert floor.entered == {"A": 2}, "two of twelve lots are left"

    floor.show(quote(CU, "79460", "79500", floor.now, bid_lots=12))

    assert floor.entered == {"A": 2, "B": 2}


def test_a_repair_sees_all_the_depth_there_is():
    floor = Floor(seller("A"), seller("B", priority=200))
    floor.books(ca_lots=4)
    floor.synced()
    assert floor.entered == {"A": 2, "B": 2}
    domestic, foreign = floor.sent[:2]
    floor.tell(e.OrderFilled(domestic.client_order_id, "F1", 10, domestic.price_ticks, "D1"))
    floor.tell(e.OrderClosed(foreign.client_order_id, 0, "cancelled"))

    repair = [event for event in floor.events(e.OrdersDecided) if event.purpose is not e.Purpose.ENTRY][-1]
    [full] = [option for option in repair.options if option.name == "top_up" and option.target_units == 2]
    assert full.cost is not None, "its own order and B's took the whole offer, a repair still asks for it"


@pytest.mark.parametrize("kind", ["position_lots_max", "naked_lots_max"])
def test_headroom_goes_by_priority_too(kind):
    floor = Floor(seller("A", priority=2), seller("B", priority=1), limits=limits(**{kind: 15}))
    if kind == "naked_lots_max":  # naked lots are counted pair by pair, and both trade this one
        assert {terms.pair.code for terms in floor.config.programs} == {CU_CA.code}
    floor.books()

    assert floor.entered == {"B": 2, "A": 1}
    assert floor.shares() == [("B", 2, 2, "priority"), ("A", 2, 1, "priority, short of headroom")]
    assert not floor.events(e.OrdersRefused)


def test_who_got_nothing_is_asked_again_with_the_next_quote():
    floor = Floor(seller("A", priority=10), seller("B", priority=20))
    floor.books(cu_lots=10)
    assert floor.entered == {"A": 2}

    floor.show(quote(CU, "79490", "79500", floor.now, bid_lots=10))

    assert floor.entered == {"A": 2, "B": 2}


def test_a_refusal_by_the_gate_leaves_the_depth_to_the_others():
    small = limits(order_lots_max=6)
    floor = Floor(seller("A", priority=10), seller("B", priority=20, clip_units=1), limits=small)
    floor.books(cu_lots=10)
    floor.show(quote(CU, "79490", "79500", floor.now, bid_lots=10))

    assert [event.code for event in floor.events(e.OrdersRefused)] == ["ORDER_LOTS"]
    assert floor.entered == {"B": 1}


def test_the_same_round_always_gives_the_same_grants():
    def run():
        floor = Floor(*(seller(name, clip_units=3) for name in ("D", "B", "A", "C")))
        floor.books(cu_lots=35)
        return floor.entered, floor.shares()

    granted, shares = run()
    assert (granted, shares) == run()
    assert granted == {"A": 2, "B": 2, "C": 2, "D": 1}


def test_planning_a_round_changes_no_book():
    floor = Floor(seller("A", clip_units=9, priority=1), seller("B", clip_units=9, priority=2))
    floor.books(cu_lots=60)

    taken = floor.desk.roster.cells[CU.code].taken
    assert sum(taken.values()) == sum(event.orders[0].lots for _, event in floor.entries) == 60
