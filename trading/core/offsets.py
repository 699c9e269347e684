"""Which lots a closing order takes: one leg to close becomes the child orders that its venue wants.

SHFE and INE take today's and yesterday's lots by separate orders with separate fees, so closing seven lots of which
four are today's is two orders; which goes first is a matter of cost. CFFEX and DCE take one close and eat today's lots
first, which the fee estimate says. A netting venue has no offsets, but the LME nets within one prompt date only: what
was bought in 3M yesterday is sold back in that date, never in the 3M of today.

Lots that other closing orders of ours tie up are not there to be closed, and only lots of the opening hedge flag are.
"""

from decimal import Decimal
from enum import Enum
from fractions import Fraction

import msgspec

from trading.core.books import BookKey, Books, OffsetRule
from trading.core.events import Offset
from trading.core.prompts import prompt_of
from trading.core.terms import Fee, HedgeFlag, Instrument
from trading.core.units import Lots, Side, exact


class ClosePolicy(Enum):
    """Which lots go first where the venue tells them apart."""

    CHEAPEST = "cheapest"  # by the fees on record; at the same fee today's
    TODAY_FIRST = "today_first"
    YESTERDAY_FIRST = "yesterday_first"


class Child(msgspec.Struct, frozen=True):
    """One order of a plan, and the lots of today's position that it takes (for fees)."""

    offset: Offset
    lots: Lots
    today_lots: Lots = 0
    prompt: str = ""


class Plan(msgspec.Struct, frozen=True):
    """The child orders of one leg, or the reason why they cannot be."""

    children: tuple[Child, ...]
    obstacle: str = ""

    @property
    def lots(self) -> Lots:
        return sum(child.lots for child in self.children)


class Wish(msgspec.Struct, frozen=True):
    """What is to be traded: `lots` on `side`, closing what was opened under `hedge_flag`."""

    instrument: Instrument
    side: Side
    lots: Lots
    hedge_flag: HedgeFlag = HedgeFlag.SPECULATION
    prompts: tuple[str, ...] = ()  # close in these prompt dates only; none given: the earliest that hold something
    policy: ClosePolicy = ClosePolicy.CHEAPEST
    opens_rest: bool = False  # what cannot be closed may open the other side instead
    is_disputed: bool = False  # the venue refused our split of days: try it the other way round


def plan(books: Books, wish: Wish, fee: Fee | None = None, turnover_per_lot: Fraction = Fraction(0)) -> Plan:
    """Return the orders that close `wish.lots`, never more than the books hold free.

    `turnover_per_lot` is price x multiplier in the instrument's currency: what the fees on record are rates of.
    """
    rule = books.rule(wish.instrument.venue)
    if rule is OffsetRule.NET:
        return _net(books, wish)
    key = BookKey(wish.instrument.venue, wish.instrument.code, wish.hedge_flag.value, wish.instrument.prompt)
    held = books.holding(key, wish.side.opposite)
    today = max(0, held.today_lots - held.frozen_today_lots)
    yesterday = max(0, held.yesterday_lots - held.frozen_yesterday_lots)
    if rule is OffsetRule.CLOSE_TODAY_FIRST:
        children = _undifferentiated(wish, today, yesterday, held.frozen_any_lots)
    else:
        children = _separate(wish, today, yesterday, _yesterday_goes_first(wish, fee, turnover_per_lot))
    return _complete(wish, children)


def fees(children: tuple[Child, ...], fee: Fee | None, turnover_per_lot: Fraction) -> Fraction:
    """Return what the children cost in fees, in the instrument's currency; `turnover_per_lot` is price x multiplier."""
    if fee is None:
        return Fraction(0)
    total = Fraction(0)
    for child in children:
        if child.offset is Offset.OPEN:
            total += child.lots * _per_lot(fee.open_rate, fee.open_per_lot, turnover_per_lot)
            continue
        earlier = child.lots - child.today_lots
        total += child.today_lots * _per_lot(fee.close_today_rate, fee.close_today_per_lot, turnover_per_lot)
        total += earlier * _per_lot(fee.close_rate, fee.close_per_lot, turnover_per_lot)
    return total


def opening_prompt(instrument: Instrument, trading_day: str) -> str:
    """Return the prompt date a new position gets on `trading_day`; "" where there is none or the day is not known."""
    prompt = prompt_of(instrument, trading_day)
    return prompt if prompt.isdigit() else ""


def _per_lot(rate: Decimal, per_lot: Decimal, turnover_per_lot: Fraction) -> Fraction:
    return abs(turnover_per_lot) * exact(rate) + exact(per_lot) if rate else exact(per_lot)


def _net(books: Books, wish: Wish) -> Plan:
    """Close inside prompt dates, the earliest first; without prompts one order nets by itself."""
    instrument = wish.instrument
    if not instrument.prompt:
        return Plan((Child(Offset.CLOSE, wish.lots),))
    children: list[Child] = []
    left = wish.lots
    for key in books.keys(instrument.code):
        if not left or (wish.prompts and key.prompt not in wish.prompts) or key.hedge_flag != wish.hedge_flag.value:
            continue
        held = books.holding(key, wish.side.opposite)
        take = min(left, max(0, held.lots - held.frozen_lots))
        if take:
            prompt = key.prompt if key.prompt.isdigit() else ""
            children.append(Child(Offset.CLOSE, take, min(take, held.today_lots), prompt))
            left -= take
    return _complete(wish, children)


def _undifferentiated(wish: Wish, today: Lots, yesterday: Lots, frozen: Lots) -> list[Child]:
    frozen_today = min(today, frozen)
    free_today, free = today - frozen_today, max(0, today + yesterday - frozen)
    lots = min(wish.lots, free)
    return [Child(Offset.CLOSE, lots, min(lots, free_today))] if lots else []


def _separate(wish: Wish, today: Lots, yesterday: Lots, yesterday_first: bool) -> list[Child]:
    if wish.is_disputed:
        today, yesterday = yesterday, today
    free = {Offset.CLOSE_TODAY: today, Offset.CLOSE_YESTERDAY: yesterday}
    order = [Offset.CLOSE_TODAY, Offset.CLOSE_YESTERDAY]
    if yesterday_first:
        order.reverse()
    children: list[Child] = []
    left = wish.lots
    for offset in order:
        take = min(left, free[offset])
        if take:
            children.append(Child(offset, take, take if offset is Offset.CLOSE_TODAY else 0))
            left -= take
    return children


def _yesterday_goes_first(wish: Wish, fee: Fee | None, turnover_per_lot: Fraction) -> bool:
    if wish.policy is not ClosePolicy.CHEAPEST:
        return wish.policy is ClosePolicy.YESTERDAY_FIRST
    if fee is None:
        return False
    today = _per_lot(fee.close_today_rate, fee.close_today_per_lot, turnover_per_lot)
    return _per_lot(fee.close_rate, fee.close_per_lot, turnover_per_lot) < today


def _complete(wish: Wish, children: list[Child]) -> Plan:
    """Open the rest where the caller allows it; otherwise say what is missing."""
    found = sum(child.lots for child in children)
    rest = wish.lots - found
    if not rest:
        return Plan(tuple(children))
    if wish.opens_rest:
        return Plan((*children, Child(Offset.OPEN, rest, 0, "")))
    flag = wish.hedge_flag.value
    return Plan((), f"{wish.instrument.code}: {found} lots free to close ({flag}), {wish.lots} wanted")
