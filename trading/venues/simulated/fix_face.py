"""The foreign face: a FIX 4.4 acceptor on TCP for orders and market data, one session per venue."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

from trading.core.events import TimeInForce
from trading.core.units import SECOND, Nanos, Side
from trading.venues.fix import codes, messages, outputs
from trading.venues.fix.body import MalformedMessage
from trading.venues.fix.codec import Message, Value, encode
from trading.venues.fix.lobby import Admitted, Lobby
from trading.venues.fix.positions import RequestForPositions
from trading.venues.fix.session import Session
from trading.venues.fix.timestamps import format_utc
from trading.venues.simulated import messages as say
from trading.venues.simulated.config import VenueEntry
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.face import PortBusy, Venue
from trading.venues.simulated.fix_market_data import PublishedBook
from trading.venues.simulated.fix_reports import ReportWriter
from trading.venues.simulated.fix_store import VenueStore
from trading.venues.simulated.tap import Tap

log = logging.getLogger(__name__)
APP_TYPES = frozenset({b"D", b"F", b"H", b"AF", b"AN", b"V", b"j"})
TIMES_IN_FORCE = {
    codes.TimeInForce.DAY: TimeInForce.DAY,
    codes.TimeInForce.IOC: TimeInForce.IOC,
    codes.TimeInForce.FOK: TimeInForce.FOK,
}


class Connection(asyncio.Protocol):
    """One TCP connection: first in the lobby, then the session's."""

    def __init__(self, face: "FixFace") -> None:
        self._face = face
        self.lobby: Lobby | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.lobby = self._face.lobby()

    def data_received(self, data: bytes) -> None:
        self._face.received(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._face.lost(self)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


class FixFace:
    def __init__(self, entry: VenueEntry, exchange: Exchange, venue: Venue, tap: Tap, desk: str, store: Path) -> None:
        self._entry, self._exchange, self._venue, self._tap = entry, exchange, venue, tap
        self._desk = desk
        self._store = VenueStore(store)
        self._session = Session(_session_config(entry), self._store)
        self._writer = ReportWriter(exchange.listed, f"{entry.name}{exchange.spec.run}", entry.account)
        self._books = {symbol: PublishedBook(instrument) for symbol, instrument in exchange.listed.items()}
        self._subscriptions: dict[str, str] = {}  # symbol -> MDReqID(262)
        self._connection: Connection | None = None
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Connection(self), self._entry.host, self._entry.port)
        except OSError as error:
            raise PortBusy.at(self._entry, error) from error

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._perform(self._session.logout("the venue closes", self._venue.now()))
        if self._connection is not None:
            self._connection.close()
        if self._timer is not None:
            self._timer.cancel()
        self._store.close()

    @property
    def clients(self) -> list[str]:
        return [self._desk] if self._session.is_logged_on else []

    # --- the connection ---

    def lobby(self) -> Lobby:
        return Lobby([self._session], self._venue.now())

    def received(self, connection: Connection, data: bytes) -> None:
        now = self._venue.now()
        if self._exchange.faults.is_on("half_open", now):
            return
        if connection is self._connection:
            self._perform(self._session.receive(data, now))
            return
        assert connection.lobby is not None
        verdict = connection.lobby.receive(data, now)
        if isinstance(verdict, Admitted):
            self._connection = connection
            self._perform(verdict.outputs)
        elif verdict is not None:
            log.warning("%s: connection refused: %s", self._entry.name, verdict.reason)
            connection.close()

    def lost(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        self._subscriptions.clear()
        self._perform(self._session.connection_lost(self._venue.now()))

    def _perform(self, found: list[outputs.Output]) -> None:
        for output in found:
            match output:
                case outputs.Send(data):
                    self._write(data)
                case outputs.Deliver(message, is_poss_dup, is_poss_resend):
                    self._receive(message, is_poss_dup or is_poss_resend)
                case outputs.Disconnect(reason):
                    log.info("%s: session ends: %s", self._entry.name, reason)
                    if self._connection is not None:
                        self._connection.close()
                case outputs.LoggedOn():
                    self._logged_on()
                case outputs.LoggedOut(reason):
                    log.info("%s: client logged out: %s", self._entry.name, reason)
                    self._venue.submit(say.Disconnected(self._desk))
                case outputs.RejectSent() | outputs.Garbled():
                    log.warning("%s: message refused: %s", self._entry.name, output)
        self._rearm()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._session.deadline()
        if deadline is not None and self._server is not None and self._server.is_serving():
            delay_s = max(0.001, (deadline - self._venue.now()) / SECOND)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._due)

    def _due(self) -> None:
        self._timer = None
        self._perform(self._session.timer(self._venue.now()))

    def _write(self, data: bytes) -> None:
        faults, now = self._exchange.faults, self._venue.now()
        if faults.is_on("half_open", now) or faults.is_on("one_way", now):
            return
        if self._connection is not None and self._connection.transport is not None:
            self._connection.transport.write(data)

    def _send(self, msg_type: bytes, fields: list[tuple[int, Value]]) -> None:
        if self._session.is_logged_on:
            self._perform(self._session.send_app(msg_type, fields, self._venue.now()))

    # --- from the client ---

    def _logged_on(self) -> None:
        refusal = self._exchange.faults.take("refuse_logon", self._venue.now())
        if refusal is not None:
            self._perform(self._session.logout(str(refusal["text"]), self._venue.now()))
            if self._connection is not None:
                self._connection.close()
            return
        self._venue.submit(say.Logon(self._desk, self._entry.account))
        log.info("%s: %s logged on", self._entry.name, self._entry.target_comp_id)

    def _receive(self, message: Message, is_repeated: bool) -> None:
        try:
            match message.msg_type:
                case b"D":
                    self._order(messages.NewOrderSingle.parse(message), message, is_repeated)
                case b"F":
                    self._cancel(messages.OrderCancelRequest.parse(message), message)
                case b"H":
                    self._query(messages.OrderStatusRequest.parse(message), message)
                case b"AF":
                    request = messages.OrderMassStatusRequest.parse(message)
                    self._tap.inbound(self._venue.now(), _readable(message))
                    self._venue.submit(say.QueryOrders(self._desk, f"AF:{request.request_id}"))
                case b"AN":
                    self._tap.inbound(self._venue.now(), _readable(message))
                    asked = RequestForPositions.parse(message)
                    self._venue.submit(say.QueryPositions(self._desk, asked.request_id))
                case b"V":
                    self._subscribe(messages.MarketDataRequest.parse(message))
        except MalformedMessage as error:
            self._tap.inbound(self._venue.now(), _readable(message))
            self._send(b"j", [(45, message.integer(34) or 0), (372, message.msg_type), (380, 5), (58, str(error))])

    def _order(self, order: messages.NewOrderSingle, message: Message, is_repeated: bool) -> None:
        now, faults = self._venue.now(), self._exchange.faults
        self._tap.inbound(now, _readable(message), order.client_order_id, self._desk, is_order=True)
        side = Side.BUY if order.side is codes.Side.BUY else Side.SELL
        if faults.take("drop_before_order", now, order.symbol, side) is not None:
            if self._connection is not None:
                self._connection.close()
            return
        self._writer.know(order)
        time_in_force = TIMES_IN_FORCE.get(order.time_in_force)
        if order.order_type is not codes.OrderType.LIMIT or order.price is None or time_in_force is None:
            text = "limit orders for the day, IOC or FOK are taken here"
            unsupported = say.RejectCode.UNSUPPORTED
            self.deliver(say.Rejected(self._desk, order.client_order_id, unsupported, text, now))
            return
        self._venue.submit(
            say.NewOrder(
                desk=self._desk,
                account=order.account or self._entry.account,
                client_order_id=order.client_order_id,
                symbol=order.symbol,
                side=side,
                lots=order.lots,
                price=order.price,
                time_in_force=time_in_force,
                prompt=order.maturity_date or "",
            )
        )
        if faults.take("drop_after_order", now, order.symbol, side) is not None and self._connection is not None:
            self._connection.close()

    def _cancel(self, cancel: messages.OrderCancelRequest, message: Message) -> None:
        self._tap.inbound(self._venue.now(), _readable(message), cancel.orig_client_order_id)
        self._writer.know_about(cancel.orig_client_order_id, cancel.symbol, cancel.side)
        self._venue.submit(say.CancelOrder(self._desk, cancel.orig_client_order_id, cancel_id=cancel.client_order_id))

    def _query(self, query: messages.OrderStatusRequest, message: Message) -> None:
        self._tap.inbound(self._venue.now(), _readable(message), query.client_order_id)
        self._writer.know_about(query.client_order_id, query.symbol, query.side)
        self._venue.submit(say.QueryOrder(self._desk, query.client_order_id, query.request_id or ""))

    def _subscribe(self, request: messages.MarketDataRequest) -> None:
        for wanted in request.symbols:
            symbol = wanted.symbol
            if symbol not in self._books:
                text = f"{self._entry.name} does not list {symbol}"
                self._send(b"Y", [(262, request.request_id), (281, "0"), (58, text)])
            elif request.subscription is codes.SubscriptionType.UNSUBSCRIBE:
                self._subscriptions.pop(symbol, None)
            else:
                if request.subscription is codes.SubscriptionType.SUBSCRIBE:
                    self._subscriptions[symbol] = request.request_id
                if self._books[symbol].is_known:
                    self._send(b"W", self._books[symbol].snapshot(request.request_id))

    # --- to the client ---

    def deliver(self, message: say.Message) -> None:
        if isinstance(message, say.Depth):
            self._publish(message)
            return
        if isinstance(message, say.DayBegan):
            return  # FIX 4.4 has no message for it: fills and position reports name the day
        if message.desk != self._desk:
            return  # an order of somebody else, on another account
        for msg_type, fields in self._writer.write(message):
            self._tap.outbound(self._venue.now(), _text(msg_type, fields), getattr(message, "client_order_id", ""))
            self._send(msg_type, fields)

    def _publish(self, depth: say.Depth) -> None:
        book = self._books[depth.symbol]
        is_first = not book.is_known
        changes = book.update(depth)
        request_id = self._subscriptions.get(depth.symbol)
        if request_id is None:
            return
        status = book.phase_change(depth)
        if status is not None:
            self._send(b"f", status)
        if is_first:
            self._send(b"W", book.snapshot(request_id))
        elif changes is not None:
            self._send(b"X", [(262, request_id), *changes])

    # --- line faults ---

    def act(self, name: str, params: dict[str, Any]) -> None:
        match name:
            case "drop_connection" if self._connection is not None:
                self._connection.close()
            case "kick":
                self._perform(self._session.logout("logged out by the venue", self._venue.now()))
                if self._connection is not None:
                    self._connection.close()
            case "seq_gap":
                self._store.set_next_out(self._store.next_out + int(params["numbers"]))
            case "poss_dup":
                self._repeat(int(params["messages"]))
            case "replay_day":
                for report in self._exchange.reports.history(self._desk):
                    for msg_type, fields in self._writer.write(report):
                        self._send(msg_type, [(97, True), *fields])
            case "malformed":
                self._write(b"8=FIX.4.4\x019=5\x0135=8\x01\x0110=000\x01")

    def _repeat(self, reports_max: int) -> None:
        """Send the last execution reports again under their old numbers, as possible duplicates."""
        last = self._store.next_out - 1
        stored = [(number, raw) for number, raw in self._store.outbound(1, last) if b"\x0135=8\x01" in raw[:40]]
        for _, raw in stored[-reports_max:]:
            self._write(_as_duplicate(raw, self._venue.now()))


def _as_duplicate(raw: bytes, now: Nanos) -> bytes:
    fields = [field for field in raw.split(b"\x01") if field]
    sent_at = next(field[3:] for field in fields if field.startswith(b"52="))
    head = [b"52=" + format_utc(now, 3), b"43=Y", b"122=" + sent_at]
    body = [part for field in fields[2:-1] for part in (head if field.startswith(b"52=") else [field])]
    return encode(fields[0][2:], b"\x01".join(body) + b"\x01")


def _readable(message: Message) -> str:
    return "|".join(f"{tag}={value.decode('utf-8', 'backslashreplace')}" for tag, value in message.fields)


def _text(msg_type: bytes, fields: list[tuple[int, Value]]) -> str:
    shown = (f"{tag}={value.decode() if isinstance(value, bytes) else value}" for tag, value in fields)
    return "|".join((f"35={msg_type.decode()}", *shown))


def _session_config(entry: VenueEntry) -> outputs.SessionConfig:
    return outputs.SessionConfig(
        role=outputs.Role.ACCEPTOR,
        sender_comp_id=entry.sender_comp_id,
        target_comp_id=entry.target_comp_id,
        heartbeat_s=entry.heartbeat_s,
        username=entry.username or None,
        password=os.environ.get(entry.password_env) if entry.password_env else None,
        app_types=APP_TYPES,
        sending_time_digits=6,
    )
