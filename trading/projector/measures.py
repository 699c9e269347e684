"""The figures of an execution, computed from its decision and its fills: leg gap, naked band, slippage, fees.

Every figure can be computed again from the journal; none is added up over time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction

import msgspec

from audit.models import Receipt
from trading.core.depth import walk
from trading.core.events import OrdersDecided, QuoteSeen
from trading.core.units import SECOND, Side
from trading.engine.records import Body
from trading.models import ChildOrder, Execution, FeeSchedule
from trading.projector.names import Names
from trading.selectors.naked import Traded, exact_decimal, leg_gap_ns, naked_band, naked_lot_ms, traded_of

_decoder = msgspec.json.Decoder(Body)


def measure(execution: Execution, names: Names) -> None:
    """Compute and store the figures of an execution as far as they are known."""
    traded = traded_of(execution.id)
    legs = list(execution.pair.legs.order_by("position"))
    band = naked_band(traded, [leg.ratio_lots for leg in legs])
    execution.leg_gap_ns = leg_gap_ns(traded)
    execution.naked_peak_lots = max((abs(step.lots) for step in band), default=execution.naked_peak_lots)
    execution.naked_lot_ms = naked_lot_ms(band)
    entry = _entry(execution)
    if entry is not None and traded:
        quotes = {quote.instrument: quote for quote in entry.quotes}
        rates = _rates(execution, quotes, names)
        execution.slippage = _slippage(traded, quotes, rates, names)
        execution.fees = _fees(traded, rates, names)
    execution.save(update_fields=["leg_gap_ns", "naked_peak_lots", "naked_lot_ms", "slippage", "fees"])


def _entry(execution: Execution) -> OrdersDecided | None:
    """Return the decision that opened the execution, read from its receipt."""
    stream = f"desk:{execution.desk.name}"
    body = Receipt.objects.filter(stream=stream, seq=execution.first_seq).values_list("body", flat=True).first()
    event = None if body is None else _decoder.decode(body).event
    return event if isinstance(event, OrdersDecided) else None


def _rates(execution: Execution, quotes: dict[str, QuoteSeen], names: Names) -> dict[str, Fraction]:
    """Return desk currency per unit of each currency, at the FX that the decision saw."""
    rates = {execution.desk.currency: Fraction(1)}
    fx = execution.pair.fx_instrument
    quote = quotes.get(fx.code) if fx else None
    if fx is not None and quote is not None and quote.asks:
        rates[fx.unit] = Fraction(names.price(fx.code, quote.asks[0].price_ticks))
    return rates


def _slippage(
    traded: Sequence[Traded], quotes: dict[str, QuoteSeen], rates: dict[str, Fraction], names: Names
) -> object:
    """Return what was paid beyond the depth the decision saw, in desk currency; None if it cannot be priced."""
    cost = Fraction(0)
    for order, fill in traded:
        instrument = names.instruments[order.instrument]
        expected = _expected_price(order, quotes.get(order.instrument), names)
        rate = rates.get(instrument.currency)
        if expected is None or rate is None:
            return None
        worse = (Fraction(fill.price) - expected) * Side(order.side).sign
        cost += worse * fill.lots * Fraction(instrument.multiplier) * rate
    return exact_decimal(cost)


def _expected_price(order: ChildOrder, quote: QuoteSeen | None, names: Names) -> Fraction | None:
    """Return the price the entry counted on: the quote's own, else the average of the lots in the book it saw."""
    if order.purpose == "entry" and order.time_in_force == "day":
        return Fraction(order.price)  # a quote names its own price
    if quote is None:
        return None
    levels = quote.asks if Side(order.side) is Side.BUY else quote.bids
    total = walk(levels, order.lots)
    if total is None:
        return None
    return Fraction(total, order.lots) * Fraction(names.instruments[order.instrument].tick)


def _fees(traded: Sequence[Traded], rates: dict[str, Fraction], names: Names) -> object:
    """Return the fees of all fills by the schedules of their day, in desk currency; None without a schedule."""
    total = Fraction(0)
    for order, fill in traded:
        instrument = names.instruments[order.instrument]
        day = datetime.fromtimestamp(fill.recorded_at_ns // SECOND, UTC).date()
        schedule = FeeSchedule.objects.filter(instrument=instrument, valid_from__lte=day).last()
        rate = rates.get(instrument.currency)
        if schedule is None or rate is None:
            return None
        kind = {"open": "open", "close_today": "close_today"}.get(order.offset, "close")
        turnover = Fraction(fill.price) * fill.lots * Fraction(instrument.multiplier)
        fee = turnover * Fraction(getattr(schedule, f"{kind}_rate"))
        fee += fill.lots * Fraction(getattr(schedule, f"{kind}_per_lot"))
        total += fee * rate
    return exact_decimal(total)
