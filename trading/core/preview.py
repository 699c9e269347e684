"""What an unwind or a flatten would trade if it were asked for now. Nothing is decided and nothing changes."""

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from trading.core import events as e
from trading.core.execution import Execution
from trading.core.repair import CHOSEN
from trading.core.units import SECOND, Nanos, to_price

if TYPE_CHECKING:
    from trading.core.program import HedgeProgram

PREVIEW_VALID = 15 * SECOND  # a command that rests on an older preview is refused


class PreviewedOrder(msgspec.Struct, frozen=True):
    instrument: str
    venue: str
    leg: int
    side: str
    lots: int
    price: str  # limit price, quote unit of the instrument
    offset: str


class Preview(msgspec.Struct, frozen=True):
    """The orders of the next step and their expected cost in domestic currency; `obstacle` says why there are none."""

    orders: tuple[PreviewedOrder, ...]
    cost: str | None
    held_units: int  # matched units the program holds, over all routes
    units: int  # that this step would trade back; 0 for an unwind
    clips: int  # steps that the whole takes
    naked: tuple[int, ...]
    obstacle: str
    as_of: Nanos
    expires_at: Nanos


def preview_flatten(program: "HedgeProgram", units: int, now: Nanos) -> Preview:
    """Return the first clip of a flatten of `units` units."""
    flattens, clip_units = program.flattens, program.terms.clip_units
    held = flattens.held()
    wanted = min(units, held)
    clip = flattens.clip(wanted, now) if wanted > 0 and not program.state.open else None
    obstacle = ""
    if clip is None:
        obstacle = "nothing_held" if not held else "execution_open" if program.state.open else "no_price"
    return Preview(
        () if clip is None else _orders(program, clip.orders), None if clip is None else _text(clip.cost),
        held, 0 if clip is None else clip.units, -(-wanted // clip_units), (), obstacle, now, now + PREVIEW_VALID,
    )  # fmt: skip


def preview_unwind(program: "HedgeProgram", now: Nanos) -> Preview:
    """Return the orders that would trade the naked lots of the first open execution away."""
    case = next((case for case in program.state.open if case.is_naked), None)
    decided, obstacle = None, "nothing_naked"
    if case is not None:
        decided = program.repair_as_if(case, "reduce", now)
        obstacle = "" if decided is not None else "orders_live" if case.is_live else "no_price"
    return Preview(
        () if decided is None else _orders(program, decided.orders), _chosen_cost(decided),
        program.flattens.held(), 0, 1 if decided is not None else 0, _naked(case), obstacle, now, now + PREVIEW_VALID,
    )  # fmt: skip


def _orders(program: "HedgeProgram", orders: tuple[e.OrderIntent, ...]) -> tuple[PreviewedOrder, ...]:
    return tuple(
        PreviewedOrder(
            order.instrument, order.venue, order.leg, order.side.value, order.lots,
            format(to_price(order.price_ticks, program.instrument_of(order).tick), "f"), order.offset.value,
        )
        for order in orders
    )  # fmt: skip


def _chosen_cost(decided: e.OrdersDecided | None) -> str | None:
    if decided is None:
        return None
    return next((_text(option.cost) for option in decided.options if option.reason == CHOSEN), None)


def _naked(case: Execution | None) -> tuple[int, ...]:
    return () if case is None else case.naked


def _text(cost: Decimal | None) -> str | None:
    return None if cost is None else format(cost, "f")
