"""The domestic face: the local venue protocol on TCP, one JSON object per line (README of trading/venues/local)."""

import asyncio
import logging
from collections import deque
from decimal import Decimal
from typing import Any

import msgspec

from trading.core.events import Offset, TimeInForce
from trading.core.terms import HedgeFlag, Instrument
from trading.core.units import Side
from trading.venues.local import codec
from trading.venues.simulated import messages as say
from trading.venues.simulated.config import VenueEntry
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.face import PortBusy, Venue, price_text
from trading.venues.simulated.tap import Tap

log = logging.getLogger(__name__)
RESENT_MAX = 1000


class Client(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, face: "LocalFace") -> None:
        self._face = face
        self._splitter = codec.LineSplitter()
        self.transport: asyncio.Transport | None = None
        self.desk = ""
        self.account = ""
        self.epoch = 0
        self.symbols: set[str] = set()
        self.sent: deque[bytes] = deque(maxlen=RESENT_MAX)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            lines = self._splitter.feed(data)
        except codec.BadLine as error:
            self.write(codec.encode(codec.Error(str(error))))
            self.drop()
            return
        for line in lines:
            self._face.receive(self, line)

    def connection_lost(self, exc: Exception | None) -> None:
        self._face.lost(self)

    def write(self, line: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(line)

    def drop(self) -> None:
        if self.transport is not None:
            self.transport.close()


class LocalFace:
    """Serves desks over the local protocol; the last logon of a desk is the one that gets its reports."""

    def __init__(self, entry: VenueEntry, exchange: Exchange, venue: Venue, tap: Tap) -> None:
        self._entry, self._exchange, self._venue, self._tap = entry, exchange, venue, tap
        self._clients: dict[str, Client] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Client(self), self._entry.host, self._entry.port)
        except OSError as error:
            raise PortBusy.at(self._entry, error) from error

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for client in list(self._clients.values()):
            client.drop()

    @property
    def clients(self) -> list[str]:
        return sorted(self._clients)

    # --- from the client ---

    def receive(self, client: Client, line: bytes) -> None:
        """Handle one line; a bad one is answered with an error and costs nothing else."""
        now = self._venue.now()
        faults = self._exchange.faults
        if faults.is_on("half_open", now):
            return
        try:
            message = codec.decode_to_venue(line)
        except codec.BadLine as error:
            self._tap.inbound(now, line.decode("utf-8", "backslashreplace"))
            client.write(codec.encode(codec.Error(str(error))))
            return
        if isinstance(message, codec.Logon):
            self._logon(client, message)
        elif not client.desk:
            client.write(codec.encode(codec.Error("log on first")))
        else:
            self._request(client, message, line)

    def _logon(self, client: Client, message: codec.Logon) -> None:
        now = self._venue.now()
        refusal = self._exchange.faults.take("refuse_logon", now)
        known = self._clients.get(message.desk)
        if refusal is None and known is not None and known.epoch > message.epoch:
            refusal = {"text": f"epoch {message.epoch} of desk {message.desk} is older than {known.epoch}"}
        if refusal is not None:
            client.write(codec.encode(codec.Error(str(refusal["text"]))))
            client.drop()
            return
        if known is not None and known is not client:
            known.desk = ""
            known.drop()
        client.desk, client.account, client.epoch = message.desk, message.account, message.epoch
        self._clients[message.desk] = client
        self._venue.submit(say.Logon(message.desk, message.account, message.epoch))
        log.info("%s: desk %s logged on, epoch %d", self._entry.name, message.desk, message.epoch)
        listing = [self._listed(instrument) for instrument in self._entry.instruments]
        answer = {
            "op": "logon_ok",
            "trading_day": self._venue.trading_day(),
            "time_ns": now,
            "instruments": listing,
        }
        self._send(client, msgspec.json.encode(answer) + b"\n")

    def _listed(self, instrument: Instrument) -> dict[str, Any]:
        depth = self._exchange.depth(instrument.symbol, self._venue.now())
        listed: dict[str, Any] = {
            "symbol": instrument.symbol,
            "tick": str(instrument.tick),
            "multiplier": str(instrument.multiplier),
            "upper_limit": _optional_price(depth.upper if depth else None, instrument),
            "lower_limit": _optional_price(depth.lower if depth else None, instrument),
        }
        change = self._exchange.faults.take("static_data_change", self._venue.now(), instrument.symbol)
        return {**listed, change["field"]: str(change["value"])} if change else listed

    def _request(self, client: Client, message: codec.ToVenue, line: bytes) -> None:
        raw = line.decode()
        match message:
            case codec.Heartbeat():
                self._venue.submit(say.Heartbeat(client.desk))
                self._send(client, codec.encode(codec.Heartbeat(self._venue.now())))
            case codec.Subscribe(symbols):
                self._subscribe(client, symbols)
            case codec.NewOrder():
                self._tap.inbound(self._venue.now(), raw, message.id, client.desk, is_order=True)
                self._order(client, message)
            case codec.Cancel(epoch, order_id):
                self._tap.inbound(self._venue.now(), raw, order_id)
                self._venue.submit(say.CancelOrder(client.desk, order_id, epoch))
            case codec.Query(_, order_id, ref):
                self._tap.inbound(self._venue.now(), raw, order_id)
                self._venue.submit(say.QueryOrder(client.desk, order_id, ref))
            case codec.QueryAll(ref):
                self._tap.inbound(self._venue.now(), raw)
                self._venue.submit(say.QueryOrders(client.desk, ref))
            case codec.QueryPositions(ref):
                self._tap.inbound(self._venue.now(), raw)
                self._venue.submit(say.QueryPositions(client.desk, ref))

    def _subscribe(self, client: Client, symbols: tuple[str, ...]) -> None:
        unknown = [symbol for symbol in symbols if symbol not in self._exchange.listed]
        if unknown:
            client.write(codec.encode(codec.Error(f"{self._entry.name} does not list {', '.join(unknown)}")))
        client.symbols |= set(symbols) - set(unknown)
        for symbol in sorted(client.symbols):
            depth = self._exchange.depth(symbol, self._venue.now())
            if depth is not None:
                self._send(client, self._depth_line(depth))

    def _order(self, client: Client, message: codec.NewOrder) -> None:
        try:
            request = say.NewOrder(
                desk=client.desk,
                account=client.account,
                client_order_id=message.id,
                symbol=message.symbol,
                side=Side(message.side),
                lots=message.lots,
                price=message.price,
                time_in_force=TimeInForce(message.tif),
                offset=Offset(message.offset),
                epoch=message.epoch,
                hedge_flag=HedgeFlag(message.hedge),
                prompt=message.prompt,
            )
        except ValueError as error:
            code = say.RejectCode.UNSUPPORTED
            self.deliver(say.Rejected(client.desk, message.id, code, str(error), self._venue.now()))
            return
        drop = self._exchange.faults
        if drop.take("drop_before_order", self._venue.now(), message.symbol, request.side) is not None:
            client.drop()
            return
        self._venue.submit(request)
        if drop.take("drop_after_order", self._venue.now(), message.symbol, request.side) is not None:
            client.drop()

    def lost(self, client: Client) -> None:
        if self._clients.get(client.desk) is client:
            del self._clients[client.desk]
            self._venue.submit(say.Disconnected(client.desk))
            log.info("%s: desk %s disconnected", self._entry.name, client.desk)

    # --- to the client ---

    def deliver(self, message: say.Message) -> None:
        if isinstance(message, say.Depth):
            line = self._depth_line(message)
            for listener in self._clients.values():
                if message.symbol in listener.symbols:
                    self._send(listener, line)
            return
        if isinstance(message, say.DayBegan):
            for desk in self._clients.values():
                self._send(desk, codec.encode(codec.TradingDay(message.trading_day)))
            return
        line = self._report_line(message)
        order_id = getattr(message, "client_order_id", "")
        self._tap.outbound(self._venue.now(), line.decode().rstrip(), order_id)
        client = self._clients.get(message.desk)
        if client is not None:
            client.sent.append(line)
            self._send(client, line)

    def _send(self, client: Client, line: bytes) -> None:
        faults, now = self._exchange.faults, self._venue.now()
        if not faults.is_on("half_open", now) and not faults.is_on("one_way", now):
            client.write(line)

    def _report_line(self, message: say.Report) -> bytes:
        match message:
            case say.Accepted(_, order_id, venue_id, at):
                return codec.encode(codec.Accepted(order_id, venue_id, at))
            case say.Rejected(_, order_id, code, text, at):
                return codec.encode(codec.Rejected(order_id, code.value, text, at))
            case say.Filled():
                instrument = self._exchange.listed[message.symbol]
                order = self._exchange.register.orders[message.desk, message.client_order_id]
                fill = {
                    "op": "fill",
                    "symbol": message.symbol,
                    "side": message.side.value,
                    "offset": order.offset.value if order.offset else "",
                    "hedge": order.hedge_flag.value,
                    "forced": message.client_order_id.startswith(say.FORCED),
                    "id": message.client_order_id,
                    "fill_id": message.fill_id,
                    "lots": message.lots,
                    "price": price_text(message.price_ticks, instrument),
                    "trading_day": message.trading_day,
                    "exchange_ns": message.exchange_ns,
                }
                if message.prompt:
                    fill["prompt"] = message.prompt
                return msgspec.json.encode(fill) + b"\n"
            case say.Busted(_, order_id, fill_id, lots, at, day):
                return codec.encode(codec.Bust(order_id, fill_id, lots, day, at))
            case say.Corrected():
                price = Decimal(price_text(message.price_ticks, self._exchange.listed[message.symbol]))
                name, day, at = message.client_order_id, message.trading_day, message.exchange_ns
                return codec.encode(codec.Correct(name, message.fill_id, message.lots, price, day, at))
            case say.Closed(_, order_id, filled, reason, at):
                return codec.encode(codec.Closed(order_id, filled, reason, at))
            case say.CancelRejected(_, order_id, code, text):
                return codec.encode(codec.CancelRefused(order_id, f"{code.value}: {text}"))
            case say.Status(_, order_id, state, filled, venue_id, ref):
                return codec.encode(codec.Status(order_id, state, filled, venue_id, ref))
            case say.StatusEnd(_, ref):
                return codec.encode(codec.StatusEnd(ref))
            case say.PositionList(_, ref, day, lines):
                return codec.encode(codec.Positions(ref, day, tuple(_position(line) for line in lines)))

    def _depth_line(self, depth: say.Depth) -> bytes:
        instrument = self._exchange.listed[depth.symbol]
        line = {
            "op": "depth",
            "symbol": depth.symbol,
            "bids": [(price_text(level.price_ticks, instrument), level.lots) for level in depth.bids],
            "asks": [(price_text(level.price_ticks, instrument), level.lots) for level in depth.asks],
            "last": _optional_price(depth.last, instrument),
            "volume": depth.volume,
            "upper": _optional_price(depth.upper, instrument),
            "lower": _optional_price(depth.lower, instrument),
            "phase": depth.phase,
            "exchange_ns": depth.exchange_ns,
            "seq": depth.seq,
        }
        return msgspec.json.encode(line) + b"\n"

    # --- line faults ---

    def act(self, name: str, params: dict[str, Any]) -> None:
        for client in list(self._clients.values()):
            match name:
                case "drop_connection":
                    client.drop()
                case "kick":
                    client.write(codec.encode(codec.Error("logged out by the venue")))
                    client.drop()
                case "poss_dup":
                    for line in list(client.sent)[-int(params["messages"]) :]:
                        client.write(line)
                case "replay_day":
                    for report in self._exchange.reports.history(client.desk):
                        client.write(self._report_line(report))
                case "malformed":
                    client.write(b'{"op":"fill","id":\n')


def _position(line: say.PositionLine) -> codec.PositionItem:
    side = "long" if line.side is Side.BUY else "short"
    return codec.PositionItem(
        line.symbol, side, line.today_lots, line.yesterday_lots, line.frozen_lots, line.hedge_flag.value, line.prompt
    )


def _optional_price(ticks: int | None, instrument: Instrument) -> str | None:
    return None if ticks is None else price_text(ticks, instrument)
