"""What the gate lets through and what it stops, limit by limit."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import gate
from risk.gate import Approved, Counters, PositionRange, RefusalCode, Refused, TradingMode, review
from risk.limits import REQUIRED_KINDS, LimitKind, LimitSet
from tests.risk.orders import (
    LME,
    PAIR,
    SHFE,
    Order,
    Orders,
    counters,
    domestic_leg,
    entry,
    foreign_leg,
    limit,
    limit_set,
    repair,
)

NOW = 1_700_000_000_000_000_000


def with_changes(order: Order, **changes: object) -> Order:
    return msgspec.structs.replace(order, **changes)


def refusal(orders: Orders, at: Counters | None = None, limits: LimitSet | None = None) -> Refused:
    answer = review(orders, at or counters(), limits or limit_set(), NOW)
    assert isinstance(answer, Refused), answer
    return answer


def test_an_entry_inside_every_limit_is_approved_and_names_its_limits() -> None:
    limits = limit_set()

    answer = review(entry(), counters(), limits, NOW)

    assert isinstance(answer, Approved)
    assert (answer.limits_version, answer.limits_hash, answer.reviewed_at) == (7, limits.hash, NOW)
    used = {(room.kind, room.subject): room.value for room in answer.headrooms}
    assert used[LimitKind.ORDER_LOTS_MAX, SHFE] == 5
    assert used[LimitKind.NAKED_LOTS_MAX, f"{PAIR} {LME}"] == 1


@pytest.mark.parametrize("kind", REQUIRED_KINDS)
def test_a_missing_required_limit_refuses_instead_of_meaning_unlimited(kind: LimitKind) -> None:
    answer = refusal(entry(), limits=limit_set(without=kind))

    assert answer.code is RefusalCode.NO_LIMIT
    assert kind.value in answer.text


def at_position(low: int, high: int) -> Counters:
    at = counters()
    at.position_lots = {SHFE: PositionRange(low, high), LME: PositionRange(0, 0)}
    return at


def after_naked(lots: int) -> Counters:
    at = counters()
    at.naked_lots = {(PAIR, SHFE): lots, (PAIR, LME): 0}
    return at


def after_messages(count: int) -> Counters:
    at = counters()
    at.messages_last_second = {"SHFE": count}
    return at


def after_executions(count: int) -> Counters:
    at = counters()
    at.executions_today = {PAIR: count}
    return at


# Each row: an entry exactly at the limit, the same entry one step over it, and the refusal that names it.
AT_AND_OVER = [
    (entry(domestic_leg(10)), counters(), entry(domestic_leg(11)), counters(), "ORDER_LOTS", "11", "10"),
    (entry(), at_position(-45, 0), entry(), at_position(-46, 0), "POSITION_LOTS", "51", "50"),
    (entry(), after_naked(5), entry(), after_naked(6), "NAKED_LOTS", "11", "10"),
    (entry(), after_executions(19), entry(), after_executions(20), "DAY_EXECUTIONS", "21", "20"),
    (entry(), after_messages(5), entry(), after_messages(6), "MESSAGE_RATE", "7", "6"),
    (
        entry(with_changes(domestic_leg(), value=Decimal("5000000"))), counters(),
        entry(with_changes(domestic_leg(), value=Decimal("5000001"))), counters(),
        "ORDER_VALUE", "5000001", "5000000",
    ),
    (
        entry(with_changes(domestic_leg(), price=Decimal(101), reference_price=Decimal(100))), counters(),
        entry(with_changes(domestic_leg(), price=Decimal("98.9"), reference_price=Decimal(100))), counters(),
        "PRICE_COLLAR", "0.011", "0.01",
    ),
]  # fmt: skip


@pytest.mark.parametrize("inside, before, outside, after, code, value, bound", AT_AND_OVER)
def test_the_limit_passes_and_one_more_is_refused_with_both_figures(
    inside: Orders, before: Counters, outside: Orders, after: Counters, code: str, value: str, bound: str
) -> None:
    assert isinstance(review(inside, before, limit_set(), NOW), Approved)

    answer = refusal(outside, after)
    assert (answer.code, answer.value, answer.limit) == (code, Decimal(value), Decimal(bound))
    assert answer.client_order_id == "DEMO1-1-1-A1"


def test_working_and_unknown_orders_count_as_position() -> None:
    # The position itself is zero: 46 lots are working or unknown on the selling side.
    assert refusal(entry(), at_position(-46, 0)).code is RefusalCode.POSITION_LOTS


def test_an_order_that_leads_back_from_an_overrun_position_is_not_held_by_it() -> None:
    assert isinstance(review(entry(), at_position(60, 60), limit_set(), NOW), Approved)


def test_slicing_a_decision_into_parts_does_not_get_round_the_order_limit() -> None:
    assert refusal(entry(domestic_leg(6), domestic_leg(5))).code is RefusalCode.ORDER_LOTS


@pytest.mark.parametrize(
    "change, code",
    [
        ({"reference_price": None}, RefusalCode.NO_REFERENCE),
        ({"value": None}, RefusalCode.NO_VALUE),
        ({"lots": 0}, RefusalCode.INVALID_ORDER),
        ({"price": Decimal("NaN")}, RefusalCode.INVALID_ORDER),
        ({"instrument": "SHFE.zn2703"}, RefusalCode.NO_COUNTER),
    ],
)
def test_a_figure_that_is_not_known_refuses(change: dict[str, object], code: RefusalCode) -> None:
    assert refusal(entry(with_changes(domestic_leg(), **change))).code is code


def test_halted_stops_entries_and_repairs() -> None:
    halted = counters(TradingMode.HALTED)

    assert refusal(entry(), halted).code is RefusalCode.HALTED
    assert refusal(repair(), halted).code is RefusalCode.HALTED


def test_reduce_only_stops_entries_and_lets_repairs_pass() -> None:
    reduce_only = counters(TradingMode.REDUCE_ONLY)

    assert refusal(entry(), reduce_only).code is RefusalCode.REDUCE_ONLY
    assert isinstance(review(repair(), reduce_only, limit_set(), NOW), Approved)


def exhausted() -> Counters:
    """Every entry quota is used up: positions, naked lots, messages and executions."""
    at = counters()
    at.position_lots = {SHFE: PositionRange(-500, 500), LME: PositionRange(-500, 500)}
    at.naked_lots = {(PAIR, SHFE): 500, (PAIR, LME): 500}
    at.messages_last_second = {"SHFE": 500, "LME": 500}
    at.executions_today = {PAIR: 500}
    return at


@given(lots=st.integers(1, 1000), mode=st.sampled_from([TradingMode.NORMAL, TradingMode.REDUCE_ONLY]))
def test_no_entry_limit_ever_stops_a_repair(lots: int, mode: TradingMode) -> None:
    only_a_collar = LimitSet.of(1, [limit(LimitKind.PRICE_COLLAR_RATE, "0.01")])
    at = exhausted()
    at.trading_mode = mode

    for limits in (limit_set(), only_a_collar):
        assert isinstance(review(repair(foreign_leg(lots)), at, limits, NOW), Approved)


def test_the_collar_holds_for_repairs_too() -> None:
    far = with_changes(foreign_leg(), price=Decimal("9900"))

    assert refusal(repair(far)).code is RefusalCode.PRICE_COLLAR
    assert refusal(repair(with_changes(far, reference_price=None))).code is RefusalCode.NO_REFERENCE


def test_a_reserve_of_the_message_budget_is_kept_for_repairs() -> None:
    at_reserve = after_messages(6)

    assert refusal(entry(), at_reserve).code is RefusalCode.MESSAGE_RATE
    assert isinstance(review(repair(domestic_leg()), at_reserve, limit_set(), NOW), Approved)


@given(
    bound=st.integers(1, 10_000),
    over=st.integers(0, 10_000),
)
def test_lots_up_to_the_limit_pass_and_all_above_are_refused(bound: int, over: int) -> None:
    wide = [limit(kind, "1000000000") for kind in (LimitKind.POSITION_LOTS_MAX, LimitKind.NAKED_LOTS_MAX)]
    collar = limit(LimitKind.PRICE_COLLAR_RATE, "0.01")
    limits = LimitSet.of(1, [limit(LimitKind.ORDER_LOTS_MAX, str(bound)), collar, *wide])

    answer = review(entry(domestic_leg(bound + over)), counters(), limits, NOW)

    assert isinstance(answer, Approved) == (over == 0)


# --- planted bugs: the rules above must notice when the gate is wrong ---------------------------------------


def test_a_gate_that_reads_a_missing_limit_as_unlimited_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_no_limit", lambda kind, order: None)

    with pytest.raises(AssertionError):
        test_a_missing_required_limit_refuses_instead_of_meaning_unlimited(LimitKind.ORDER_LOTS_MAX)


def test_a_gate_that_holds_repairs_to_entry_limits_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_REPAIR_CHECKS", gate._ENTRY_CHECKS)

    with pytest.raises(AssertionError):
        test_no_entry_limit_ever_stops_a_repair()


def test_a_gate_that_forgets_working_orders_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    without_position = tuple(check for check in gate._ENTRY_CHECKS if check is not gate._position_lots)
    monkeypatch.setattr(gate, "_ENTRY_CHECKS", without_position)

    with pytest.raises(AssertionError):
        test_working_and_unknown_orders_count_as_position()


def test_a_lead_order_is_refused_when_its_coming_hedge_would_pass_a_limit() -> None:
    lead_alone = Orders(is_repair=False, orders=(foreign_leg(),))
    with_hedge = Orders(is_repair=False, orders=(foreign_leg(),), to_come=(domestic_leg(11),))
    answer = review(with_hedge, counters(), limit_set(), 1)

    assert isinstance(review(lead_alone, counters(), limit_set(), 1), Approved)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.value) == (RefusalCode.ORDER_LOTS, Decimal(11))
