"""What we hold, in the shape in which each venue lets us close it."""

from hypothesis import given
from hypothesis import strategies as st

from tests.core.position_books import (
    ALL,
    BUY,
    CA,
    CLOSE,
    CU,
    FRIDAY,
    HG,
    IF,
    MONDAY,
    OPEN,
    SELL,
    TODAY,
    YESTERDAY,
    Dealer,
    books,
)  # fmt: skip
from trading.core.events import (
    FillBusted,
    FillCorrected,
    ForeignFilled,
    OrderFilled,
    PositionAdjusted,
    TradingDayChanged,
    VenuePosition,
)  # fmt: skip
from trading.core.terms import HedgeFlag


def test_what_was_opened_today_is_yesterdays_after_the_day_changed():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 4)
    dealer.books.day_changed(TradingDayChanged("SHFE", MONDAY))
    dealer.trade(CU, BUY, 3, day=MONDAY)
    held = dealer.held(CU, BUY)

    assert (held.today_lots, held.yesterday_lots) == (3, 4)


def test_long_and_short_stand_beside_each_other():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 4)
    dealer.trade(CU, SELL, 3)

    assert (dealer.held(CU, BUY).lots, dealer.held(CU, SELL).lots) == (4, 3)
    assert dealer.books.net[CU.code] == 1


def test_a_plain_close_means_yesterdays_lots_in_shanghai():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 4)
    dealer.trade(CU, BUY, 3, day=MONDAY)
    dealer.trade(CU, SELL, 2, CLOSE, day=MONDAY)
    held = dealer.held(CU, BUY)

    assert (held.today_lots, held.yesterday_lots) == (3, 2)


def test_a_close_at_cffex_takes_todays_lots_first():
    dealer = Dealer(books())
    dealer.trade(IF, BUY, 4)
    dealer.trade(IF, BUY, 3, day=MONDAY)
    dealer.trade(IF, SELL, 5, CLOSE, day=MONDAY)
    held = dealer.held(IF, BUY)

    assert (held.today_lots, held.yesterday_lots) == (0, 2)


def test_hedge_flags_are_separate_books():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 4, flag=HedgeFlag.HEDGE)
    dealer.trade(CU, BUY, 1)

    assert dealer.held(CU, BUY).lots == 1
    assert dealer.held(CU, BUY, HedgeFlag.HEDGE).lots == 4


def test_three_months_bought_on_friday_and_sold_on_monday_are_two_positions():
    dealer = Dealer(books())
    dealer.trade(CA, BUY, 2)
    dealer.trade(CA, SELL, 2, day=MONDAY)

    lines = [(line.side, line.today_lots + line.yesterday_lots, line.prompt) for _, line in dealer.books.lines("LME")]
    assert lines == [(BUY, 2, "20270219"), (SELL, 2, "20270223")]
    assert dealer.books.net[CA.code] == 0


def test_the_prompt_the_venue_names_counts_not_our_calendar():
    dealer = Dealer(books())
    order = dealer.order(CA, BUY, 2)
    dealer.books.filled(order, OrderFilled(order.client_order_id, "F1", 2, 100, FRIDAY, prompt="20270222"))

    assert [line.prompt for _, line in dealer.books.lines()] == ["20270222"]


def test_a_netting_venue_nets():
    dealer = Dealer(books())
    dealer.trade(HG, BUY, 5)
    dealer.trade(HG, SELL, 8, CLOSE)

    assert (dealer.held(HG, BUY).lots, dealer.held(HG, SELL).lots) == (0, 3)


def test_a_working_close_freezes_what_it_may_take():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 4)
    closing = dealer.order(CU, SELL, 3, TODAY)
    dealer.books.reserved(closing, 3)
    frozen = dealer.held(CU, BUY)
    dealer.books.reserved(closing, 0)

    assert (frozen.today_lots, frozen.frozen_today_lots, frozen.frozen_lots) == (4, 3, 3)
    assert dealer.held(CU, BUY).frozen_lots == 0


def test_a_busted_fill_is_gone_whether_it_comes_before_or_after_the_bust():
    for bust_first in (False, True):
        dealer = Dealer(books())
        order = dealer.order(CU, BUY, 5)
        fill = OrderFilled(order.client_order_id, "F1", 5, 100, FRIDAY)
        bust = FillBusted(order.client_order_id, "F1", FRIDAY)
        for fact in (bust, fill) if bust_first else (fill, bust):
            (dealer.books.busted if fact is bust else dealer.books.filled)(order, fact)

        assert dealer.books.net[CU.code] == 0
        assert list(dealer.books.lines()) == []


def test_a_corrected_fill_counts_as_corrected():
    dealer = Dealer(books())
    order = dealer.trade(CU, BUY, 5)
    dealer.books.corrected(order, FillCorrected(order.client_order_id, "F1", 3, 100, FRIDAY))

    assert dealer.held(CU, BUY).lots == 3


def test_announced_lots_are_held_until_their_fills_come_and_then_once():
    dealer = Dealer(books())
    order = dealer.order(CU, BUY, 5)
    dealer.books.announced(order, 5)
    announced = dealer.held(CU, BUY).lots
    dealer.books.filled(order, OrderFilled(order.client_order_id, "F1", 2, 100, FRIDAY))
    dealer.books.announced(order, 5)

    assert (announced, dealer.held(CU, BUY).lots, dealer.books.net[CU.code]) == (5, 5, 5)


def test_a_foreign_trade_changes_the_books_once():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 5)
    forced = ForeignFilled("SHFE", CU.code, SELL, 2, 100, "B1", FRIDAY, TODAY, is_forced=True)
    dealer.books.foreign(forced)
    dealer.books.foreign(forced)

    assert dealer.held(CU, BUY).lots == 3


def test_an_adjustment_sets_one_line_and_leaves_the_others():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 5)
    dealer.trade(CU, SELL, 2)
    line = VenuePosition(CU.code, BUY, 1, 2)
    dealer.books.adjusted(PositionAdjusted("C1", "trader1", "risk1", "SHFE", line, "broker statement"))

    held = dealer.held(CU, BUY)
    assert (held.today_lots, held.yesterday_lots, dealer.held(CU, SELL).lots) == (1, 2, 2)
    assert dealer.books.net[CU.code] == 1


def test_a_late_fill_of_the_day_before_lands_in_yesterdays_lots():
    dealer = Dealer(books())
    dealer.trade(CU, BUY, 1, day=FRIDAY)
    dealer.books.day_changed(TradingDayChanged("SHFE", MONDAY))
    dealer.trade(CU, BUY, 4, day=FRIDAY)

    assert (dealer.held(CU, BUY).today_lots, dealer.held(CU, BUY).yesterday_lots) == (0, 5)


trades = st.lists(
    st.tuples(
        st.sampled_from([CU, IF, CA, HG]), st.sampled_from([BUY, SELL]), st.integers(1, 9),
        st.sampled_from([OPEN, CLOSE, TODAY, YESTERDAY]), st.sampled_from([FRIDAY, MONDAY]),
        st.sampled_from([HedgeFlag.SPECULATION, HedgeFlag.HEDGE]),
    ),
    max_size=12,
)  # fmt: skip


@given(trades, st.randoms(use_true_random=False))
def test_the_books_do_not_depend_on_the_order_in_which_fills_arrive(trades, random):
    dealer = Dealer(books())
    facts = []
    for number, (instrument, side, lots, offset, day, flag) in enumerate(trades):
        order = dealer.order(instrument, side, lots, offset, flag)
        facts.append((order, OrderFilled(order.client_order_id, f"F{number}", lots, 100, day)))
    facts_again = facts + facts[: len(facts) // 2]  # some are told twice
    shuffled = list(facts_again)
    random.shuffle(shuffled)

    def after(told):
        fresh = books()
        for venue in RULES_AND_NETS:
            fresh.day_changed(TradingDayChanged(venue, FRIDAY))
        for order, fill in told:
            fresh.filled(order, fill)
        for venue in RULES_AND_NETS:
            fresh.day_changed(TradingDayChanged(venue, MONDAY))
        return list(fresh.lines()), {code: lots for code, lots in fresh.net.items() if lots}

    assert after(facts) == after(shuffled)


@given(trades)
def test_net_lots_are_bought_less_sold_whatever_the_offsets(trades):
    dealer = Dealer(books())
    for instrument, side, lots, offset, day, flag in trades:
        dealer.trade(instrument, side, lots, offset, day, flag=flag)

    for code in ALL:
        expected = sum(side.sign * lots for instrument, side, lots, *_ in trades if instrument.code == code)
        held = sum(
            line.side.sign * (line.today_lots + line.yesterday_lots)
            for _, line in dealer.books.lines()
            if line.instrument == code
        )
        assert dealer.books.net[code] == expected == held


RULES_AND_NETS = ("SHFE", "CFFEX", "LME", "CME")
