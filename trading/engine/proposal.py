"""A decision as the gate sees it: each order with its price, its reference and its value in the desk's currency."""

from decimal import Decimal

import msgspec

from trading.core.events import OrderIntent, OrdersDecided, Purpose, QuoteSeen
from trading.core.policy import is_fresh, reference_half_ticks
from trading.core.program import HedgeProgram
from trading.core.terms import Instrument
from trading.core.units import Nanos, to_price
from trading.core.view import FX, MarketView


class ProposedOrder(msgspec.Struct, frozen=True):
    client_order_id: str
    venue: str
    instrument: str
    pair: str
    side_sign: int
    lots: int
    price: Decimal
    reference_price: Decimal | None
    value: Decimal | None


class OrderProposal(msgspec.Struct, frozen=True):
    is_repair: bool
    orders: tuple[ProposedOrder, ...]
    to_come: tuple[ProposedOrder, ...] = ()  # the hedge that follows when the lead order trades


def propose(program: HedgeProgram, decided: OrdersDecided, now: Nanos) -> OrderProposal:
    """Return the measures of a decision; a stale reference or FX rate is left out, never guessed."""
    quotes = {quote.instrument: quote for quote in decided.quotes}
    view = route_of(program, decided)
    orders = tuple(
        _measured(view, program.instrument_of(order), order, quotes.get(order.instrument), now)
        for order in decided.orders
    )
    if decided.purpose is not Purpose.ENTRY or decided.lead is None:
        return OrderProposal(decided.purpose is not Purpose.ENTRY, orders)
    hedge = _hedge_to_come(program, view, decided)
    quote = quotes.get(hedge.instrument)
    return OrderProposal(False, orders, (_measured(view, view.instruments[hedge.leg], hedge, quote, now),))


def _hedge_to_come(program: HedgeProgram, view: MarketView, decided: OrdersDecided) -> OrderIntent:
    """Return the other leg of everything the lead order may fill, at the price it would have now."""
    lead = decided.orders[0]
    other = 1 - lead.leg
    lots = -(-lead.lots // view.ratio_lots[lead.leg]) * view.ratio_lots[other]
    price = view.entry_price(other, lots) or 0  # without a price there is no order either
    return program.intent("to-come", other, view.sides[other], lots, price, Purpose.HEDGE, view=view)


def route_of(program: HedgeProgram, decided: OrdersDecided) -> MarketView:
    """Return the route of the decision: what an open execution runs on, else what the decision chose."""
    case = program.state.executions.get(decided.execution)
    return program.views[decided.route] if case is None else program.view_of(case)


def _measured(
    view: MarketView, instrument: Instrument, order: OrderIntent, quote: QuoteSeen | None, now: Nanos
) -> ProposedOrder:
    pair = view.pair
    price = to_price(order.price_ticks, instrument.tick)
    reference = None
    if quote is not None and is_fresh(quote, now, pair.leg_age_max):
        half = reference_half_ticks(quote)
        reference = None if half is None else half * instrument.tick / 2
    return ProposedOrder(
        order.client_order_id, order.venue, order.instrument, pair.code, order.side.sign, order.lots, price,
        reference, _value(view, instrument, order.lots * price, now),
    )  # fmt: skip


def _value(view: MarketView, instrument: Instrument, lots_price: Decimal, now: Nanos) -> Decimal | None:
    amount = lots_price * instrument.multiplier
    if instrument.currency == view.instruments[0].currency:
        return amount
    fx = view.fx_ticks
    if fx is None or not is_fresh(view.quote_at(FX), now, view.pair.fx_age_max):
        return None
    return amount * to_price(fx, view.held[FX].tick)
