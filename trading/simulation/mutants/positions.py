"""Planted bugs of position books, closing plans and the comparison with venues; stories tell what a schedule cannot."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from trading.core import books as book_module
from trading.core import offsets
from trading.core.books import Books, OffsetRule
from trading.core.events import (
    FillBusted,
    Offset,
    OrderFilled,
    OrderIntent,
    PositionsReported,
    Purpose,
    TimeInForce,
    TradingDayChanged,
    VenuePosition,
)  # fmt: skip
from trading.core.offsets import ClosePolicy, Wish, plan
from trading.core.terms import Fee, HedgeFlag, Instrument, QuoteBasis
from trading.core.units import SECOND, Side
from trading.engine import permits
from trading.engine.position_check import PositionCheck, Verdict
from trading.simulation.mutants import Put, mutant

CU = Instrument("SHFE.cu", "SHFE", "cu", Decimal(10), Decimal(5), "t", "CNY", QuoteBasis.INCL_VAT)
IF = Instrument("CFFEX.IF", "CFFEX", "IF", Decimal("0.2"), Decimal(300), "point", "CNY", QuoteBasis.NONE)
CA = Instrument("LME.CA", "LME", "CA", Decimal("0.5"), Decimal(25), "t", "USD", QuoteBasis.NONE, prompt="3M")
RULES = {"SHFE": OffsetRule.CLOSE_TODAY_SEPARATE, "CFFEX": OffsetRule.CLOSE_TODAY_FIRST}
FRIDAY, MONDAY = "20261120", "20261123"
FEE = Fee("20250101", "story", close_rate=Decimal("0.00005"), close_today_rate=Decimal("0.0001"))


def _order(number: int, instrument: Instrument, side: Side, lots: int, offset: Offset, flag: HedgeFlag) -> OrderIntent:
    return OrderIntent(
        f"S-{number}", instrument.code, instrument.venue, 0, side, lots, 100, TimeInForce.IOC, Purpose.ENTRY, offset, 0,
        flag,
    )  # fmt: skip


def _held(*trades: tuple[Instrument, Side, int, Offset, str], flag: HedgeFlag = HedgeFlag.SPECULATION) -> Books:
    """Return the books after these trades, in this order."""
    books = Books({i.code: i for i in (CU, IF, CA)}, RULES)
    for number, (instrument, side, lots, offset, day) in enumerate(trades):
        order = _order(number, instrument, side, lots, offset, flag)
        books.filled(order, OrderFilled(order.client_order_id, f"F{number}", lots, 100, day))
    return books


def _split(books: Books, wish: Wish, fee: Fee | None = None) -> list[tuple[Offset, int]]:
    return [(child.offset, child.lots) for child in plan(books, wish, fee, Fraction(397_500)).children]


FOUR_AND_THREE = ((CU, Side.BUY, 3, Offset.OPEN, FRIDAY), (CU, Side.BUY, 4, Offset.OPEN, MONDAY))


# --- stories ---------------------------------------------------------------------------------------------------


def seven_lots_close_by_two_orders() -> None:
    books = _held(*FOUR_AND_THREE)
    assert _split(books, Wish(CU, Side.SELL, 7)) == [(Offset.CLOSE_TODAY, 4), (Offset.CLOSE_YESTERDAY, 3)]


def the_cheaper_lots_go_first() -> None:
    books = _held(*FOUR_AND_THREE)
    assert _split(books, Wish(CU, Side.SELL, 5), FEE) == [(Offset.CLOSE_YESTERDAY, 3), (Offset.CLOSE_TODAY, 2)]
    asked = Wish(CU, Side.SELL, 5, policy=ClosePolicy.TODAY_FIRST)
    assert _split(books, asked, FEE) == [(Offset.CLOSE_TODAY, 4), (Offset.CLOSE_YESTERDAY, 1)]


def what_a_working_close_claims_is_not_offered_again() -> None:
    books = _held(*FOUR_AND_THREE)
    books.reserved(_order(9, CU, Side.SELL, 3, Offset.CLOSE_TODAY, HedgeFlag.SPECULATION), 3)
    assert _split(books, Wish(CU, Side.SELL, 4)) == [(Offset.CLOSE_TODAY, 1), (Offset.CLOSE_YESTERDAY, 3)]
    assert plan(books, Wish(CU, Side.SELL, 5)).obstacle


def lots_of_another_flag_cannot_be_closed() -> None:
    books = _held(*FOUR_AND_THREE, flag=HedgeFlag.HEDGE)
    assert plan(books, Wish(CU, Side.SELL, 1)).obstacle
    assert _split(books, Wish(CU, Side.SELL, 1, HedgeFlag.HEDGE)) == [(Offset.CLOSE_TODAY, 1)]


def three_months_of_two_days_do_not_net() -> None:
    books = _held((CA, Side.BUY, 2, Offset.OPEN, FRIDAY), (CA, Side.SELL, 2, Offset.OPEN, MONDAY))
    assert sorted(line.prompt for _, line in books.lines()) == ["20270219", "20270223"]
    assert [child.prompt for child in plan(books, Wish(CA, Side.SELL, 2)).children] == ["20270219"]


def a_busted_trade_is_gone_in_either_order() -> None:
    for is_bust_first in (False, True):
        books, order = _held(), _order(1, CU, Side.BUY, 5, Offset.OPEN, HedgeFlag.SPECULATION)
        fill, bust = OrderFilled("S-1", "F1", 5, 100, FRIDAY), FillBusted("S-1", "F1", FRIDAY)
        if is_bust_first:
            books.busted(order, bust)
        books.filled(order, fill)
        if not is_bust_first:
            books.busted(order, bust)
        assert not list(books.lines())


def one_close_eats_todays_lots_first() -> None:
    trades = ((IF, Side.BUY, 3, Offset.OPEN, FRIDAY), (IF, Side.BUY, 4, Offset.OPEN, MONDAY))
    [(_, line)] = _held(*trades, (IF, Side.SELL, 5, Offset.CLOSE, MONDAY)).lines()
    assert (line.today_lots, line.yesterday_lots) == (0, 2)


def _judged(*reports: tuple[int, int], changed_at: int = 0) -> PositionCheck:
    """Return a check that saw these reports, (lots, asked at), against five lots long of ours."""
    check, books = PositionCheck(["SHFE"]), _held((CU, Side.BUY, 5, Offset.OPEN, FRIDAY))
    check.note_up("SHFE", 0)
    for lots, asked_at in reports:
        line = VenuePosition(CU.code, Side.BUY, lots, 0)
        report = PositionsReported("SHFE", FRIDAY, (line,), asked_at)
        check.judge(report, books, frozenset(), {CU.code: changed_at}, asked_at)
    return check


def one_report_is_no_break_and_an_old_one_says_nothing() -> None:
    assert not _judged((4, SECOND)).breaks
    assert not _judged((4, SECOND), (4, 2 * SECOND), changed_at=3 * SECOND).breaks
    assert _judged((4, SECOND), (4, 2 * SECOND)).breaks


# --- bugs ------------------------------------------------------------------------------------------------------


@mutant(specification=seven_lots_close_by_two_orders)
def closes_everything_as_todays(put: Put) -> None:
    def as_todays(wish: Wish, today: int, yesterday: int, yesterday_first: bool) -> list[offsets.Child]:
        return [offsets.Child(Offset.CLOSE_TODAY, min(wish.lots, today + yesterday), today)]

    put(offsets, "_separate", as_todays)


@mutant(specification=the_cheaper_lots_go_first)
def closes_todays_lots_first_whatever_they_cost(put: Put) -> None:
    put(offsets, "_yesterday_goes_first", lambda wish, fee, turnover_per_lot: False)


@mutant(specification=what_a_working_close_claims_is_not_offered_again)
def offers_frozen_lots_again(put: Put) -> None:
    put(Books, "reserved", lambda self, intent, lots: None)


@mutant(specification=lots_of_another_flag_cannot_be_closed)
def keeps_one_book_for_all_hedge_flags(put: Put) -> None:
    sound = Books._key

    def without_flag(self: Books, intent: OrderIntent, day: str, prompt: str) -> book_module.BookKey:
        key = sound(self, intent, day, prompt)
        return book_module.BookKey(key.venue, key.instrument, HedgeFlag.SPECULATION.value, key.prompt)

    put(Books, "_key", without_flag)


@mutant(specification=three_months_of_two_days_do_not_net)
def keeps_the_word_3m_instead_of_its_date(put: Put) -> None:
    put(book_module, "prompt_of", lambda instrument, trading_day: instrument.prompt)


@mutant(specification=a_busted_trade_is_gone_in_either_order)
def forgets_a_bust_that_comes_before_its_fill(put: Put) -> None:
    sound = Books.busted

    def only_of_known(self: Books, intent: OrderIntent, bust: FillBusted) -> None:
        if (bust.trading_day, bust.fill_id) in self._trades[intent.client_order_id]:
            sound(self, intent, bust)

    put(Books, "busted", only_of_known)


@mutant(specification=one_close_eats_todays_lots_first)
def lets_cffex_close_yesterdays_lots_first(put: Put) -> None:
    def held(self: Any) -> tuple[int, int]:
        taken = min(self.closed, max(self.before, 0))
        return self.opened - (self.closed - taken), self.before - taken

    put(book_module._Tally, "held", held)


@mutant(specification=one_report_is_no_break_and_an_old_one_says_nothing)
def believes_a_report_older_than_the_last_trade(put: Put) -> None:
    sound = PositionCheck.judge

    def judge(self: PositionCheck, report: Any, books: Books, unsettled: Any, changed_at: Any, now: int) -> Verdict:
        return sound(self, report, books, unsettled, {}, now)

    put(PositionCheck, "judge", judge)


@mutant
def compares_and_says_nothing(put: Put) -> None:
    def judge(self: PositionCheck, report: Any, books: Books, unsettled: Any, changed_at: Any, now: int) -> Verdict:
        self._compared.add(report.venue)
        self._ask_at[report.venue] = now + 60 * SECOND
        return Verdict()

    put(PositionCheck, "judge", judge)


@mutant
def enters_in_spite_of_a_break(put: Put) -> None:
    put(permits, "is_broken", lambda desk, program: False)


@mutant
def books_a_repeated_fill_again(put: Put) -> None:
    def book(self: Books, order: str, name: tuple[str, str], booked: Any) -> None:
        self._trades[order][name] = booked
        self._add(booked, 1)

    put(Books, "_book", book)


@mutant
def never_turns_the_day(put: Put) -> None:
    def stays(self: Books, event: TradingDayChanged) -> None:
        self.days[event.venue] = event.trading_day

    put(Books, "day_changed", stays)
    put(Books, "_roll", lambda self, venue, day: None)
