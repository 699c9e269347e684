"""What a hop costs: order to report over the local protocol, over FIX, and over a bare socket, on loopback.

The gateway process that holds a venue's own library is one such local hop away from the engine.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from tests.benchmarks.figures import Figure, latency, ratio
from tests.venues.fix_peer import FixPeer
from tests.venues.instruments import LME_CA, SHFE_CU, order, venue_config
from tests.venues.recorder import Recorder
from trading.core.events import OrderAccepted, VenueUp
from trading.venues.fix.broker import FixVenue
from trading.venues.fix.codes import ExecType, OrderStatus
from trading.venues.local.client import LocalVenue


def run(samples: int = 1_000) -> Iterator[Figure]:
    """Measure round trips with both ends in one process and yield the figures."""
    bare = latency("wire", "bare socket, 200 bytes there and back, floor", uvloop.run(_bare(samples)))
    local = latency("wire", "local protocol, order to accepted", uvloop.run(_local(samples)))
    fix = latency("wire", "FIX, order to accepted", uvloop.run(_fix(samples)), "both sessions in this process")
    yield from (bare, local, fix)
    yield from ratio("wire", "local / floor", local, bare)
    yield from ratio("wire", "FIX / floor", fix, bare)


async def _bare(samples: int) -> list[int]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line)

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    found = []
    for _ in range(samples):
        started = time.perf_counter_ns()
        writer.write(b"x" * 199 + b"\n")
        await reader.readline()
        found.append(time.perf_counter_ns() - started)
    writer.close()
    server.close()
    return found


async def _local(samples: int) -> list[int]:
    from trading.venues.local import codec

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                match codec.decode_to_venue(line):
                    case codec.Logon():
                        writer.write(codec.encode(codec.LogonOk("20260306", time.time_ns())))
                    case codec.QueryAll(ref):
                        writer.write(codec.encode(codec.StatusEnd(ref)))
                    case codec.NewOrder() as new:
                        writer.write(codec.encode(codec.Accepted(new.id, "V", time.time_ns())))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    heard = Recorder()
    config = venue_config(SHFE_CU, server.sockets[0].getsockname()[1])
    venue = LocalVenue(config, [SHFE_CU], desk="bench", epoch=1, clock=time.time_ns, on_event=heard)
    await venue.connect()
    found = await _round_trips(venue, heard, samples)
    server.close()
    return found


async def _fix(samples: int) -> list[int]:
    with TemporaryDirectory(prefix="wire-") as folder:
        async with FixPeer() as peer:
            peer.on_message = lambda message: (
                peer.report(message, ExecType.NEW, OrderStatus.NEW) if message.msg_type == b"D" else None
            )
            heard = Recorder()
            venue = FixVenue(
                venue_config(LME_CA, peer.port), [LME_CA], desk="B", epoch=1, clock=time.time_ns, on_event=heard,
                store_file=Path(folder) / "LME.log",
            )  # fmt: skip
            await venue.connect()
            return await _round_trips(venue, heard, samples)


async def _round_trips(venue: LocalVenue | FixVenue, heard: Recorder, samples: int) -> list[int]:
    await heard.gets(VenueUp)
    instrument = SHFE_CU if isinstance(venue, LocalVenue) else LME_CA
    found = []
    for n in range(samples):
        heard.events.clear()
        started = time.perf_counter_ns()
        venue.send([order(f"B1-1-{n}-00", instrument)])
        await heard.gets(OrderAccepted)
        found.append(time.perf_counter_ns() - started)
    await venue.close()
    return found
