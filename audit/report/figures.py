"""How the report writes numbers and times (ux.md section 3.5): true minus signs, no rounding of prices."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

from audit.journal_format import Instrument
from audit.report.words import Words

# China has had no daylight saving time since 1991: a fixed offset is exact for every record.
BEIJING = timezone(timedelta(hours=8))


def moment(at_ns: int | None) -> str:
    """Return date and time in Beijing to the microsecond, 2026-11-20 21:04:11.204318."""
    if at_ns is None:
        return "--"
    seconds, rest = divmod(at_ns, 1_000_000_000)
    at = datetime.fromtimestamp(seconds, UTC).astimezone(BEIJING)
    return f"{at:%Y-%m-%d %H:%M:%S}.{rest // 1000:06d}"


def clock(at_ns: int | None) -> str:
    """Return the time of day alone, to the microsecond."""
    return moment(at_ns).partition(" ")[2] or "--"


def duration(span_ns: int | None) -> str:
    """Return a span in the unit that suits it: us below 1 ms, ms below 10 s, then s."""
    if span_ns is None:
        return "--"
    if span_ns < 1_000_000:
        return f"{span_ns / 1000:.0f} µs"
    if span_ns < 10_000_000_000:
        return f"{span_ns / 1_000_000:.1f} ms"
    return f"{span_ns / 1_000_000_000:.1f} s"


def between(start_ns: int | None, end_ns: int | None) -> str:
    return "--" if start_ns is None or end_ns is None else duration(end_ns - start_ns)


def number(value: Decimal | int | None) -> str:
    """Return a figure grouped by thousands, with a true minus sign; -- where there is none."""
    if value is None:
        return "--"
    return f"{value:,f}".replace("-", "−") if isinstance(value, Decimal) else f"{value:,}".replace("-", "−")


def signed(value: Fraction | int) -> str:
    """Return lots with their sign; a share of a lot keeps four decimals."""
    if value == int(value):
        return f"{int(value):+,}".replace("-", "−") if value else "0"
    return f"{value.numerator / value.denominator:+,.4f}".replace("-", "−")


def price(ticks: int | Fraction | None, instrument: Instrument | None, words: Words) -> str:
    """Return ticks as the instrument's price, exact; ticks themselves where its tick is not on record."""
    if ticks is None:
        return "--"
    if instrument is None:
        return f"{ticks} {words('ticks')}"
    exact = Fraction(ticks) * Fraction(instrument.tick)
    places = max(0, -int(instrument.tick.normalize().as_tuple().exponent))
    if exact.denominator != 1:
        places += 2 if isinstance(ticks, Fraction) and ticks.denominator != 1 else 0
    quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
    return f"{quotient:,.{places}f}".replace("-", "−")
