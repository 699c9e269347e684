"""One leg to close becomes the child orders its venue wants."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.position_books import (
    BUY,
    CA,
    CLOSE,
    CU,
    FEE,
    FRIDAY,
    IF,
    MONDAY,
    OPEN,
    SELL,
    TODAY,
    YESTERDAY,
    Dealer,
    books,
)  # fmt: skip
from trading.core.offsets import Child, ClosePolicy, Wish, fees, plan
from trading.core.prompts import cash, three_months
from trading.core.terms import HedgeFlag

LOT_TURNOVER = Fraction(79_500 * 5)  # one lot of copper at 79,500 CNY/t


def four_today_three_yesterday(instrument=CU) -> Dealer:
    dealer = Dealer(books())
    dealer.trade(instrument, BUY, 3, day=FRIDAY)
    dealer.trade(instrument, BUY, 4, day=MONDAY)
    return dealer


def split(dealer, wish, fee=None):
    found = plan(dealer.books, wish, fee, LOT_TURNOVER)
    return found.obstacle or [(child.offset, child.lots) for child in found.children]


def test_seven_lots_of_which_four_are_todays_close_by_two_orders():
    assert split(four_today_three_yesterday(), Wish(CU, SELL, 7)) == [(TODAY, 4), (YESTERDAY, 3)]


def test_the_cheaper_lots_go_first():
    assert split(four_today_three_yesterday(), Wish(CU, SELL, 5), FEE) == [(YESTERDAY, 3), (TODAY, 2)]


def test_a_policy_overrules_the_cost():
    wish = Wish(CU, SELL, 5, policy=ClosePolicy.TODAY_FIRST)
    assert split(four_today_three_yesterday(), wish, FEE) == [(TODAY, 4), (YESTERDAY, 1)]


def test_closing_yesterdays_lots_costs_half_the_fee_of_todays():
    children = plan(four_today_three_yesterday().books, Wish(CU, SELL, 5), FEE, LOT_TURNOVER).children
    # 3 lots at 19.875 and 2 at 39.75 CNY: domain.md section 7.2
    assert fees(children, FEE, LOT_TURNOVER) == Fraction("19.875") * 3 + Fraction("39.75") * 2


def test_one_close_at_cffex_pays_for_the_lots_of_today_it_takes_first():
    found = plan(four_today_three_yesterday(IF).books, Wish(IF, SELL, 5), FEE, LOT_TURNOVER)

    assert found.children == (Child(CLOSE, 5, 4),)
    assert fees(found.children, FEE, LOT_TURNOVER) == Fraction("39.75") * 4 + Fraction("19.875")


def test_lots_of_a_working_close_are_not_offered_again():
    dealer = four_today_three_yesterday()
    dealer.books.reserved(dealer.order(CU, SELL, 3, TODAY), 3)

    assert split(dealer, Wish(CU, SELL, 4)) == [(TODAY, 1), (YESTERDAY, 3)]
    assert split(dealer, Wish(CU, SELL, 5)) == "SHFE.cu2703: 4 lots free to close (speculation), 5 wanted"


def test_what_cannot_be_closed_opens_only_where_the_caller_says_so():
    wish = Wish(CU, SELL, 9, opens_rest=True)
    assert split(four_today_three_yesterday(), wish) == [(TODAY, 4), (YESTERDAY, 3), (OPEN, 2)]


def test_lots_of_another_hedge_flag_cannot_be_closed():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 5, flag=HedgeFlag.HEDGE)

    assert split(dealer, Wish(CU, SELL, 5)) == "SHFE.cu2703: 0 lots free to close (speculation), 5 wanted"
    assert split(dealer, Wish(CU, SELL, 5, HedgeFlag.HEDGE)) == [(TODAY, 5)]


def test_after_an_offset_reject_the_days_are_taken_the_other_way_round():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 5)

    assert split(dealer, Wish(CU, SELL, 5, is_disputed=True)) == [(YESTERDAY, 5)]


def test_three_months_of_friday_is_unwound_on_monday_in_its_own_prompt():
    dealer = Dealer(books())
    dealer.trade(CA, BUY, 2, day=FRIDAY)
    dealer.trade(CA, SELL, 1, day=MONDAY)  # today's 3M is another date and nets nothing
    found = plan(dealer.books, Wish(CA, SELL, 2))

    assert found.children == (Child(CLOSE, 2, 0, "20270219"),)
    assert plan(dealer.books, Wish(CA, SELL, 2, prompts=("20270223",))).obstacle


def test_prompts_are_closed_earliest_first():
    dealer = Dealer(books())
    dealer.trade(CA, BUY, 2, day=FRIDAY)
    dealer.trade(CA, BUY, 2, day=MONDAY)
    found = plan(dealer.books, Wish(CA, SELL, 3))

    assert [(child.prompt, child.lots) for child in found.children] == [("20270219", 2), ("20270223", 1)]


@pytest.mark.parametrize(
    ("day", "prompt"),
    [
        ("20261120", "20270219"),  # a Saturday moves back to Friday
        ("20261130", "20270226"),  # no 30 February; the 28th is a Sunday and may not leave the month
        ("20261121", "20270222"),  # a Sunday moves on to Monday
        ("20270201", "20270503"),  # a Saturday the 1st may not leave the month
    ],
)
def test_the_three_months_prompt_rolls_as_at_the_lme(day, prompt):
    assert three_months(day) == prompt


def test_cash_is_two_business_days_on():
    assert cash("20261120") == "20261124"
    assert cash("20261223", ("20261225", "20261228")) == "20261229"


trades = st.lists(
    st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 9), st.sampled_from([OPEN, TODAY, YESTERDAY]),
              st.sampled_from([FRIDAY, MONDAY])),
    max_size=10,
)  # fmt: skip


@given(trades, st.integers(1, 30), st.sampled_from([CU, IF, CA]), st.sampled_from([BUY, SELL]), st.integers(0, 9))
def test_a_plan_never_closes_more_than_is_there_and_free(trades, lots, instrument, side, frozen):
    dealer = Dealer(books())
    for traded_side, traded, offset, day in trades:
        dealer.trade(instrument, traded_side, traded, offset, day)
    dealer.books.reserved(dealer.order(instrument, side, 9, TODAY), frozen)
    found = plan(dealer.books, Wish(instrument, side, lots), FEE, LOT_TURNOVER)
    there = sum(
        max(0, line.today_lots) + max(0, line.yesterday_lots)
        for _, line in dealer.books.lines()
        if line.side is side.opposite and line.prompt.isdigit() == bool(instrument.prompt)
    )

    assert found.obstacle or found.lots == lots <= there
