"""Orders and fills for the tests of position books: copper in Shanghai, London and New York, an index at CFFEX."""

from decimal import Decimal

from trading.core.books import BookKey, Books, OffsetRule
from trading.core.events import Offset, OrderFilled, OrderIntent, Purpose, TimeInForce
from trading.core.terms import Fee, HedgeFlag, Instrument, QuoteBasis
from trading.core.units import Side

BUY, SELL = Side.BUY, Side.SELL
OPEN, CLOSE = Offset.OPEN, Offset.CLOSE
TODAY, YESTERDAY = Offset.CLOSE_TODAY, Offset.CLOSE_YESTERDAY
FRIDAY, MONDAY = "20261120", "20261123"

CU = Instrument("SHFE.cu2703", "SHFE", "cu2703", Decimal(10), Decimal(5), "t", "CNY", QuoteBasis.INCL_VAT)
IF = Instrument("CFFEX.IF2612", "CFFEX", "IF2612", Decimal("0.2"), Decimal(300), "point", "CNY", QuoteBasis.NONE)
CA = Instrument("LME.CA-3M", "LME", "CA", Decimal("0.5"), Decimal(25), "t", "USD", QuoteBasis.EX_VAT, prompt="3M")
HG = Instrument("CME.HGH7", "CME", "HGH7", Decimal("0.0005"), Decimal(25000), "lb", "USD", QuoteBasis.EX_VAT)
ALL = {instrument.code: instrument for instrument in (CU, IF, CA, HG)}
RULES = {"SHFE": OffsetRule.CLOSE_TODAY_SEPARATE, "CFFEX": OffsetRule.CLOSE_TODAY_FIRST}

FEE = Fee("20250101", "broker", close_rate=Decimal("0.00005"), close_today_rate=Decimal("0.0001"))  # domain.md 7.2


def books() -> Books:
    return Books(ALL, RULES)


class Dealer:
    """Sends numbered orders into a set of books."""

    def __init__(self, held: Books) -> None:
        self.books = held
        self.number = 0

    def order(self, instrument, side, lots, offset=OPEN, flag=HedgeFlag.SPECULATION, prompt="") -> OrderIntent:
        self.number += 1
        return OrderIntent(
            f"D1-{self.number}", instrument.code, instrument.venue, 0, side, lots, 100, TimeInForce.IOC,
            Purpose.ENTRY, offset, 0, flag, prompt,
        )  # fmt: skip

    def trade(self, instrument, side, lots, offset=OPEN, day=FRIDAY, **rest) -> OrderIntent:
        order = self.order(instrument, side, lots, offset, **rest)
        self.books.filled(order, OrderFilled(order.client_order_id, f"F{self.number}", lots, 100, day))
        return order

    def held(self, instrument, side, flag=HedgeFlag.SPECULATION, prompt=""):
        return self.books.holding(BookKey(instrument.venue, instrument.code, flag.value, prompt), side)
