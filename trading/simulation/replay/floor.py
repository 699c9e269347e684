"""The trading floor of a replay: simulated exchanges, one clock, and a trader who hears and acts in virtual time.

Whoever trades (the desk, or the baseline) gets the same ticks, the same delays and the same exchanges. The next thing
that happens is the earliest of: a tick, a report or book reaching the trader, an order reaching a venue, a deadline.
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from itertools import count
from typing import Any, Protocol

from trading.core import events as e
from trading.core.terms import Instrument
from trading.core.units import MICRO, MILLI, Nanos
from trading.engine import actions as a
from trading.engine.config import DeskConfig
from trading.market.book import Quote
from trading.simulation.replay.fault_rates import NO_FAULTS, FaultRates
from trading.venues.local.codec import REJECT_CLASSES
from trading.venues.simulated import messages as say
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.spec import VenueSpec

DURABLE_AFTER = 300 * MICRO  # stated: what one durable append costs here
ACCOUNT = "REPLAY"


class Trader(Protocol):
    """The desk, or something that trades in its place."""

    def on_quote(self, quote: Quote, now: Nanos) -> list[Any]: ...
    def on_report(self, event: Any, now: Nanos) -> list[Any]: ...
    def on_time(self, now: Nanos) -> list[Any]: ...
    def on_durable(self, seq: int, now: Nanos) -> list[Any]: ...
    def deadline(self) -> Nanos | None: ...


class Floor:
    """`delay_ms` is the round trip of an order at each venue; books travel half of it."""

    def __init__(self, config: DeskConfig, delay_ms: int, faults: FaultRates | None = None) -> None:
        self.desk_name = config.desk
        self._durable_after = DURABLE_AFTER if delay_ms else 0  # without any delay, none of ours either
        self._instruments = {instrument.code: instrument for instrument in config.instruments}
        self.exchanges = {
            venue.name: Exchange(_spec(venue.name, venue.kind == "local", config, delay_ms), seed)
            for seed, venue in enumerate(config.venues, 1)
        }
        for exchange in self.exchanges.values():
            (faults or NO_FAULTS).switch_on(exchange.faults)
        self._arrivals: list[tuple[Nanos, int, str, Any]] = []  # (at, number, venue, message)
        self._number = count()
        self._durable: list[tuple[Nanos, int]] = []
        self.orders_sent = 0

    def run(self, trader: Trader, ticks: Iterable[say.Tick]) -> Nanos:
        """Play all ticks and let what is under way come to rest; return when the last one came."""
        now = 0
        for tick in ticks:
            self._pass_time(trader, tick.exchange_ns)
            now = tick.exchange_ns
            instrument = self._instruments[tick.instrument]
            shown = say.Tick(instrument.symbol, *(getattr(tick, name) for name in tick.__struct_fields__[1:]))
            self._deliver(instrument.venue, self.exchanges[instrument.venue].feed(shown, now))
        return now

    def call(self, trader: Trader, wanted: list[Any], now: Nanos) -> None:
        """Do what the trader asks."""
        for action in wanted:
            match action:
                case a.Sync(seq):
                    heapq.heappush(self._durable, (now + self._durable_after, seq))
                case a.Submit():
                    for order in action.orders:
                        self._send(order, now)
                case a.Cancel(venue, order_id):
                    self._ask(venue, say.CancelOrder(self.desk_name, order_id), now)
                case a.Query(venue, order_id, at):
                    self._ask(venue, say.QueryOrder(self.desk_name, order_id, str(at)), now)
                case a.QueryAll(venue, at):
                    self._ask(venue, say.QueryOrders(self.desk_name, str(at)), now)

    def faults_that_occurred(self) -> dict[str, int]:
        """Return how often each fault happened, over all venues."""
        return dict(sum((exchange.faults.occurred for exchange in self.exchanges.values()), Counter()))

    # --- time ---

    def _pass_time(self, trader: Trader, until: Nanos) -> None:
        while (now := self._next_at(trader)) is not None and now <= until:
            for name, exchange in self.exchanges.items():
                due = exchange.deadline()
                if due is not None and due <= now:
                    self._deliver(name, exchange.timer(now))
            while self._durable and self._durable[0][0] <= now:
                self.call(trader, trader.on_durable(heapq.heappop(self._durable)[1], now), now)
            while self._arrivals and self._arrivals[0][0] <= now:
                _, _, venue, message = heapq.heappop(self._arrivals)
                self._hear(trader, venue, message, now)
            due = trader.deadline()
            if due is not None and due <= now:
                self.call(trader, trader.on_time(now), now)

    def _next_at(self, trader: Trader) -> Nanos | None:
        times = [exchange.deadline() for exchange in self.exchanges.values()]
        times += [heap[0][0] for heap in (self._arrivals, self._durable) if heap]
        times.append(trader.deadline())
        return min((at for at in times if at is not None), default=None)

    def _deliver(self, venue: str, deliveries: list[say.Delivery]) -> None:
        for at, message in deliveries:
            heapq.heappush(self._arrivals, (at, next(self._number), venue, message))

    # --- words ---

    def _send(self, order: e.OrderIntent, now: Nanos) -> None:
        self.orders_sent += 1
        instrument = self._instruments[order.instrument]
        is_local = self.exchanges[order.venue].spec.tracks_offsets
        request = say.NewOrder(
            desk=self.desk_name,
            account=ACCOUNT,
            client_order_id=order.client_order_id,
            symbol=instrument.symbol,
            side=order.side,
            lots=order.lots,
            price=order.price_ticks * instrument.tick,
            time_in_force=order.time_in_force,
            offset=order.offset if is_local else None,
            hedge_flag=order.hedge_flag,
            prompt=order.prompt,
        )
        self._ask(order.venue, request, now)

    def _ask(self, venue: str, request: say.Request, now: Nanos) -> None:
        self._deliver(venue, self.exchanges[venue].handle(request, now))

    def _hear(self, trader: Trader, venue: str, message: say.Message, now: Nanos) -> None:
        if isinstance(message, say.Depth):
            instrument = self._instrument(venue, message.symbol)
            quote = Quote(
                instrument.code,
                message.bids,
                message.asks,
                message.exchange_ns,
                now,
                message.lower,
                message.upper,
                message.phase == "open",
            )
            self.call(trader, trader.on_quote(quote, now), now)
            return
        event = _event(venue, message)
        if event is not None:
            self.call(trader, trader.on_report(event, now), now)

    def _instrument(self, venue: str, symbol: str) -> Instrument:
        return self.exchanges[venue].listed[symbol]


def _spec(name: str, is_local: bool, config: DeskConfig, delay_ms: int) -> VenueSpec:
    listed = tuple(instrument for instrument in config.instruments if instrument.venue == name)
    capabilities = config.venue(name).capabilities
    one_way = delay_ms * MILLI // 2
    return VenueSpec(
        name=name,
        instruments=listed,
        latency_in=one_way,
        latency_out=one_way,
        market_data_latency=one_way,
        silence_max=None,
        message_rate_per_s=capabilities.message_rate_per_s,
        closes_today_separately=capabilities.closes_today_separately,
        tracks_offsets=is_local,
        one_trade_id_per_match=is_local,
        publishes_every_change=not is_local,
    )


def _event(venue: str, message: say.Report | say.DayBegan) -> Any:
    """Return what a venue adapter would make of the report."""
    match message:
        case say.Accepted(_, order_id, venue_id, at):
            return e.OrderAccepted(order_id, venue_id, at)
        case say.Rejected(_, order_id, code, text, at):
            reject_class = REJECT_CLASSES.get(code.value, e.RejectClass.OTHER)
            return e.OrderRejected(order_id, reject_class, code.value, text, at)
        case say.Filled():
            return e.OrderFilled(
                message.client_order_id,
                message.fill_id,
                message.lots,
                message.price_ticks,
                message.trading_day,
                message.exchange_ns,
                message.prompt,
            )
        case say.DayBegan(day):
            return e.TradingDayChanged(venue, day)
        case say.Closed(_, order_id, filled, reason, at):
            return e.OrderClosed(order_id, filled, reason, at)
        case say.CancelRejected(_, order_id, _, text):
            return e.CancelRejected(order_id, text)
        case say.Status(_, order_id, state, filled, venue_id, ref):
            return e.OrderStatus(order_id, state, filled, venue_id, int(ref))
        case say.StatusEnd(_, ref):
            return e.StatusEnded(venue, int(ref))
    return None
