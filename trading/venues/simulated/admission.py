"""Why a venue would not take an order: the checks it makes on arrival, in the order it makes them."""

from collections.abc import Callable
from decimal import Decimal

from trading.core.events import Offset
from trading.core.terms import Instrument
from trading.core.units import Lots, OffGridPrice, Ticks, to_ticks
from trading.venues.simulated.messages import NewOrder, RejectCode, Tick
from trading.venues.simulated.positions import Positions
from trading.venues.simulated.spec import OPEN, VenueSpec

Objection = tuple[RejectCode, str]


def find_objection(
    request: NewOrder,
    instrument: Instrument,
    tick: Tick | None,
    phase: str,
    spec: VenueSpec,
    positions: Positions,
    closing_lots: Lots,
) -> Objection | None:
    """Return the first reason not to take the order, or None.

    `closing_lots` are claimed by working closing orders.
    """
    checks: tuple[Callable[[], Objection | None], ...] = (
        lambda: _check_phase(phase, request.symbol),
        lambda: _check_lots(request, instrument),
        lambda: _check_price(request, instrument, tick),
        lambda: _check_offset(request, spec, positions, closing_lots),
        lambda: _check_margin(request, spec, positions),
    )
    return next((objection for check in checks if (objection := check()) is not None), None)


def price_limits(instrument: Instrument, tick: Tick | None) -> tuple[Ticks | None, Ticks | None]:
    """Return (lower, upper) in ticks: the feed's own, else the instrument's rate around the last price."""
    if tick is None:
        return None, None
    if (
        tick.upper is not None
        or tick.lower is not None
        or instrument.price_limit_rate is None
        or not tick.last
    ):
        return tick.lower, tick.upper
    rate = instrument.price_limit_rate
    return int(tick.last * (1 - rate)), int(tick.last * (1 + rate))


def _check_phase(phase: str, symbol: str) -> Objection | None:
    if phase == OPEN:
        return None
    return RejectCode.CLOSED, f"{symbol} is not trading: phase {phase}"


def _check_lots(request: NewOrder, instrument: Instrument) -> Objection | None:
    if request.lots <= 0:
        return RejectCode.QUANTITY, f"quantity {request.lots} is not positive"
    if instrument.order_lots_max is not None and request.lots > instrument.order_lots_max:
        return (
            RejectCode.QUANTITY,
            f"quantity {request.lots} is above the venue's {instrument.order_lots_max} per order",
        )
    return None


def _check_price(request: NewOrder, instrument: Instrument, tick: Tick | None) -> Objection | None:
    if instrument.is_pricing_only:
        return RejectCode.PERMISSION, f"{request.symbol} is published for pricing only"
    try:
        ticks = to_ticks(request.price, instrument.tick)
    except OffGridPrice as error:
        return RejectCode.OFF_TICK, str(error)
    lower, upper = price_limits(instrument, tick)
    if upper is not None and ticks > upper:
        return RejectCode.PRICE_LIMIT, f"price {request.price} is above the limit {_price(upper, instrument)}"
    if lower is not None and ticks < lower:
        return RejectCode.PRICE_LIMIT, f"price {request.price} is below the limit {_price(lower, instrument)}"
    return None


def _price(ticks: Ticks, instrument: Instrument) -> Decimal:
    return ticks * instrument.tick


def _check_offset(
    request: NewOrder, spec: VenueSpec, positions: Positions, closing_lots: Lots
) -> Objection | None:
    if not spec.tracks_offsets or request.offset in (None, Offset.OPEN):
        return None
    holding = positions.of(request.account, request.symbol)
    closable = (
        holding.closable_lots(request.side, request.offset, spec.closes_today_separately) - closing_lots
    )
    if request.lots <= closable:
        return None
    return (
        RejectCode.OFFSET,
        f"{request.offset.value} of {request.lots} lots, but {max(closable, 0)} can be closed",
    )


def _check_margin(request: NewOrder, spec: VenueSpec, positions: Positions) -> Objection | None:
    if spec.account_lots_max is None or request.offset not in (None, Offset.OPEN):
        return None
    held = positions.of(request.account, request.symbol).gross_lots
    if held + request.lots <= spec.account_lots_max:
        return None
    return RejectCode.MARGIN, f"{held} + {request.lots} lots need more margin than the account has"
