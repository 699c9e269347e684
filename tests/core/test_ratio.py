"""Lots of a unit: the smallest that meet the exact ratio inside the stated error (vectors of domain.md §7.2)."""

from fractions import Fraction

import pytest

from trading.core.alignment import neutral_lots
from trading.core.ratio import NoRatio, PairFacts, RatioMode, closest_ratio, exact_ratio, ratio_for, simplest_between
from trading.simulation.copper import CU_CA, INSTRUMENTS

POUND_KG = Fraction("0.45359237")
TROY_OUNCE_G = Fraction("31.1034768")
VAT = Fraction("0.13")

CU_LME = PairFacts(Fraction(5), Fraction(25), VAT)
CU_COMEX = PairFacts(Fraction(5), 25_000 * POUND_KG / 1000, VAT)
COMEX_LME = PairFacts(25_000 * POUND_KG / 1000, Fraction(25))
GOLD = PairFacts(Fraction(1000), 100 * TROY_OUNCE_G)
SILVER = PairFacts(Fraction(15), 5000 * TROY_OUNCE_G / 1000)

TONNAGE, VAT_NEUTRAL = RatioMode.TONNAGE, RatioMode.VAT_NEUTRAL

# facts, mode, error allowed, domestic : foreign, the error as the text states it, in percent
VECTORS = [
    (CU_LME, TONNAGE, "0", (5, 1), "0"),
    (CU_LME, VAT_NEUTRAL, "0.6", (22, 5), "0.56"),
    (CU_LME, VAT_NEUTRAL, "0.1", (31, 7), "0.086"),
    (CU_LME, VAT_NEUTRAL, "0.04", (115, 26), "0.038"),
    (CU_COMEX, TONNAGE, "1", (9, 4), "0.79"),
    (CU_COMEX, TONNAGE, "0.25", (25, 11), "0.21"),
    (CU_COMEX, TONNAGE, "0.1", (34, 15), "0.057"),
    (CU_COMEX, TONNAGE, "0.02", (93, 41), "0.015"),
    (CU_COMEX, VAT_NEUTRAL, "0.5", (2, 1), "0.35"),
    (COMEX_LME, TONNAGE, "0.25", (11, 5), "0.21"),
    (GOLD, TONNAGE, "0.03", (28, 9), "0.025"),
    (GOLD, TONNAGE, "4", (3, 1), "3.5"),
    (SILVER, TONNAGE, "0.4", (31, 3), "0.33"),
    (SILVER, TONNAGE, "0.1", (83, 8), "0.069"),
]


@pytest.mark.parametrize(("facts", "mode", "error_max", "lots", "stated"), VECTORS)
def test_the_unit_and_its_error_are_those_of_the_text(facts, mode, error_max, lots, stated):
    found = ratio_for(facts, mode, Fraction(error_max) / 100, 120)

    assert (found.domestic_lots, found.foreign_lots) == lots
    places = len(stated.partition(".")[2])
    assert round(found.error * 100 * 10**places) == int(stated.replace(".", "") or 0)


@pytest.mark.parametrize(("facts", "mode", "error_max", "lots", "stated"), VECTORS)
def test_no_unit_with_fewer_lots_lies_inside_the_error(facts, mode, error_max, lots, stated):
    exact, bound = exact_ratio(facts, mode), Fraction(error_max) / 100
    inside = [
        (domestic, foreign)
        for foreign in range(1, lots[1] + 1)
        for domestic in range(1, lots[0] + 1)
        if abs(Fraction(domestic, foreign) - exact) <= bound * exact
    ]

    assert inside == [lots]


def test_115_to_26_hedges_the_money_and_130_to_26_does_not():
    """26 CA against 115 cu: LME +100 USD/t moves 461,500 against 461,322.5 CNY (domain.md §7.2)."""
    foreign = 26 * 25 * 100 * Fraction("7.10")
    domestic_move = 100 * Fraction("7.10") * (1 + VAT)

    assert 115 * 5 * domestic_move - foreign == Fraction("-177.5")
    assert 130 * 5 * domestic_move - foreign == 59_995


def test_the_exact_ratio_agrees_with_the_one_of_a_pair():
    assert exact_ratio(CU_LME, TONNAGE) == neutral_lots(CU_CA, INSTRUMENTS, vat_neutral=False) == 5
    assert exact_ratio(CU_LME, VAT_NEUTRAL) == neutral_lots(CU_CA, INSTRUMENTS, vat_neutral=True) == Fraction(500, 113)


def test_value_neutral_takes_the_duty_out_as_well():
    nickel = PairFacts(Fraction(1), Fraction(6), VAT, Fraction("0.02"))

    assert exact_ratio(nickel, RatioMode.VALUE_NEUTRAL) == 6 / (Fraction("1.13") * Fraction("1.02"))
    assert exact_ratio(nickel, VAT_NEUTRAL) == 6 / Fraction("1.13")


def test_a_custom_ratio_is_taken_as_given():
    facts = PairFacts(Fraction(5), Fraction(25), custom=Fraction("4.5"))

    assert ratio_for(facts, RatioMode.CUSTOM, Fraction(0), 10)[:2] == (9, 2)
    with pytest.raises(NoRatio, match="above zero"):
        exact_ratio(PairFacts(Fraction(5), Fraction(25)), RatioMode.CUSTOM)


def test_a_ratio_beyond_the_size_is_refused_with_the_closest_one():
    with pytest.raises(NoRatio) as refused:
        ratio_for(CU_LME, VAT_NEUTRAL, Fraction("0.0005"), 100)

    assert "at most 100 lots" in str(refused.value) and "within 0.050 %" in str(refused.value)
    assert "84:19, 0.084 % off" in str(refused.value) and "115:26 would do" in str(refused.value)


def test_an_error_of_one_or_more_is_a_slip():
    with pytest.raises(NoRatio, match=r"write 0.1 % as 0.001"):
        ratio_for(CU_LME, TONNAGE, Fraction(1), 100)


def test_the_closest_ratio_may_have_more_foreign_lots_than_domestic():
    assert closest_ratio(Fraction(2, 5), 9)[:2] == (2, 5)
    assert closest_ratio(Fraction("0.4411"), 20)[:2] == (4, 9)
    assert simplest_between(Fraction("0.39"), Fraction("0.41")) == Fraction(2, 5)
