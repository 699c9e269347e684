"""Plays both venues of a pair on loopback: sends a tick on one socket and times the orders on both.

The same driver drives the engine and the floor, so what it costs itself is in both figures.
"""

import json
import select
import socket
import time
from collections.abc import Callable
from typing import Any

HANDSHAKE_S = 60.0
ANSWER_S = 5.0


class Wire:
    """One venue's side of one connection."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._server.settimeout(0.05)
        self._rest = b""
        self.socket = self._server  # until someone connects

    def accept(self, idle: Callable[[], None]) -> None:
        deadline = time.monotonic() + HANDSHAKE_S
        while self.socket is self._server:
            idle()
            try:
                self.socket, _ = self._server.accept()
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise
        self.socket.settimeout(None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def say(self, *messages: dict[str, Any]) -> None:
        self.socket.sendall(b"".join(json.dumps(m).encode() + b"\n" for m in messages))

    def read(self) -> list[dict[str, Any]]:
        *lines, self._rest = (self._rest + self.socket.recv(65_536)).split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        self.socket.close()
        self._server.close()


class TickDriver:
    """Two wires, domestic and foreign. `say_hello` brings the other side to where it waits for ticks."""

    def __init__(self) -> None:
        self.wires = (Wire(), Wire())
        self._epoll = select.epoll()

    def accept(self, idle: Callable[[], None]) -> None:
        for wire in self.wires:
            wire.accept(idle)
            self._epoll.register(wire.socket, select.EPOLLIN)

    def close(self) -> None:
        for wire in self.wires:
            wire.close()
        self._epoll.close()

    def serve_until(self, done: Callable[[], bool], idle: Callable[[], None]) -> None:
        """Answer log-ons and queries until `done`; `idle` keeps other lines alive meanwhile."""
        deadline = time.monotonic() + HANDSHAKE_S
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError("the other side did not get ready")
            self.serve(0.05)
            idle()

    def serve(self, timeout_s: float = 0) -> None:
        """Answer what came meanwhile, heartbeats above all."""
        for wire in self._readable(timeout_s):
            for message in wire.read():
                self._answer(wire, message)

    def fire(self, tick: bytes) -> tuple[list[tuple[int, dict[str, Any]]], int]:
        """Send a tick on the domestic wire; return per wire when its order came, and when the tick left."""
        arrived: list[tuple[int, dict[str, Any]] | None] = [None, None]
        sent_at = time.perf_counter_ns()
        self.wires[0].socket.sendall(tick)
        deadline = time.monotonic() + ANSWER_S
        while None in arrived:
            readable = self._readable(0.5)
            at = time.perf_counter_ns()
            for wire in readable:
                for message in wire.read():
                    if message["op"] == "order":
                        arrived[self.wires.index(wire)] = (at, message)
                    else:
                        self._answer(wire, message)
            if time.monotonic() > deadline:
                raise TimeoutError(f"no order came on {['domestic', 'foreign'][arrived.index(None)]} wire")
        return [a for a in arrived if a is not None], sent_at

    def fill(self, orders: list[tuple[int, dict[str, Any]]]) -> None:
        """Report both orders accepted, filled and closed."""
        for wire, (_, order) in zip(self.wires, orders, strict=True):
            at = time.time_ns()
            wire.say(
                {"op": "accepted", "id": order["id"], "venue_id": f"V{order['id']}", "exchange_ns": at},
                {"op": "fill", "id": order["id"], "fill_id": f"F{order['id']}", "lots": order["lots"],
                 "price": order["price"], "trading_day": "20260306", "exchange_ns": at},
                {"op": "closed", "id": order["id"], "filled": order["lots"], "reason": "filled", "exchange_ns": at},
            )  # fmt: skip

    def _readable(self, timeout_s: float) -> list[Wire]:
        files = {file for file, _ in self._epoll.poll(timeout_s)}
        return [wire for wire in self.wires if wire.socket.fileno() in files]

    def _answer(self, wire: Wire, message: dict[str, Any]) -> None:
        if message["op"] == "logon":
            wire.say({"op": "logon_ok", "trading_day": "20260306", "time_ns": time.time_ns(), "instruments": []})
        elif message["op"] == "query_all":
            wire.say({"op": "status_end", "ref": message["ref"]})
        elif message["op"] == "heartbeat":
            wire.say({"op": "heartbeat", "time_ns": time.time_ns()})


def depth(symbol: str, bid: str, ask: str) -> dict[str, Any]:
    """A five-level book whose best prices are `bid` and `ask`."""
    lots = [[bid, 50]], [[ask, 50]]
    return {
        "op": "depth", "symbol": symbol, "bids": lots[0], "asks": lots[1], "last": bid, "volume": 1, "upper": None,
        "lower": None, "phase": "open", "exchange_ns": time.time_ns(), "seq": 0,
    }  # fmt: skip
