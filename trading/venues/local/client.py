"""A venue reached over the local protocol: our side of the connection.

After a (re)connection it logs on, subscribes, asks for all orders and reports their state; only then `VenueUp`.
It sends a heartbeat every 500 ms, because the venue cancels what works after 2 s of silence, and gives the line up
itself when the venue has been silent for as long.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

import msgspec

from trading.core.events import (
    OrderIntent,
    OrderNotSent,
    OrderStatus,
    PositionsReported,
    StatusEnded,
    TradingDayChanged,
    VenueDown,
    VenueUp,
)
from trading.core.terms import Instrument
from trading.core.units import MILLI, Nanos, OffGridPrice
from trading.market.book import Quote
from trading.venues.line import Line
from trading.venues.local import codec
from trading.venues.local.amendments import amendment, foreign_fill
from trading.venues.port import Capabilities, ClockSample, EventSink, LineState, VenueConfig

HEARTBEAT_S = 0.5
SILENCE_MAX_NS = 2_000 * MILLI

log = logging.getLogger(__name__)


class LocalVenue:
    """One connection to a local venue. Implements `trading.venues.port.Venue`."""

    def __init__(
        self,
        config: VenueConfig,
        instruments: Iterable[Instrument],
        *,
        desk: str,
        epoch: int,
        clock: Callable[[], Nanos],
        on_event: EventSink,
        fence: Callable[[], str] = lambda: "",
    ) -> None:
        self.name = config.name
        self.capabilities: Capabilities = config.capabilities
        self.state = LineState(config.name, False, "not connected yet", clock())
        self._config, self._desk, self._epoch = config, desk, epoch
        self._clock, self._on_event = clock, on_event
        self._by_symbol = {i.symbol: i for i in instruments}
        self._by_code = {i.code: i for i in self._by_symbol.values()}
        self._instrument_of: dict[str, Instrument] = {}
        self._subscribed: set[str] = set()
        self._line = Line(
            config.host, config.port,
            on_connected=self._connected, on_bytes=self._received, on_lost=self._lost, fence=fence,
        )  # fmt: skip
        self._splitter = codec.LineSplitter()
        self._asked_at: dict[str, Nanos] = {}  # query reference -> when it was sent
        self._refs = 0
        self._resync_ref = ""
        self._heard_at: Nanos = 0
        self._probed_at: Nanos = 0  # our clock when a question about the venue's clock left; 0 when none is open
        self._beat: asyncio.TimerHandle | None = None

    # --- the port ---

    async def connect(self) -> None:
        self._line.start()

    async def close(self) -> None:
        self._stop_beat()
        await self._line.stop()

    @property
    def is_up(self) -> bool:
        return self.state.is_up

    def adopt(self, orders: Iterable[OrderIntent]) -> None:
        """Know orders of earlier runs, so that what the venue says of them can be read."""
        for order in orders:
            if order.instrument in self._by_code:
                self._instrument_of[order.client_order_id] = self._by_code[order.instrument]

    def send(self, orders: Sequence[OrderIntent]) -> list[OrderNotSent]:
        """Write the orders in one go. Bytes the socket took are sent, whatever happens afterwards."""
        self.adopt(orders)
        lines = [codec.encode_order(o, self._by_code[o.instrument], self._epoch) for o in orders]
        if self.is_up and self._line.write(b"".join(lines)):
            return []
        return [OrderNotSent(o.client_order_id, f"{self.name} is not connected") for o in orders]

    def hold(self) -> None:
        self._line.hold()

    def release(self) -> None:
        self._line.release()

    def cancel(self, client_order_id: str) -> bool:
        return self._line.write(codec.encode(codec.Cancel(self._epoch, client_order_id)))

    def query(self, client_order_id: str, at: Nanos) -> bool:
        return self._line.write(codec.encode(codec.Query(self._epoch, client_order_id, self._ref(at))))

    def query_all(self, at: Nanos) -> bool:
        return self._line.write(codec.encode(codec.QueryAll(self._ref(at))))

    def query_positions(self, at: Nanos) -> bool:
        return self._line.write(codec.encode(codec.QueryPositions(self._ref(at))))

    def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Ask for the depth of these instruments now and after every reconnection."""
        self._subscribed |= {i.symbol for i in instruments}
        if self.is_up:
            self._line.write(codec.encode(codec.Subscribe(tuple(sorted(self._subscribed)))))

    # --- the line ---

    def _connected(self) -> None:
        self._splitter = codec.LineSplitter()
        self._asked_at.clear()
        self._heard_at = self._probed_at = self._clock()
        self._line.write(codec.encode(codec.Logon(self._desk, self._epoch, self._config.account)))
        self._schedule_beat()

    def _lost(self, reason: str) -> None:
        self._stop_beat()
        if self.state.reason != reason:
            log.warning("%s: %s", self.name, reason)
        was_up = self.state.is_up
        self.state = LineState(self.name, False, reason, self._clock())
        if was_up:
            self._on_event(VenueDown(self.name, reason))

    def _received(self, data: bytes) -> None:
        received_at = self._clock()
        self._heard_at = received_at
        try:
            lines = self._splitter.feed(data)
        except codec.BadLine as fault:
            self._line.drop(str(fault))
            return
        latest: dict[str, codec.Depth] = {}
        for line in lines:
            try:
                message = codec.decode_from_venue(line)
                if isinstance(message, codec.Depth):
                    latest[message.symbol] = message
                else:
                    self._handle(message, received_at)
            except (codec.BadLine, OffGridPrice) as fault:
                log.error("%s: message ignored: %s", self.name, fault)
        # Reports before quotes, and of the quotes that arrived together only the last of each instrument.
        for depth in latest.values():
            try:
                self._quote(depth, received_at)
            except (codec.BadLine, OffGridPrice) as fault:
                log.error("%s: quote ignored: %s", self.name, fault)

    def _handle(self, message: codec.FromVenue, received_at: Nanos) -> None:
        match message:
            case codec.Fill():
                self._filled(message)
            case codec.Bust() | codec.Correct():
                self._amended(message)
            case codec.Accepted() | codec.Rejected() | codec.Closed() | codec.CancelRefused():
                self._on_event(codec.report(message))
            case codec.Status():
                asked_at = self._asked_at.get(message.ref, 0)
                self._on_event(OrderStatus(message.id, message.state, message.filled, message.venue_id, asked_at))
            case codec.StatusEnd():
                self._on_event(StatusEnded(self.name, self._asked_at.pop(message.ref, 0)))
                if message.ref == self._resync_ref:
                    self._up()
            case codec.LogonOk():
                self._logged_on(message, received_at)
            case codec.Heartbeat():
                self._sample_clock(message.time_ns, received_at)
            case codec.Error():
                log.error("%s: the venue says: %s", self.name, message.text)
            case codec.Positions():
                found = codec.positions(message, self._by_symbol)
                asked_at = self._asked_at.pop(message.ref, 0)
                self._on_event(PositionsReported(self.name, message.trading_day, found, asked_at))
            case codec.TradingDay(day):
                self.state = msgspec.structs.replace(self.state, trading_day=day)
                self._on_event(TradingDayChanged(self.name, day))

    def _quote(self, depth: codec.Depth, received_at: Nanos) -> None:
        instrument = self._by_symbol.get(depth.symbol)
        if instrument is None:
            raise codec.BadLine(f"depth of {depth.symbol!r}, which was not asked for")
        bids = codec.levels(depth.bids, instrument.tick)
        asks = codec.levels(depth.asks, instrument.tick)
        self._on_event(
            Quote(
                instrument=instrument.code,
                bids=bids,
                asks=asks,
                exchange_at=depth.exchange_ns,
                received_at=received_at,
                lower_limit_ticks=codec.limit_ticks(depth.lower, instrument.tick),
                upper_limit_ticks=codec.limit_ticks(depth.upper, instrument.tick),
                is_trading=depth.phase == "open",
            )
        )

    def _filled(self, message: codec.Fill) -> None:
        """Report a fill; one that cannot be read still counts, so its order's state is asked for."""
        instrument = self._instrument_of.get(message.id)
        try:
            if instrument is not None:
                self._on_event(codec.fill(message, instrument.tick))
            elif message.symbol in self._by_symbol:
                self._on_event(foreign_fill(message, self.name, self._by_symbol[message.symbol]))
            else:
                raise codec.BadLine(f"fill of order {message.id}, which this desk does not know")
        except (codec.BadLine, OffGridPrice):
            self.query(message.id, self._clock())
            raise

    def _amended(self, message: codec.Bust | codec.Correct) -> None:
        """Report a trade taken back or corrected; of an order that is not ours only a position report can tell."""
        instrument = self._instrument_of.get(message.id)
        if instrument is None:
            raise codec.BadLine(f"amendment of order {message.id}, which this desk does not know")
        self._on_event(amendment(message, instrument))

    # --- the session ---

    def _logged_on(self, message: codec.LogonOk, received_at: Nanos) -> None:
        self.state = LineState(self.name, False, "asking for orders", received_at, message.trading_day)
        self._sample_clock(message.time_ns, received_at)
        self._on_event(TradingDayChanged(self.name, message.trading_day))
        if self._subscribed:
            self._line.write(codec.encode(codec.Subscribe(tuple(sorted(self._subscribed)))))
        self._resync_ref = self._ref(received_at)
        self._line.write(codec.encode(codec.QueryAll(self._resync_ref)))

    def _up(self) -> None:
        if not self.state.is_up:
            self._line.usable()
            self.state = LineState(self.name, True, "", self._clock(), self.state.trading_day)
            self._on_event(VenueUp(self.name))

    def _ref(self, at: Nanos) -> str:
        self._refs += 1
        ref = f"q{self._refs}"
        self._asked_at[ref] = at
        while len(self._asked_at) > 1_000:
            del self._asked_at[next(iter(self._asked_at))]
        return ref

    def _sample_clock(self, venue_ns: Nanos | None, received_at: Nanos) -> None:
        if venue_ns is None or not self._probed_at:
            return
        sent_at, self._probed_at = self._probed_at, 0
        middle = (sent_at + received_at) // 2
        self._on_event(ClockSample(self.name, venue_ns - middle, (received_at - sent_at + 1) // 2, received_at))

    def _schedule_beat(self) -> None:
        self._stop_beat()
        self._beat = asyncio.get_running_loop().call_later(HEARTBEAT_S, self._heartbeat)

    def _stop_beat(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _heartbeat(self) -> None:
        now = self._clock()
        if now - self._heard_at > SILENCE_MAX_NS:
            self._line.drop(f"silent for {(now - self._heard_at) / 1e9:.1f} s")
            return
        self._probed_at = now
        self._line.write(codec.encode(codec.Heartbeat()))
        self._schedule_beat()
