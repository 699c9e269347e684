"""The playbook of limit-locked and halted markets: price from the limit, queue, stand in, trade back, hold and call."""

import msgspec
import pytest

from tests.core.rig import CA, CU, SECOND, Decimal, Rig, entered, quote
from trading.core import events as e
from trading.core.events import Purpose, RejectClass, TimeInForce
from trading.core.terms import Comparator, Direction, Measure, RepairPreference, Trigger
from trading.core.units import Side
from trading.simulation.copper import REPAIR, copper_terms

LATER = 3600 * SECOND


def terms_with(**changes):
    return copper_terms(repair=msgspec.structs.replace(REPAIR, **{"naked_age_max": LATER, **changes}))


def locked(instrument, now, *, up: str | None = None, down: str | None = None) -> e.QuoteSeen:
    """Return the book of a market that stands at its limit price, with nothing on the other side."""
    limit = int(Decimal(up or down) / instrument.tick)
    seen = quote(instrument, up, down, now)
    sides = {"upper_limit_ticks": limit} if up else {"lower_limit_ticks": limit}
    return msgspec.structs.replace(seen, **sides)


def bought_in_london(terms, lower_limit: str = "79480", paid: tuple[str, ...] = ()) -> Rig:
    """Return a case whose London leg is filled and whose Shanghai leg was rejected in a limit-down market."""
    rig, domestic, foreign = entered(terms)
    rig.see(locked(CU, rig.now, down=lower_limit))
    for number, price in enumerate(paid):
        rig.tell(e.OrderFilled(foreign.client_order_id, f"P{number}", 1, int(Decimal(price) / CA.tick), "D1"))
    if not paid:
        rig.fill(foreign)
    rig.reject(domestic, RejectClass.LIMIT_LOCKED)
    rig.see(locked(CU, rig.now + 1, down=lower_limit))
    return rig


def test_a_limit_up_hedge_queues_at_the_limit_and_never_at_a_price_made_from_nothing():
    """vnpy buys at 50 CNY where the limit is 82,000: it adds its payup to an empty ask (domain.md §0.6)."""
    trigger = Trigger(Measure.SPREAD, Comparator.AT_MOST, Decimal("99999"))
    policy = msgspec.structs.replace(REPAIR, preference=RepairPreference.TOP_UP_FIRST, cost_max=Decimal("9999999"))
    rig = Rig(copper_terms(direction=Direction.BUY_DOMESTIC, trigger=trigger, repair=policy))
    rig.arm()
    rig.market(("81980", "81990"))
    domestic, foreign = rig.orders
    rig.see(locked(CU, rig.now, up="82000"))
    rig.fill(foreign)
    rig.reject(domestic, RejectClass.PRICE)
    [queued] = rig.orders[2:]

    assert (queued.side, queued.lots, queued.price_ticks * CU.tick) == (Side.BUY, 10, Decimal("82000"))
    assert queued.time_in_force is TimeInForce.DAY


def test_an_empty_side_without_a_known_limit_sends_nothing():
    rig, domestic, foreign = entered(terms_with(preference=RepairPreference.TOP_UP_FIRST))
    rig.see(quote(CU, None, "79480", rig.now))
    rig.see(quote(CA, None, "9800", rig.now))
    rig.fill(foreign)
    rig.reject(domestic, RejectClass.PRICE)

    assert len(rig.orders) == 2


def test_shanghai_is_locked_10_away_and_queueing_costs_less_than_selling_london_back():
    rig = bought_in_london(terms_with())
    options = rig.last_options()
    [queued] = rig.orders[2:]

    # Selling 10 cu at 79480: 10 CNY/t below the plan is 500, the fee at 79480 is 198.70.
    assert (options["queue:2"].cost, options["queue:2"].reason) == (Decimal("698.70"), "chosen")
    # London back: 3 USD/t on 2 lots is 3 x 2 x 177.525.
    assert options["unwind:0"].cost == Decimal("1065.15")
    assert options["top_up:2"].reason.startswith("SHFE.cu2703: limit-locked")
    assert (queued.price_ticks * CU.tick, queued.time_in_force) == (Decimal("79480"), TimeInForce.DAY)


def test_shanghai_is_locked_490_away_so_london_is_sold_back():
    rig = bought_in_london(terms_with(cost_max=Decimal("999999")), lower_limit="79000")
    options = rig.last_options()

    # 490 CNY/t on 50 t is 24,500, and the fee at 79000 is 197.50.
    assert options["queue:2"].cost == Decimal("24697.50")
    assert [(order.instrument, order.purpose) for order in rig.orders[2:]] == [(CA.code, Purpose.UNWIND)]


def test_one_order_queues_however_many_ticks_come_and_one_person_is_called_once():
    rig = bought_in_london(terms_with())
    for _ in range(100):
        rig.wait(SECOND // 2)
        rig.see(quote(CA, "9799.5", "9800", rig.now))
        rig.see(locked(CU, rig.now, down="79480"))
    rig.tell(e.OrderAccepted(rig.orders[-1].client_order_id, "V9"))
    for _ in range(100):
        rig.wait(SECOND // 2)
        rig.see(locked(CU, rig.now, down="79480"))

    assert (len(rig.orders), rig.cancelled) == (3, [])
    assert [(alert.rule, alert.severity) for alert in rig.alerts] == [("limit_locked", "P1")]
    assert rig.alerts[0].values["naked"] == "SHFE.cu2703 +0, LME.CA-3M +2"


def test_a_fill_of_the_queued_order_counts_as_any_other():
    rig = bought_in_london(terms_with())
    queued = rig.orders[-1]
    rig.tell(e.OrderAccepted(queued.client_order_id, "V9"))
    rig.fill(queued, 5, close=False)
    naked = rig.naked
    rig.fill(queued, 5)

    assert (naked, rig.outcome, len(rig.orders)) == ((0, 1), "topped_up", 3)


def test_the_queue_is_left_when_the_market_opens_again():
    rig = bought_in_london(terms_with())
    queued = rig.orders[-1]
    rig.tell(e.OrderAccepted(queued.client_order_id, "V9"))
    rig.wait(2 * SECOND)
    rig.see(quote(CA, "9799.5", "9800", rig.now))
    rig.see(quote(CU, "79490", "79500", rig.now))
    cancel = rig.decisions[-1]
    rig.close(queued)
    top_up = rig.orders[-1]

    assert (cancel.reason, rig.cancelled) == ("unlocked", [queued.client_order_id])
    assert (top_up.instrument, top_up.side, top_up.time_in_force) == (CU.code, Side.SELL, TimeInForce.IOC)


def test_the_queue_is_left_for_a_way_that_is_clearly_cheaper_and_not_for_one_that_hardly_is():
    rig, domestic, foreign = entered(terms_with())
    rig.see(quote(CA, "9799", "9800", rig.now))
    rig.see(locked(CU, rig.now, down="79470"))
    for number, price in enumerate(("9803", "9802.5")):
        rig.tell(e.OrderFilled(foreign.client_order_id, f"P{number}", 1, int(Decimal(price) / CA.tick), "D1"))
    rig.reject(domestic, RejectClass.LIMIT_LOCKED)
    rig.see(locked(CU, rig.now + 1, down="79470"))
    queued = rig.orders[-1]
    rig.tell(e.OrderAccepted(queued.client_order_id, "V9"))
    rig.wait(2 * SECOND)
    rig.see(locked(CU, rig.now, down="79470"))

    # Queueing: 1,000 and a fee of 198.675. London bought at 9802.75 on average and back at 9799.5: 3.25 x 355.05 =
    # 1,153.91, cheaper by a little; back at 9800: 976.39, cheaper by more than a tenth.
    rig.see(quote(CA, "9799.5", "9800", rig.now))
    by_a_little = list(rig.cancelled)
    rig.see(quote(CA, "9800", "9800.5", rig.now))

    assert (queued.time_in_force, by_a_little, rig.cancelled) == (TimeInForce.DAY, [], [queued.client_order_id])
    assert rig.decisions[-1].reason == "unwind"
    rig.close(queued)
    assert (rig.orders[-1].instrument, rig.orders[-1].side, rig.orders[-1].lots) == (CA.code, Side.SELL, 2)


def test_a_queued_order_that_cannot_be_called_back_is_not_asked_with_every_tick():
    rig = bought_in_london(terms_with())
    queued = rig.orders[-1]
    rig.tell(e.OrderAccepted(queued.client_order_id, "V9"))
    rig.wait(2 * SECOND)
    rig.see(quote(CU, "79490", "79500", rig.now))
    rig.tell(e.CancelRejected(queued.client_order_id, "no cancels are taken now"))
    rig.tell(e.OrderStatus(queued.client_order_id, "working", 0, "V9", rig.now))
    for _ in range(9):
        rig.wait(SECOND // 10)
        rig.see(quote(CU, "79490", "79500", rig.now))
    within_a_second = len(rig.cancelled)
    rig.wait(SECOND)
    rig.see(quote(CU, "79490", "79500", rig.now))

    assert (within_a_second, len(rig.cancelled), len(rig.orders)) == (1, 2, 3)


def test_a_policy_without_queueing_sells_london_back():
    rig = bought_in_london(terms_with(queues_at_limit=False))

    assert rig.last_options()["queue:2"].reason == "SHFE.cu2703: queueing at the limit is switched off"
    assert [order.instrument for order in rig.orders[2:]] == [CA.code]


def test_more_naked_than_may_wait_does_not_queue():
    rig = bought_in_london(terms_with(naked_quantity_max=Decimal("25")))

    assert rig.last_options()["queue:2"].reason == "50 t naked, waiting is allowed up to 25 t"
    assert [order.instrument for order in rig.orders[2:]] == [CA.code]


def test_with_no_time_left_it_does_not_queue():
    rig = bought_in_london(terms_with(naked_age_max=REPAIR.wait))

    assert rig.last_options()["queue:2"].reason == "the time a leg may stay naked is nearly over"


@pytest.mark.parametrize("market", ["halted", "locked"])
def test_no_way_out_holds_calls_a_person_once_and_sends_nothing(market: str):
    rig, domestic, foreign = entered(terms_with(queues_at_limit=False))
    rig.fill(foreign)
    rig.see(quote(CA, None, "9800", rig.now))

    def show() -> None:
        if market == "halted":
            rig.see(msgspec.structs.replace(quote(CU, "79490", "79500", rig.now), is_trading=False))
        else:
            rig.see(locked(CU, rig.now, down="79480"))
        rig.see(quote(CA, None, "9800", rig.now))

    show()
    rig.reject(domestic, RejectClass.PRICE)
    for _ in range(200):
        rig.wait(SECOND // 2)
        show()
    rule = "halted_market" if market == "halted" else "limit_locked"
    [held] = [event for event in rig.decisions if isinstance(event, e.RepairHeld)]

    assert (len(rig.orders), held.reason, held.naked) == (2, rule, (0, 2))
    assert {option.name for option in held.options} >= {"wait", "top_up", "unwind", "queue", "proxy", "hold"}
    assert [(alert.rule, alert.severity) for alert in rig.alerts] == [(rule, "P1")]

    rig.see(quote(CU, "79490", "79500", rig.now))
    assert (rig.orders[-1].instrument, rig.orders[-1].purpose) == (CU.code, Purpose.TOP_UP)


def test_a_person_who_unwinds_gets_the_queued_top_up_called_back_first():
    rig = bought_in_london(terms_with())
    queued = rig.orders[-1]
    rig.tell(e.OrderAccepted(queued.client_order_id, "V9"))
    rig.wait(2 * SECOND)
    rig.see(quote(CA, "9799.5", "9800", rig.now))
    rig.tell(e.UnwindRequested("C2", "trader1", "enough"))
    rig.close(queued)

    assert rig.cancelled == [queued.client_order_id]
    assert (rig.orders[-1].instrument, rig.orders[-1].side) == (CA.code, Side.SELL)


def test_nobody_is_called_twice_for_one_cause_after_a_restart():
    rig = bought_in_london(terms_with())
    [again] = rig.restarted().state.open

    assert again.told == {"limit_locked"}
