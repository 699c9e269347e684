"""A FIX acceptor on a real socket that answers as told; the session beneath is the product's own."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal

from trading.venues.fix import messages as m
from trading.venues.fix import outputs
from trading.venues.fix.body import Body
from trading.venues.fix.codec import Message
from trading.venues.fix.codes import ExecType, OrderStatus, Side
from trading.venues.fix.outputs import Output, Role, SessionConfig
from trading.venues.fix.session import Session
from trading.venues.fix.store import MemoryStore


class FixPeer:
    """Accepts one client at a time; a mass status request is answered with `working` unless told otherwise."""

    def __init__(self) -> None:
        config = SessionConfig(role=Role.ACCEPTOR, sender_comp_id="LMESIM", target_comp_id="DESK", heartbeat_s=1)
        self.session = Session(config, MemoryStore())
        self.heard: list[Message] = []
        self.port = 0
        self.on_message: Callable[[Message], None] = lambda message: None
        self.answers_mass_status = True
        self._news = asyncio.Condition()
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None
        self._ids = 0

    async def __aenter__(self) -> "FixPeer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.drop()

    def drop(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()

    def say(self, body: Body, *extra: tuple[int, str]) -> None:
        self._perform(self.session.send_app(body.MSG_TYPE, body.fields(extra), time.time_ns()))

    def report(self, order: Message, exec_type: ExecType, status: OrderStatus, **fields: object) -> None:
        """Say an execution report about the order in a message of the client."""
        self._ids += 1
        given = {
            "venue_order_id": "V1", "exec_id": f"E{self._ids}", "exec_type": exec_type, "status": status,
            "symbol": order.text(55), "side": Side(order.text(54)), "leaves_lots": 0, "filled_lots": 0,
            "average_price": Decimal(0), "client_order_id": order.text(11),
        }  # fmt: skip
        self.say(m.ExecutionReport(**(given | fields)))  # type: ignore[arg-type]

    def said(self, msg_type: bytes) -> list[Message]:
        return [message for message in self.heard if message.msg_type == msg_type]

    async def hears(self, msg_type: bytes, times: int = 1) -> Message:
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: len(self.said(msg_type)) >= times)
        return self.said(msg_type)[times - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._perform(self.session.start(time.time_ns()))
        while data := await reader.read(65_536):
            self._perform(self.session.receive(data, time.time_ns()))
            async with self._news:
                self._news.notify_all()
        self.session.connection_lost(time.time_ns())

    def _perform(self, found: list[Output]) -> None:
        assert self._writer is not None
        for output in found:
            if isinstance(output, outputs.Send):
                self._writer.write(output.data)
            elif isinstance(output, outputs.Disconnect):
                self._writer.close()
            elif isinstance(output, outputs.Deliver):
                self.heard.append(output.message)
                if output.message.msg_type == b"AF" and self.answers_mass_status:
                    self.no_orders(output.message)
                self.on_message(output.message)

    def no_orders(self, request: Message) -> None:
        self._ids += 1
        self.say(
            m.ExecutionReport(
                venue_order_id="NONE",
                exec_id=f"E{self._ids}",
                exec_type=ExecType.ORDER_STATUS,
                status=OrderStatus.REJECTED,
                symbol="NONE",
                side=Side.BUY,
                leaves_lots=0,
                filled_lots=0,
                average_price=Decimal(0),
                mass_status_id=request.text(584),
                reports_total=0,
                is_last_report=True,
            )
        )
