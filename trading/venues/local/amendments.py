"""What the local protocol says of trades beyond our fills: taken back, corrected, or made by somebody else. Pure."""

from trading.core.events import FillBusted, FillCorrected, ForeignFilled, Offset
from trading.core.terms import HedgeFlag, Instrument
from trading.core.units import Side, to_ticks
from trading.venues.local.codec import BadLine, Bust, Correct, Fill


def foreign_fill(message: Fill, venue: str, instrument: Instrument) -> ForeignFilled:
    """Return the core's event for a trade that no order of ours made; raises OffGridPrice or BadLine."""
    try:
        return ForeignFilled(
            venue, instrument.code, Side(message.side), message.lots, to_ticks(message.price, instrument.tick),
            message.fill_id, message.trading_day, Offset(message.offset or "open"), HedgeFlag(message.hedge),
            message.forced, message.prompt,
        )  # fmt: skip
    except (ArithmeticError, ValueError) as error:
        raise BadLine(f"fill {message.fill_id} of order {message.id}: {error}") from None


def amendment(message: Bust | Correct, instrument: Instrument) -> FillBusted | FillCorrected:
    """Return the core's event for a trade taken back or corrected; raises OffGridPrice or BadLine."""
    if isinstance(message, Bust):
        return FillBusted(message.id, message.fill_id, message.trading_day)
    try:
        ticks = to_ticks(message.price, instrument.tick)
    except ArithmeticError:
        raise BadLine(f"correction of {message.fill_id} to {message.price}, which is no price") from None
    return FillCorrected(message.id, message.fill_id, message.lots, ticks, message.trading_day)
