"""The floor: the least that Python and uvloop can do between a tick and two orders.

One loop, two sockets. Decode the tick, compare it with a number, check two limits, write one hash-chained record,
write both orders. No program, no book, no recovery: what the engine needs beyond this is its own cost.

`python -m tests.benchmarks.floor DOMESTIC_PORT FOREIGN_PORT JOURNAL`
"""

import asyncio
import hashlib
import os
import sys

import msgspec
import uvloop

TRIGGER_TICKS = 8000
ORDER_LOTS_MAX = 50
COLLAR_TICKS = 400


class Depth(msgspec.Struct):
    op: str
    bids: list[tuple[str, int]] = []


class Wire(asyncio.Protocol):
    def __init__(self, floor: "Floor") -> None:
        self._floor = floor

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(b'{"op":"logon"}\n')  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        for line in data.split(b"\n"):
            if line:
                self._floor.tick(line)


class Floor:
    def __init__(self, journal: str) -> None:
        self.wires: list[Wire] = []
        self._decoder = msgspec.json.Decoder(Depth)
        self._link = bytes(32)
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._number = 0

    def tick(self, line: bytes) -> None:
        depth = self._decoder.decode(line)
        if depth.op != "depth" or not depth.bids:
            return
        price, lots = depth.bids[0]
        ticks = int(price) // 10
        if ticks < TRIGGER_TICKS:
            return
        wanted = min(5, lots)
        if wanted > ORDER_LOTS_MAX or ticks - TRIGGER_TICKS > COLLAR_TICKS:
            return
        self._number += 1
        orders = [
            b'{"op":"order","epoch":1,"id":"F%d-%d","symbol":"%s","side":"%s","lots":%d,"price":"%d","tif":"ioc",'
            b'"offset":"open","hedge":"speculation"}\n' % (self._number, leg, symbol, side, lots, price_now)
            for leg, (symbol, side, lots, price_now) in enumerate(
                ((b"cu2703", b"sell", wanted, ticks * 10), (b"CA-3M", b"buy", 1, 9800))
            )
        ]
        body = b'{"seq":%d,"orders":[%s,%s]}' % (self._number, orders[0][:-1], orders[1][:-1])
        self._link = hashlib.sha256(self._link + body).digest()
        os.write(self._journal, b"%s %s\n" % (self._link.hex().encode(), body))
        for wire, order in zip(self.wires, orders, strict=True):
            wire.transport.write(order)  # type: ignore[attr-defined]


async def main(domestic_port: int, foreign_port: int, journal: str) -> None:
    floor = Floor(journal)
    loop = asyncio.get_running_loop()
    for port in (domestic_port, foreign_port):
        _, wire = await loop.create_connection(lambda: Wire(floor), "127.0.0.1", port)
        floor.wires.append(wire)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
