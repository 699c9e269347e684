"""Fees of an order: dated data of its instrument, never constants of the code (domain.md §7.2)."""

from fractions import Fraction

from trading.core.terms import Fee, Instrument
from trading.core.units import Lots, exact


def fee_on(instrument: Instrument, day: str) -> Fee | None:
    """Return the fees in force on `day` (YYYYMMDD); dates in the configuration may carry dashes."""
    valid = [fee for fee in instrument.fees if fee.valid_from.replace("-", "") <= day]
    return max(valid, key=lambda fee: fee.valid_from.replace("-", ""), default=None)


def opening_fee(fee: Fee | None, turnover: Fraction, lots: Lots) -> Fraction:
    """Return the fee for opening, in the currency of `turnover`."""
    return Fraction(0) if fee is None else abs(turnover) * exact(fee.open_rate) + lots * exact(fee.open_per_lot)
