"""Together: both legs leave at once, and what is given away to get filled is money, the same on each leg."""

from fractions import Fraction

import pytest

from tests.core.rig import CA, CU, Decimal, entered
from trading.core.events import TimeInForce
from trading.core.policy import Payup
from trading.core.terms import LegRole
from trading.simulation.copper import CU_CA, CU_HG, FX, HG, copper_terms

RATE = 71_000  # 7.10 CNY per USD in ticks of 0.0001


def payup(money, pair=CU_CA, foreign=CA):
    return Payup(Fraction(Decimal(money)), pair, CU, foreign, Fraction(FX.tick))


def test_one_tick_of_each_leg_in_money():
    # domain.md §7.2: one tick on 5 SHFE lots is 250 CNY, one tick on 1 LME lot is 88.75 CNY at 7.10.
    assert CU.tick * 5 * CU.multiplier == 250
    assert CA.tick * 1 * CA.multiplier * Decimal("7.10") == Decimal("88.75")


@pytest.mark.parametrize(
    ("money", "domestic", "foreign"),
    [("3.54", 0, 0), ("3.55", 0, 1), ("9.99", 0, 2), ("10", 1, 2), ("20", 2, 5), ("35.5", 3, 10)],
)
def test_the_same_money_buys_so_many_whole_ticks_of_each_leg(money, domestic, foreign):
    given = payup(money)

    assert given.ticks(LegRole.DOMESTIC, RATE, 0) == domestic
    assert given.ticks(LegRole.FOREIGN, RATE, 0) == foreign


def test_pounds_are_converted_before_money_is():
    # One COMEX tick of 0.0005 USD/lb is 1.1023113 USD/t (domain.md §7.1), 7.83 CNY/t at 7.10.
    given = payup("20", CU_HG, HG)

    assert given.ticks(LegRole.FOREIGN, RATE, 0) == 2
    assert payup("7.82", CU_HG, HG).ticks(LegRole.FOREIGN, RATE, 0) == 0
    assert payup("7.83", CU_HG, HG).ticks(LegRole.FOREIGN, RATE, 0) == 1


def test_a_later_attempt_gives_as_much_more():
    assert [payup("20").ticks(LegRole.FOREIGN, RATE, attempt) for attempt in range(3)] == [5, 10, 15]


def test_both_orders_are_immediate_and_name_no_lead():
    rig, domestic, foreign = entered()
    [decided] = rig.decisions

    assert {domestic.time_in_force, foreign.time_in_force} == {TimeInForce.IOC}
    assert (decided.lead, decided.units) == (None, 2)


def test_no_payup_leaves_the_counter_price():
    _, domestic, foreign = entered(copper_terms(payup=Decimal(0)))

    assert (domestic.price_ticks, foreign.price_ticks) == (7949, 19600)
