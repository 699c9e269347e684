"""How much an entry takes: whole units both venues take, walked through depth, and no more than can be undone."""

import msgspec
import pytest

from tests.core.rig import CA, CU, FX, HG, START, Decimal, Rig, quote
from trading.core import events as e
from trading.core.alignment import fits, fitting_units, misfit, multiple_on
from trading.core.events import Level, QuoteSeen
from trading.core.terms import Comparator, Direction, Measure, Trigger
from trading.core.units import DAY, utc_day
from trading.simulation.copper import CU_CA, CU_HG, INSTRUMENTS, copper_terms

IN_DELIVERY = msgspec.structs.replace(CU, delivery_from="20270301", delivery_lots_multiple=5)
TODAY = utc_day(START)


class SizeRig(Rig):
    """A rig whose instruments may have rules of their own."""

    def __init__(self, terms, *instruments):
        self._own = {**INSTRUMENTS, **{instrument.code: instrument for instrument in instruments}}
        super().__init__(terms, instruments=self._own)


def entry(terms, *instruments, lots=100):
    rig = SizeRig(terms, *instruments)
    rig.arm()
    rig.market(bid_lots=lots, ask_lots=lots)
    return [order.lots for order in rig.orders]


def anything(pair=CU_CA, units=8):
    return copper_terms(pair, clip_units=units, trigger=Trigger(Measure.SPREAD, Comparator.AT_LEAST, Decimal("-9999")))


def test_an_order_must_be_a_multiple_and_not_too_small():
    bound = msgspec.structs.replace(CU, order_lots_multiple=4, order_lots_min=8)

    assert [lots for lots in range(1, 20) if fits(bound, lots, TODAY)] == [8, 12, 16]
    assert misfit(bound, 10, TODAY) == "10 lots are not a multiple of 4"
    assert misfit(bound, 4, TODAY) == "4 lots are fewer than the 8 of the smallest order"


def test_the_multiple_of_the_delivery_month_begins_on_its_first_day():
    assert [multiple_on(IN_DELIVERY, day) for day in ("20270226", "20270301", "20270315")] == [1, 5, 5]
    assert not fits(IN_DELIVERY, 3, "20270301")
    assert fits(IN_DELIVERY, 3, "20270226")


def test_an_entry_takes_the_largest_units_that_both_venues_take():
    by_four = msgspec.structs.replace(CU, order_lots_multiple=4)

    assert entry(anything(CU_HG, 7), by_four) == [36, 16]  # 9 x 7 is no multiple of four, 9 x 4 is
    assert list(fitting_units(((by_four, 9), (HG, 4)), 9, TODAY)) == [8, 4]


def test_a_clip_that_no_venue_takes_is_not_entered():
    assert entry(anything(CU_HG, 3), msgspec.structs.replace(CU, order_lots_multiple=4)) == []
    assert entry(anything(CU_CA, 1), msgspec.structs.replace(CA, order_lots_min=2)) == []


def test_an_entry_stays_below_the_largest_order_of_a_venue():
    assert entry(anything(CU_CA, 8), msgspec.structs.replace(CU, order_lots_max=12)) == [10, 2]


@pytest.mark.parametrize(("days_before", "lots"), [(40, [9, 4]), (9, []), (0, []), (-3, [])])
def test_nothing_is_entered_that_the_delivery_month_would_keep_from_being_rolled_back(days_before, lots):
    first_day = utc_day(START + days_before * DAY)

    assert entry(anything(CU_HG, 1), msgspec.structs.replace(IN_DELIVERY, delivery_from=first_day)) == lots


def test_whole_delivery_units_are_still_entered_in_the_delivery_month():
    first_day = utc_day(START - DAY)
    bound = msgspec.structs.replace(IN_DELIVERY, delivery_from=first_day)

    assert entry(anything(CU_CA, 2), bound) == [10, 2]
    assert entry(anything(CU_HG, 7), bound) == [45, 20]


def book(instrument, bids, asks):
    """A book of several levels; prices are texts."""
    sides = [tuple(Level(int(Decimal(price) / instrument.tick), lots) for price, lots in side) for side in (bids, asks)]
    return QuoteSeen(instrument.code, *sides, START, START)


def deep_books(rig):
    rig.see(book(CA, [("9799.5", 50)], [("9800", 1), ("9801", 2), ("9803", 4)]))
    rig.see(book(FX, [("7.0990", 99)], [("7.1010", 99)]))
    rig.see(book(CU, [("79490", 6), ("79480", 10), ("79450", 40)], [("79500", 99)]))


def test_the_size_is_the_largest_on_which_the_trigger_holds_through_both_books():
    rig = Rig(copper_terms(clip_units=9, trigger=Trigger(Measure.SPREAD, Comparator.AT_LEAST, Decimal("160"))))
    rig.arm()
    deep_books(rig)
    view = rig.program

    assert view.units_in_depth() == 7  # seven CA are offered, 56 cu are bid
    units = rig.orders[1].lots
    values = [view.value(size) for size in range(1, 8)]
    assert values == sorted(values, reverse=True), "deeper is never better"
    assert view.value(units) >= 160 > view.value(units + 1)
    assert rig.orders[0].lots == 5 * units == 15
    # By hand for three units: 6 lots at 79,490 and 9 at 79,480; 1 CA at 9,800 and 2 at 9,801.
    domestic = Decimal(6 * 79490 + 9 * 79480) / 15
    foreign = Decimal(9800 + 2 * 9801) / 3
    value = domestic - ((foreign + 60) * Decimal("1.13") * Decimal("7.1010") + 200)
    assert abs(rig.decisions[0].measure_value - value) < Decimal("0.000001")


def test_prices_reach_the_last_level_that_the_size_needs():
    rig = Rig(copper_terms(clip_units=3, payup=Decimal(0), trigger=Trigger(
        Measure.SPREAD, Comparator.AT_LEAST, Decimal("100"))))  # fmt: skip
    rig.arm()
    deep_books(rig)

    assert [order.price_ticks for order in rig.orders] == [7948, 19602]


def test_buying_walks_the_other_sides_of_both_books():
    trigger = Trigger(Measure.SPREAD, Comparator.AT_MOST, Decimal("400"))
    rig = Rig(copper_terms(direction=Direction.BUY_DOMESTIC, clip_units=4, trigger=trigger))
    rig.arm()
    rig.see(book(CA, [("9799.5", 1), ("9799", 2)], [("9800", 9)]))
    rig.see(book(FX, [("7.0990", 99)], [("7.1010", 99)]))
    rig.see(book(CU, [("79490", 99)], [("79500", 7), ("79510", 7)]))

    assert [order.lots for order in rig.orders] == [10, 2]
    assert rig.program.value(2) < 400 and rig.program.value(3) is None


BY_FOUR = msgspec.structs.replace(CU, order_lots_multiple=4)


def entered_by_four():
    rig = SizeRig(anything(CU_HG, 4), BY_FOUR)
    rig.arm()
    rig.market()
    assert [order.lots for order in rig.orders] == [36, 16]
    return rig


def test_a_repair_aims_only_at_targets_that_the_venues_take():
    rig = entered_by_four()
    domestic, foreign = rig.orders
    rig.fill(domestic)
    rig.fill(foreign, 8)

    options = rig.last_options()
    assert "18 lots are not a multiple of 4" in options["unwind:2"].reason
    assert "9 lots are not a multiple of 4" in options["top_up:3"].reason
    assert options["top_up:4"].reason == "chosen"
    assert [(order.instrument, order.lots) for order in rig.orders[2:]] == [(HG.code, 8)]


def test_where_no_target_fits_the_case_holds_and_is_halted_by_name():
    rig = entered_by_four()
    domestic, foreign = rig.orders
    rig.fill(domestic, 30, close=False)
    rig.see(msgspec.structs.replace(quote(HG, "4.4510", None, rig.now)))
    rig.close(domestic, 30)
    rig.fill(foreign, 12)
    rig.wait(30_000_000_000)

    assert len(rig.orders) == 2, "27 cu against 12 HG: three cu are left, and no order of three is taken"
    assert rig.state == "HALTED"
    assert rig.naked == (-3, 0)


def test_units_are_flattened_in_lots_that_the_venues_take():
    rig = entered_by_four()
    for order in list(rig.orders):
        rig.fill(order)
    rig.see(quote(HG, "4.4510", "4.4515", rig.now, bid_lots=15))  # three units of HG are bid, and 27 cu fit no order
    rig.tell(e.Disarm("C2", "trader1", "enough"))

    rig.tell(e.FlattenRequested("C3", "trader1", 4, "close out"))
    assert len(rig.orders) == 2

    rig.see(quote(HG, "4.4510", "4.4515", rig.now))

    assert [order.lots for order in rig.orders[2:]] == [36, 16]
