"""A venue reached over FIX: the asyncio connection around the sans-I/O session.

After every logon it asks for all orders (OrderMassStatusRequest) and reports their state; only then `VenueUp`.
Messages that were missed meanwhile come by ResendRequest, as possible duplicates, and count once by ExecID.
No order is ever sent twice: what a venue asks for again is gap-filled by the session and queried here.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from trading.core.events import (
    CancelRejected,
    OrderIntent,
    OrderNotSent,
    OrderRejected,
    RejectClass,
    StatusEnded,
    VenueDown,
    VenueUp,
)
from trading.core.terms import Instrument
from trading.core.units import MICRO, MILLI, SECOND, Nanos, OffGridPrice
from trading.venues.fix import feed, messages, outputs, rejects
from trading.venues.fix.body import Body, MalformedMessage
from trading.venues.fix.codec import Message
from trading.venues.fix.codes import ExecType
from trading.venues.fix.order_entry import MassStatus, OrderEntry
from trading.venues.fix.outputs import Output, Role, SessionConfig
from trading.venues.fix.positions import (
    PositionQuestion,
    PositionReport,
    PositionsAcknowledged,
    RequestForPositions,
)
from trading.venues.fix.reports import (
    Amendments,
    UnreadableFill,
    cancel_refused,
    events_of,
    foreign_fill,
    order_id,
)
from trading.venues.fix.session import Session
from trading.venues.fix.store import FileStore
from trading.venues.fix.timestamps import format_utc
from trading.venues.line import Line
from trading.venues.port import Capabilities, ClockSample, EventSink, LineState, VenueConfig

STATUS_ANSWER_MAX = 5 * SECOND
CHORES_S = 1.0
CLOCK_SAMPLE_EVERY = 10  # chores
LOGOUT_S = 2.0

APP_TYPES = frozenset({b"8", b"9", b"j", b"AO", b"AP"}) | feed.MSG_TYPES
UNREADABLE = (MalformedMessage, UnreadableFill, OffGridPrice, ArithmeticError)

log = logging.getLogger(__name__)


class FixVenue:
    """One FIX session that carries orders and market data. Implements `trading.venues.port.Venue`."""

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
        store_file: Path,
        password: str = "",
    ) -> None:
        """Open the session's store; raises StoreDamaged or StoreInUse."""
        self.name = config.name
        self.capabilities: Capabilities = config.capabilities
        self.state = LineState(config.name, False, "not connected yet", clock())
        self._id_prefix = f"{desk}{epoch}C"
        self._clock, self._on_event = clock, on_event
        store_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store = FileStore(store_file)
        self._session = Session(_session_config(config, password), self._store)
        traded = tuple(instruments)
        self._entry = OrderEntry(self._session, traded, config.account)
        self._feed = feed.Feed(config.name, traded)
        self._amendments = Amendments()
        self._ids = 0
        self._resync = MassStatus()
        self._positions = PositionQuestion()
        self._by_symbol = {instrument.symbol: instrument for instrument in traded}
        self._account, self._day = config.account or None, ""
        self._queried_at: dict[str, Nanos] = {}
        self._unsent: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._chores: asyncio.Task[None] | None = None
        self._is_closing = False
        self._line = Line(
            config.host, config.port,
            on_connected=self._connected, on_bytes=self._received, on_lost=self._lost, fence=fence,
        )  # fmt: skip

    # --- the port ---

    async def connect(self) -> None:
        self._line.start()
        self._chores = asyncio.create_task(self._do_chores())

    async def close(self) -> None:
        """Log out, wait a little for the answer, and let go of the line and the store."""
        self._is_closing = True
        self._perform(self._session.logout("closing", self._clock()))
        for _ in range(int(LOGOUT_S * 50)):
            if not self._line.is_open:
                break
            await asyncio.sleep(0.02)
        if self._chores is not None:
            self._chores.cancel()
        if self._timer is not None:
            self._timer.cancel()
        await self._line.stop()
        self._store.close()

    @property
    def is_up(self) -> bool:
        return self.state.is_up

    def adopt(self, orders: Iterable[OrderIntent]) -> None:
        """Know orders of earlier runs, so that what the venue says of them can be read."""
        self._entry.adopt(orders)

    def send(self, orders: Sequence[OrderIntent]) -> list[OrderNotSent]:
        """Write the orders in one go. Bytes the socket took are sent, whatever happens afterwards."""
        self.adopt(orders)
        not_sent = []
        for order in orders:
            if not (self.is_up and self._session.is_logged_on and self._line.is_writable):
                not_sent.append(OrderNotSent(order.client_order_id, f"{self.name} is not connected"))
                continue
            now = self._clock()
            template, values = self._entry.new(order, now)
            self._perform(self._session.send_template(template, values, now))
        return not_sent

    def hold(self) -> None:
        self._line.hold()

    def release(self) -> None:
        self._line.release()

    def cancel(self, client_order_id: str) -> bool:
        body = self._entry.cancel(client_order_id, self._next_id(), self._clock())
        return body is not None and self._send(body)

    def query(self, client_order_id: str, at: Nanos) -> bool:
        body = self._entry.status(client_order_id)
        self._queried_at[client_order_id] = at
        return body is not None and self._send(body)

    def query_all(self, at: Nanos) -> bool:
        self._resync = MassStatus(self._next_id(), at)
        return self._send(messages.OrderMassStatusRequest(request_id=self._resync.request_id))

    def query_positions(self, at: Nanos) -> bool:
        self._positions = PositionQuestion(self._next_id(), at)
        day = self._day or format_utc(at)[:8].decode()
        request = RequestForPositions(
            request_id=self._positions.request_id, account=self._account, business_day=day, sent_at=at
        )
        return self._send(request)

    def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Ask for the depth of these instruments now and after every logon."""
        self._feed.subscribed |= {i.symbol for i in instruments}
        if self._session.is_logged_on:
            self._ask(self._feed.subscription())

    # --- the line ---

    def _connected(self) -> None:
        self._perform(self._session.start(self._clock()))

    def _received(self, data: bytes) -> None:
        self._perform(self._session.receive(data, self._clock()))

    def _lost(self, reason: str) -> None:
        self._perform(self._session.connection_lost(self._clock()))
        self._down(reason)

    def _due(self) -> None:
        self._timer = None
        self._perform(self._session.timer(self._clock()))

    def _perform(self, found: list[Output]) -> None:
        for output in found:
            match output:
                case outputs.Send(data):
                    self._line.write(data)
                case outputs.Deliver(message, is_poss_dup):
                    self._deliver(message, is_poss_dup)
                case outputs.Disconnect(reason):
                    self._line.drop(reason, flush=True)
                case _:
                    self._session_news(output)
        self._rearm()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._session.deadline()
        if deadline is not None:
            delay_s = max(0.001, (deadline - self._clock()) / SECOND)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._due)

    # --- what the session reports ---

    def _session_news(self, output: Output) -> None:
        match output:
            case outputs.LoggedOn():
                self._change_state(False, "asking for orders")
                self._perform(self._session.request_clock_sample(self._clock()))
                self._ask(self._feed.subscription())
                self.query_all(self._clock())
            case outputs.LoggedOut(reason):
                self._down(reason)
            case outputs.MessagesSkipped(first, last):
                log.error("%s: messages %d to %d will not come; asking for all orders", self.name, first, last)
                self.query_all(self._clock())
            case outputs.StaleOrderNotResent(msg_type, client_order_id):
                if msg_type == "D":
                    self._unsent.append(client_order_id)
            case outputs.RejectReceived(_, msg_type, client_order_id, reason, text):
                self._refused(msg_type, client_order_id, f"session reject {reason}", text)
            case outputs.RejectSent() | outputs.Garbled():
                log.error("%s: message refused: %s", self.name, output)
            case outputs.ClockSample():
                self._on_event(_clock_sample(self.name, output))
            case outputs.GapDetected(expected, received):
                log.warning("%s: messages %d to %d are missing, asked for", self.name, expected, received - 1)

    def _refused(
        self, msg_type: str, client_order_id: str, code: str, text: str, reject_class: RejectClass = RejectClass.OTHER
    ) -> None:
        """A message of ours was not processed there: nothing of it will happen."""
        log.error("%s refuses our %s message: %s %s", self.name, msg_type, code, text)
        if msg_type == "D" and client_order_id:
            self._on_event(OrderRejected(client_order_id, reject_class, code, text))
        elif msg_type == "F" and client_order_id:
            self._on_event(CancelRejected(client_order_id, text))
        elif msg_type == "AF":
            self._resync_ended()

    def _deliver(self, message: Message, is_poss_dup: bool) -> None:
        received_at = self._clock()
        try:
            if message.msg_type in feed.MSG_TYPES:
                if not is_poss_dup:  # an old book says nothing about the present one
                    for quote in self._feed.read(message, received_at):
                        self._on_event(quote)
                    self._ask(self._feed.repair())
            elif message.msg_type == b"8":
                self._report(messages.ExecutionReport.parse(message), message)
            elif message.msg_type in (b"AO", b"AP"):
                self._position(message)
            elif message.msg_type == b"9":
                self._on_event(cancel_refused(messages.OrderCancelReject.parse(message)))
            elif message.msg_type == b"j":
                no = messages.BusinessMessageReject.parse(message)
                text = no.text or ""
                found = rejects.of_business(no.reason, text)
                self._refused(no.ref_msg_type, no.ref_id or "", f"business reject {no.reason}", text, found)
        except UNREADABLE as fault:
            log.error("%s: %s; asking for the order's state", self.name, fault)
            self.query(message.text(41) or message.text(11), self._clock())

    def _position(self, message: Message) -> None:
        if message.msg_type == b"AO":
            self._positions.acknowledged(PositionsAcknowledged.parse(message))
        else:
            self._positions.reported(PositionReport.parse(message))
        found = self._positions.answer(self.name, self._by_symbol)
        if found is not None:
            self._positions, self._day = PositionQuestion(), found.trading_day
            self._on_event(found)

    def _report(self, report: messages.ExecutionReport, message: Message) -> None:
        is_of_mass_status = bool(report.mass_status_id)
        order = order_id(report)
        report = self._amendments.rooted(report)
        if report.exec_type is ExecType.TRADE and self._entry.instrument_of(order) is None:
            self._foreign(report, message)
            return
        queried_at = self._resync.asked_at if is_of_mass_status else self._queried_at.get(order, 0)
        if order and not (is_of_mass_status and report.reports_total == 0):
            for event in events_of(
                report, self._entry.instrument_of, trading_day=message.text(75), queried_at=queried_at
            ):
                self._on_event(event)
        if is_of_mass_status and self._resync.counts(report):
            self._resync_ended()

    def _foreign(self, report: messages.ExecutionReport, message: Message) -> None:
        """Report a trade of the account that no order of ours made; the position counts it all the same."""
        instrument = self._entry.listed(report.symbol)
        if instrument is None:
            log.warning("%s: a trade in %s, which this desk does not trade", self.name, report.symbol)
            return
        self._on_event(foreign_fill(report, self.name, instrument, message.text(75)))

    # --- up and down ---

    def _resync_ended(self) -> None:
        if not self._resync.request_id:
            return
        asked_at, self._resync = self._resync.asked_at, MassStatus()
        unsent, self._unsent = self._unsent, []
        for client_order_id in unsent:
            self.query(client_order_id, self._clock())
        self._on_event(StatusEnded(self.name, asked_at))
        if not self.state.is_up:
            self._line.usable()
            self._change_state(True, "")
            self._on_event(VenueUp(self.name))

    def _down(self, reason: str) -> None:
        was_up = self.state.is_up
        if self.state.reason != reason and not self._is_closing:
            log.warning("%s: %s", self.name, reason)
        self._change_state(False, reason)
        self._resync = MassStatus()
        if was_up:
            self._on_event(VenueDown(self.name, reason))

    def _change_state(self, is_up: bool, reason: str) -> None:
        self.state = LineState(self.name, is_up, reason, self._clock())

    async def _do_chores(self) -> None:
        """Once a second: durable session numbers, an unanswered mass status, now and then the venue's clock."""
        loop = asyncio.get_running_loop()
        for turn in range(1, 1 << 62):
            await asyncio.sleep(CHORES_S)
            await loop.run_in_executor(None, self._store.sync)
            if not self._session.is_logged_on:
                continue
            if self._resync.is_overdue(self._clock(), STATUS_ANSWER_MAX):
                log.error("%s did not list our orders within 5 s; asking again", self.name)
                self.query_all(self._clock())
            if turn % CLOCK_SAMPLE_EVERY == 0:
                self._perform(self._session.request_clock_sample(self._clock()))

    # --- messages out ---

    def _ask(self, request: messages.MarketDataRequest | None) -> None:
        if request is not None:
            self._send(request)

    def _send(self, body: Body) -> bool:
        if not self._session.is_logged_on or not self._line.is_writable:
            return False
        self._perform(self._session.send_app(body.MSG_TYPE, body.fields(), self._clock()))
        return True

    def _next_id(self) -> str:
        self._ids += 1
        return f"{self._id_prefix}{self._ids}"


def _session_config(config: VenueConfig, password: str) -> SessionConfig:
    return SessionConfig(
        role=Role.INITIATOR,
        sender_comp_id=config.sender_comp_id,
        target_comp_id=config.target_comp_id,
        begin_string=config.begin_string,
        heartbeat_s=config.heartbeat_s,
        username=config.username or None,
        password=password or None,
        app_types=APP_TYPES,
    )


def _clock_sample(venue: str, sample: outputs.ClockSample) -> ClockSample:
    """Return offset and error. A stamp cut off at q reads q/2 early on average, at most q/2 either way."""
    at = sample.venue_time_at
    grain = MILLI if at % MILLI == 0 else MICRO if at % MICRO == 0 else 1
    middle = (sample.sent_at + sample.received_at) // 2
    error = (sample.received_at - sample.sent_at + 1) // 2 + grain // 2
    return ClockSample(venue, at + grain // 2 - middle, error, sample.received_at)
