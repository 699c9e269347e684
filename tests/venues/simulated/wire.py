"""Raw clients for the simulated venues' sockets, and venues that play one quiet, known book."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from trading.venues.fix import codes, messages, outputs
from trading.venues.fix.codec import Message
from trading.venues.fix.session import Session
from trading.venues.fix.store import MemoryStore
from trading.venues.simulated.config import VenuesFile
from trading.venues.simulated.control import ControlSocket
from trading.venues.simulated.server import Venues

PATIENCE_S = 15.0
ROWS = 3000
ROW_MS = 50
HEADER = "time,bid,bid_lots,bid2,bid2_lots,ask,ask_lots,ask2,ask2_lots,last,volume,upper,lower\n"
COLUMNS = {
    "time": "time", "last": "last", "volume": "volume", "upper": "upper", "lower": "lower",
    "bid_price_1": "bid", "bid_lots_1": "bid_lots", "bid_price_2": "bid2", "bid_lots_2": "bid2_lots",
    "ask_price_1": "ask", "ask_lots_1": "ask_lots", "ask_price_2": "ask2", "ask_lots_2": "ask2_lots",
}  # fmt: skip


def write_book(path: Path, bid: str, bid2: str, ask: str, ask2: str, upper: str, lower: str) -> None:
    """Write a recording in which 20 and 50 lots stand on each side and nothing moves."""
    row = f"{bid},20,{bid2},50,{ask},20,{ask2},50,{bid},{{volume}},{upper},{lower}\n"
    lines = [f"{number * ROW_MS}," + row.format(volume=100) for number in range(ROWS)]
    path.write_text(HEADER + "".join(lines))


def config_in(folder: Path, **more: Any) -> VenuesFile:
    """Return a domestic and a foreign venue on free ports, both playing quiet books, without delay."""
    write_book(folder / "cu.csv", "79470", "79460", "79480", "79490", "85030", "73910")
    write_book(folder / "ca.csv", "9800", "9799.5", "9800.5", "9801", "10976", "8624")
    recorded = {"kind": "recorded", "time_unit": "ms", "columns": COLUMNS}
    copper = {
        "code": "SHFE.cu2701", "venue": "SHFE", "symbol": "cu2701", "tick": "10", "multiplier": "5", "unit": "t",
        "currency": "CNY", "quote_basis": "incl_vat", "input": {**recorded, "path": str(folder / "cu.csv")},
    }  # fmt: skip
    london = {
        "code": "LME.CA-3M", "venue": "LME", "symbol": "CA-3M", "tick": "0.5", "multiplier": "25", "unit": "t",
        "currency": "USD", "quote_basis": "ex_vat", "input": {**recorded, "path": str(folder / "ca.csv")},
    }  # fmt: skip
    domestic = {"name": "SHFE", "face": "local", "port": 0, "account": "A1", "instruments": [copper]}
    foreign = {"name": "LME", "face": "fix", "port": 0, "account": "B1", "instruments": [london]}
    foreign |= {"sender_comp_id": "LME", "target_comp_id": "DEMO", "heartbeat_s": 1}
    for venue in (domestic, foreign):
        venue |= {
            "latency_ms": 0,
            "closes_today_separately": venue is domestic,
            **more.pop(venue["name"], {}),
        }
    whole = {
        "control_socket": str(folder / "control.sock"),
        "record_dir": str(folder / "venues"),
        "venues": [domestic, foreign],
        **more,
    }
    return msgspec.convert(whole, type=VenuesFile)


@asynccontextmanager
async def running(config: VenuesFile) -> AsyncIterator[Venues]:
    venues = Venues(config)
    control = ControlSocket(venues, Path(config.control_socket))
    await venues.start()
    await control.start()
    try:
        yield venues
    finally:
        await control.close()
        await venues.close()


async def ask_control(config: VenuesFile, **request: Any) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(config.control_socket)
    writer.write(json.dumps(request).encode() + b"\n")
    answer = json.loads(await asyncio.wait_for(reader.readline(), PATIENCE_S))
    writer.close()
    return answer


class LocalClient:
    """Speaks the local protocol byte by byte, without any code of the product's own client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.lines: list[dict[str, Any]] = []
        self.raw: list[bytes] = []

    @classmethod
    async def connect(cls, port: int, epoch: int = 1, subscribes: bool = False) -> "LocalClient":
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        client.send(op="logon", desk="demo", epoch=epoch, account="A1")
        await client.until("logon_ok")
        if subscribes:
            client.send(op="subscribe", symbols=["cu2701"])
        return client

    def send(self, **message: Any) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    def order(
        self,
        order_id: str,
        side: str = "buy",
        lots: int = 5,
        price: str = "79480",
        tif: str = "ioc",
        **more: Any,
    ) -> None:
        order = {"op": "order", "epoch": 1, "id": order_id, "symbol": "cu2701", "side": side, "lots": lots}
        self.send(**order | {"price": price, "tif": tif, "offset": "open", "hedge": "speculation"} | more)

    async def read(self, within_s: float = PATIENCE_S) -> dict[str, Any] | None:
        """Return the next line, None when the venue has closed; raises TimeoutError."""
        line = await asyncio.wait_for(self._reader.readline(), within_s)
        if not line:
            return None
        self.raw.append(line)
        message: dict[str, Any] = {"op": "unreadable"}
        with suppress(json.JSONDecodeError):
            message = json.loads(line)
        self.lines.append(message)
        return message

    async def until(self, op: str, within_s: float = PATIENCE_S, **wanted: Any) -> dict[str, Any]:
        """Return the next line of this kind with these values."""
        async with asyncio.timeout(within_s):
            while True:
                message = await self.read(within_s)
                assert message is not None, f"the venue closed before it said {op}"
                if message["op"] == op and all(message.get(key) == value for key, value in wanted.items()):
                    return message

    async def reports(self, last: str, order_id: str = "1") -> list[str]:
        """Return the kinds of report about one order up to and including `last`."""
        start = len(self.lines)
        await self.until(last, id=order_id)
        return [line["op"] for line in self.lines[start:] if line.get("id") == order_id]

    async def silence(self, for_s: float = 0.3) -> list[dict[str, Any]]:
        """Return what else is said within a short while."""
        start = len(self.lines)
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                while await self.read(for_s) is not None:
                    pass
        return self.lines[start:]

    async def is_closed(self) -> bool:
        try:
            while await self.read(1.0) is not None:
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        self._writer.close()


class FixClient:
    """An initiator session on a plain socket; keeps every application message it was given."""

    def __init__(self, store: MemoryStore | None = None, comp_id: str = "DEMO") -> None:
        config = outputs.SessionConfig(
            role=outputs.Role.INITIATOR, sender_comp_id=comp_id, target_comp_id="LME", heartbeat_s=1
        )
        self.session = Session(config, store or MemoryStore())
        self.got: list[tuple[Message, bool]] = []
        self.news: list[outputs.Output] = []
        self.is_closed = False
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def connect(self, port: int) -> "FixClient":
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._perform(self.session.start(time.time_ns()))
        self._task = asyncio.create_task(self._pump(reader))
        return self

    async def _pump(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                data = await asyncio.wait_for(reader.read(65536), 0.1)
            except TimeoutError:
                self._perform(self.session.timer(time.time_ns()))
                continue
            except ConnectionError:
                data = b""
            if not data:
                self.is_closed = True
                self._perform(self.session.connection_lost(time.time_ns()))
                return
            self._perform(self.session.receive(data, time.time_ns()))

    def _perform(self, found: list[outputs.Output]) -> None:
        for output in found:
            if isinstance(output, outputs.Send) and self._writer is not None:
                self._writer.write(output.data)
            elif isinstance(output, outputs.Deliver):
                self.got.append((output.message, output.is_poss_dup))
            else:
                self.news.append(output)

    def send(self, body: Any) -> None:
        self.send_raw(body.MSG_TYPE, body.fields())

    def send_raw(self, msg_type: bytes, fields: list[tuple[int, Any]]) -> None:
        self._perform(self.session.send_app(msg_type, fields, time.time_ns()))

    def order(self, order_id: str, lots: int = 2, price: str = "9800.5", **more: Any) -> None:
        plain = {
            "client_order_id": order_id, "symbol": "CA-3M", "side": codes.Side.BUY, "lots": lots,
            "order_type": codes.OrderType.LIMIT, "time_in_force": codes.TimeInForce.IOC,
            "sent_at": time.time_ns(), "price": Decimal(price),
        }  # fmt: skip
        self.send(messages.NewOrderSingle(**plain | more))

    def cancel(self, order_id: str, cancel_id: str) -> None:
        self.send(
            messages.OrderCancelRequest(
                client_order_id=cancel_id,
                orig_client_order_id=order_id,
                symbol="CA-3M",
                side=codes.Side.BUY,
                sent_at=time.time_ns(),
            )
        )

    def subscribe(self, symbol: str = "CA-3M") -> None:
        kinds = (codes.EntryType.BID, codes.EntryType.OFFER)
        self.send(
            messages.MarketDataRequest(
                request_id="M1",
                subscription=codes.SubscriptionType.SUBSCRIBE,
                depth=0,
                update_type=1,
                entry_types=tuple(messages.EntryTypeWanted(entry_type=kind) for kind in kinds),
                symbols=(messages.SymbolWanted(symbol=symbol),),
            )
        )

    async def until(self, is_enough: Callable[["FixClient"], Any], within_s: float = PATIENCE_S) -> Any:
        """Wait until the condition gives something true, and return it."""
        async with asyncio.timeout(within_s):
            while not (found := is_enough(self)):
                await asyncio.sleep(0.01)
        return found

    async def logged_on(self) -> "FixClient":
        await self.until(lambda client: client.session.is_logged_on)
        return self

    def reports(self, order_id: str = "") -> list[messages.ExecutionReport]:
        parsed = [messages.ExecutionReport.parse(message) for message, _ in self.got if message.msg_type == b"8"]
        about = (order_id, None) if not order_id else (order_id,)
        return [r for r in parsed if not order_id or r.client_order_id in about or r.orig_client_order_id in about]

    def of_type(self, msg_type: bytes) -> list[Message]:
        return [message for message, _ in self.got if message.msg_type == msg_type]

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._writer is not None:
            self._writer.close()
