"""The formulas and vectors of domain.md §7.2, exactly."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from tests.core.rig import Rig
from trading.core.alignment import aligned_units, leg_quantity, neutral_lots, residual_quantity
from trading.core.depth import walk, worst_ticks
from trading.core.events import Level
from trading.core.measure import BadTerms, CompiledTrigger, import_parity, parity_factor, prompt_price, shown
from trading.core.terms import Comparator, Direction, LegRole, Measure, Parity, Trigger
from trading.simulation.copper import CA, COPPER_PARITY, CU, CU_CA, CU_HG, FX, HG, INSTRUMENTS, copper_terms, quote

D = Decimal
LB_PER_T = D("2204.6226")


def parity_of(price: str, fx: str, parity: Parity) -> Decimal:
    return shown(import_parity(Fraction(D(price)), Fraction(D(fx)), parity))


def with_trigger(measure: Measure, comparator: Comparator, value: str, leg: LegRole | None = None) -> Rig:
    trigger = Trigger(measure, comparator, D(value), leg)
    sells = comparator is Comparator.AT_LEAST
    direction = Direction.SELL_DOMESTIC if sells else Direction.BUY_DOMESTIC
    return Rig(copper_terms(direction=direction, trigger=trigger, clip_units=1))


def test_import_parity_of_copper():
    assert parity_of("9800", "7.10", COPPER_PARITY) == D("79306.78")


def test_a_tariff_of_two_percent_raises_parity():
    assert parity_of("9800", "7.10", msgspec.structs.replace(COPPER_PARITY, duty_rate=D("0.02"))) == D("80888.9156")


def test_import_profit_is_the_domestic_price_less_parity():
    assert D("79500") - parity_of("9800", "7.10", COPPER_PARITY) == D("193.22")


def test_parity_moves_by_eight_yuan_per_dollar():
    assert parity_factor(COPPER_PARITY) * Fraction("7.10") == Fraction("8.023")


def test_selling_domestic_pays_the_fx_ask():
    rig = with_trigger(Measure.SPREAD, Comparator.AT_LEAST, "1000")
    rig.market()

    assert shown(rig.program.value(1)) == D("172.0782")


def test_buying_domestic_gets_the_fx_bid():
    rig = with_trigger(Measure.SPREAD, Comparator.AT_MOST, "-1000")
    rig.market()

    assert shown(rig.program.value(1)).quantize(D("0.01")) == D("208.37")


def test_the_ratio_keeps_its_own_precision():
    bid = with_trigger(Measure.RATIO, Comparator.AT_LEAST, "99")
    bid.market()
    ask = with_trigger(Measure.RATIO, Comparator.AT_MOST, "1")
    ask.market()

    assert (shown(bid.program.value(1)), shown(ask.program.value(1))) == (D("8.111224"), D("8.112659"))


@pytest.mark.parametrize(("threshold", "fires"), [("172.0782", True), ("172.07820001", False), ("172.07", True)])
def test_a_spread_trigger_is_compared_exactly(threshold, fires):
    rig = with_trigger(Measure.SPREAD, Comparator.AT_LEAST, threshold)
    rig.market()

    assert (rig.program.margin(1) >= 0) is fires


@pytest.mark.parametrize(("threshold", "fires"), [("8.111224", True), ("8.1112244", True), ("8.1112245", False)])
def test_a_ratio_trigger_is_not_rounded_to_a_leg_tick(threshold, fires):
    rig = with_trigger(Measure.RATIO, Comparator.AT_LEAST, threshold)
    rig.market()

    assert (rig.program.margin(1) >= 0) is fires


@pytest.mark.parametrize(
    ("leg", "comparator", "value", "fires"),
    [
        (LegRole.DOMESTIC, Comparator.AT_LEAST, "79490", True),
        (LegRole.DOMESTIC, Comparator.AT_LEAST, "79500", False),
        (LegRole.FOREIGN, Comparator.AT_LEAST, "9800", True),
        (LegRole.FOREIGN, Comparator.AT_LEAST, "9800.5", False),
        (LegRole.DOMESTIC, Comparator.AT_MOST, "79500", True),
        (LegRole.FOREIGN, Comparator.AT_MOST, "9799", False),
    ],
)
def test_a_counter_price_trigger_looks_at_the_side_it_would_take(leg, comparator, value, fires):
    rig = with_trigger(Measure.COUNTER_PRICE, comparator, value, leg)
    rig.market()

    assert (rig.program.margin(1) >= 0) is fires


def test_a_counter_price_trigger_names_its_leg():
    terms = copper_terms(trigger=Trigger(Measure.COUNTER_PRICE, Comparator.AT_LEAST, D("1")))

    with pytest.raises(BadTerms, match="must name its leg"):
        CompiledTrigger(terms, INSTRUMENTS)


def test_the_trigger_is_judged_on_the_depth_the_clip_needs():
    rig = Rig(copper_terms(clip_units=2))
    rig.market()
    book = quote(CU, "79490", "79500", rig.now)
    thin = msgspec.structs.replace(book, bids=(Level(7949, 5), Level(7930, 50)))
    rig.see(thin)

    assert rig.program.margin(1) >= 0 > rig.program.margin(2)  # 10 lots sell at 79395 on average: 77 below


def test_prompt_price_lies_between_cash_and_three_months():
    assert prompt_price(D("9800"), D("25"), 21, 91).quantize(D("0.01")) == D("9794.23")


@pytest.mark.parametrize(
    ("price", "fx", "parity", "expected"),
    [
        ("4.50", "1", Parity(units_numerator=LB_PER_T), "9920.80"),  # USD/lb as USD/t
        ("2650", "7.10", Parity(units_denominator=D("31.1034768")), "604.92"),  # USD/ozt as CNY/g
        ("31", "7.10", Parity(vat_rate=D("0.13"), units_numerator=D("1000"), units_denominator=D("31.1034768")),
         "7996.31"),
        ("75", "7.10", Parity(), "532.50"),  # crude oil
    ],
)  # fmt: skip
def test_unit_conversions(price, fx, parity, expected):
    assert parity_of(price, fx, parity).quantize(D("0.01")) == D(expected)


def test_five_copper_lots_are_one_lme_lot_by_tonnage_and_fewer_by_profit():
    by_quantity = neutral_lots(CU_CA, INSTRUMENTS, vat_neutral=False)
    by_profit = neutral_lots(CU_CA, INSTRUMENTS, vat_neutral=True)

    assert (by_quantity, shown(by_profit)) == (5, D("4.424779"))


def test_nine_copper_lots_to_four_comex_lots_leave_an_exact_residual():
    residual = residual_quantity(CU_HG, (-9, 4), INSTRUMENTS)

    assert shown(residual) == D("0.359237")  # tonnes, kept and shown, never rounded away
    assert shown(neutral_lots(CU_HG, INSTRUMENTS, vat_neutral=False)) == D("2.267962")


def test_quantities_are_exact_in_the_domestic_unit():
    assert leg_quantity(CU_CA, 0, 3, INSTRUMENTS) == 15
    assert leg_quantity(CU_CA, 1, 1, INSTRUMENTS) == 25


@pytest.mark.parametrize(("depth", "ratio", "units"), [((13, 4), (5, 1), 2), ((9, 4), (9, 4), 1), ((8, 4), (9, 4), 0)])
def test_the_shallower_side_decides_the_units(depth, ratio, units):
    assert aligned_units(depth, ratio, 10) == units


def test_a_walk_needs_the_whole_depth():
    book = (Level(100, 3), Level(101, 4))

    assert walk(book, 5) == 3 * 100 + 2 * 101
    assert walk(book, 8) is None
    assert walk((), 1) is None
    assert (worst_ticks(book, 3), worst_ticks(book, 4), worst_ticks(book, 8)) == (100, 101, None)


def test_the_books_used_here_are_on_their_grids():
    assert [i.tick for i in (CU, CA, HG, FX)] == [D("10"), D("0.5"), D("0.0005"), D("0.0001")]


@pytest.mark.parametrize(
    ("measure", "value", "leg"),
    [
        (Measure.SPREAD, "100", None),
        (Measure.SPREAD, "-3.5", None),
        (Measure.RATIO, "8.1", None),
        (Measure.COUNTER_PRICE, "79000", LegRole.DOMESTIC),
        (Measure.COUNTER_PRICE, "9700.5", LegRole.FOREIGN),
    ],
)
@pytest.mark.parametrize("comparator", list(Comparator))
def test_the_value_on_the_receipt_is_the_exact_one_rounded(measure, value, leg, comparator):
    rig = with_trigger(measure, comparator, value, leg)
    rig.market()

    assert rig.program.shown_value(1) == shown(rig.program.value(1))
