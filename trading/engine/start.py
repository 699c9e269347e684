"""The only way to start an engine: after a crash, after a stop and for the first time alike (controls.md §5.2).

Take the desk, check the journal's chain, fold it, connect the venues, and let the desk reconcile with what they say;
it ends RECONCILED or HALTED with a reason. A broken chain trades nothing: positions that nobody can account for are
a person's matter, and the control socket says why (standstill.py).
"""

import asyncio
import gc
import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

from risk.gate import review
from trading.core import events as e
from trading.core.measure import BadTerms
from trading.core.units import Nanos
from trading.engine import checkpoints, crash_points, kill_file
from trading.engine.board import Board
from trading.engine.build import BuildMismatch, attest, build
from trading.engine.commands import KillDesk
from trading.engine.config import DeskConfig, VenueConfig
from trading.engine.control import ControlServer
from trading.engine.desk import Desk
from trading.engine.host import Host
from trading.engine.journal import Journal
from trading.engine.journal_files import ChainBroken, cut
from trading.engine.lease import Lease, LeaseBusy
from trading.engine.parent import watch_parent
from trading.engine.records import EngineStarted, TailCut
from trading.engine.sockets import SocketBusy
from trading.engine.standby import wait_for_desk
from trading.engine.standstill import Standstill
from trading.engine.stream import StreamServer
from trading.venues.fix.broker import FixVenue
from trading.venues.fix.store import StoreDamaged, StoreInUse
from trading.venues.local.client import LocalVenue
from trading.venues.port import EventSink, Venue

# Between collections the live engine allocates little that outlives a turn; pauses matter more than memory.
GC_THRESHOLDS = (50_000, 20, 50)

STANDSTILL_BEAT_S = 0.5
CANNOT_START = (BuildMismatch, LeaseBusy, SocketBusy, StoreDamaged, StoreInUse, BadTerms)

log = logging.getLogger(__name__)


async def run(
    config: DeskConfig,
    clock: Callable[[], Nanos],
    *,
    stays_with_parent: bool,
    is_synced: bool = True,
    reload: Callable[[], DeskConfig] | None = None,
) -> str:
    """Run the desk until it is told to stop; return the failure that ended it, or an empty string.

    With `reload` it stands by while another engine holds the desk, and reads its configuration anew when its turn
    comes. Raises one of CANNOT_START, each saying what to do.
    """
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    watch_parent(told, stays_with_parent=stays_with_parent)
    lease = await wait_for_desk(config, told) if reload else Lease.take(Path(config.lease_file))
    if lease is None:
        return ""
    try:
        config = reload() if reload else config
        attest(config.build, config.desk)
        return await _run(config, lease, clock, told, is_synced)
    finally:
        lease.release()


async def _run(
    config: DeskConfig, lease: Lease, clock: Callable[[], Nanos], told: "asyncio.Future[str]", is_synced: bool
) -> str:
    try:
        host = _recovered(config, lease, clock, is_synced)
    except ChainBroken as broken:
        await _stand_still(config, lease, str(broken), told)
        return str(broken)
    control = ControlServer(Path(config.control_socket), host.on_command)
    await control.start()
    await host.stream.start()
    board = Board(host, config)
    reason = "stopped"
    try:
        await _connect(host, config)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        board.start()
        reason = await _until_told(host, told)
    finally:
        board.stop()
        await host.stop(reason)
        if not lease.fence():  # otherwise both sockets are another engine's by now
            await control.stop()
            await host.stream.stop()
    return host.failure


def _recovered(config: DeskConfig, lease: Lease, clock: Callable[[], Nanos], is_synced: bool) -> Host:
    """Read the journal, raise the epoch, and return a host whose desk stands where the journal ends."""
    crash_at = os.environ.get(crash_points.VARIABLE, "")
    folder = Path(config.journal_dir)
    start = checkpoints.start_from(folder, build())
    history, torn = start.history, start.history.torn
    if torn is not None:
        log.warning("%s: cut %d bytes of an unfinished write", torn.path.name, torn.cut_bytes)
        cut(torn)
    epoch = lease.claim(epoch_after=history.head.epoch)
    loop = asyncio.get_running_loop()
    now = clock()
    journal = Journal(
        folder, desk=config.desk, head=history.head, epoch=epoch, now=now, fence=lease.fence,
        on_failure=lambda reason: loop.call_soon_threadsafe(host.fail, reason), is_synced=is_synced,
    )  # fmt: skip
    desk = Desk(config, journal, review, epoch, now)
    if start.state:
        checkpoints.thaw(desk, start.state)
    desk.recover(start.records)
    host = Host(desk, journal, lease, clock, StreamServer(Path(config.stream_socket)), Path(config.kill_file))
    crash_points.plant(host, crash_at)
    journal.append("", EngineStarted(epoch, build(), config.config_hash, config.environment), now)
    if torn is not None:
        journal.append("", TailCut(torn.path.name, torn.at_offset, torn.cut_bytes), now)
    host.begin(desk.resume(now, _kills(Path(config.kill_file))))
    host.snapshot = lambda: checkpoints.save(desk, journal, build(), clock())
    if len(start.records) >= config.records_per_snapshot:
        host.snapshot()
    _make_venues(host, config)
    crash_points.plant_at_venues(host, crash_at)
    log.info("desk %s: epoch %d, %d records folded", config.desk, epoch, len(start.records))
    return host


def _make_venues(host: Host, config: DeskConfig) -> None:
    known: dict[str, list[e.OrderIntent]] = {}
    for program, execution, order in checkpoints.orders_of(host.desk):
        host.journal.recall(program, execution, order)
        known.setdefault(order.venue, []).append(order)
    for venue in config.venues:
        adapter = make_venue(venue, config, host.desk.epoch, host.clock, host.on_event, host.lease.fence)
        adapter.adopt(known.get(venue.name, []))
        host.venues[venue.name] = adapter


def make_venue(
    venue: VenueConfig,
    config: DeskConfig,
    epoch: int,
    clock: Callable[[], Nanos],
    on_event: EventSink,
    fence: Callable[[], str] = lambda: "",
) -> Venue:
    """Return the adapter that speaks the venue's protocol, subscribed to all of the desk's instruments there."""
    instruments = [i for i in config.instruments if i.venue == venue.name]
    adapter: Venue
    if venue.kind == "local":
        adapter = LocalVenue(
            venue, instruments, desk=config.desk, epoch=epoch, clock=clock, on_event=on_event, fence=fence
        )
    else:
        password = os.environ.get(venue.password_env, "") if venue.password_env else ""
        store_file = Path(config.fix_dir) / f"{venue.name}.log"
        adapter = FixVenue(
            venue, instruments, desk=config.desk.upper(), epoch=epoch, clock=clock, on_event=on_event,
            store_file=store_file, password=password, fence=fence,
        )  # fmt: skip
    adapter.subscribe(instruments)
    return adapter


async def _stand_still(config: DeskConfig, lease: Lease, reason: str, told: "asyncio.Future[str]") -> None:
    """Answer on the control socket, and do nothing else, until it is time to end."""
    log.critical("desk %s is HALTED: %s", config.desk, reason)
    control = ControlServer(Path(config.control_socket), Standstill(config, reason).on_command)
    await control.start()
    while not told.done() and not lease.fence():
        lease.touch()
        await asyncio.wait([told], timeout=STANDSTILL_BEAT_S)
    await control.stop()


async def _connect(host: Host, config: DeskConfig) -> None:
    for venue in config.venues:
        await host.venues[venue.name].connect()


async def _until_told(host: Host, told: "asyncio.Future[str]") -> str:
    """Wait for a signal, the parent's end or a failure; return which."""
    ended = asyncio.ensure_future(host.ended.wait())
    await asyncio.wait([told, ended], return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    return told.result() if told.done() else host.failure


def _kills(path: Path) -> list[tuple[str, e.Kill]]:
    """Return the kills on disk as (program or "", kill). An unreadable file is a kill of everything."""
    try:
        found = kill_file.read(path)
    except kill_file.BadKillFile as fault:
        log.error("%s; the desk starts killed", fault)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        found = [KillDesk("stop", "all", "engine", str(fault), f"kill-file-{digest}")]
    return [
        (kill.scope.removeprefix("program:") if kill.scope.startswith("program:") else "",
         e.Kill(kill.command_id, kill.actor, kill.level, kill.reason))
        for kill in found
    ]  # fmt: skip
