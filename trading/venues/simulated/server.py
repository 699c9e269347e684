"""The simulated venues as one asyncio process: real sockets outside, the pure exchanges inside, time between them.

Each venue owns one loop that sleeps until the next of: a request's arrival, a report's departure, a tick of one of its
streams. A recording that ends starts again from its beginning.
"""

import asyncio
import heapq
import logging
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec

from trading.core.units import SECOND, Nanos
from trading.venues.simulated import actions
from trading.venues.simulated.config import VenueEntry, VenuesFile, spec_of
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.face import Face
from trading.venues.simulated.fault_catalogue import AT_ONCE, CATALOGUE, Where
from trading.venues.simulated.faults import Switch
from trading.venues.simulated.fix_face import FixFace
from trading.venues.simulated.inputs import Inputs
from trading.venues.simulated.local_face import LocalFace
from trading.venues.simulated.messages import Delivery, Message, Request, Tick
from trading.venues.simulated.record import RecordFile
from trading.venues.simulated.recordings import RecordingError
from trading.venues.simulated.tap import Tap

log = logging.getLogger(__name__)
CATCH_UP_MAX = 1 * SECOND  # after a longer pause of the process, ticks are dropped instead of rushed out


class Clock:
    """UTC nanoseconds that never step: anchored once, advanced by the monotonic clock."""

    def __init__(self) -> None:
        self._anchor = time.time_ns() - time.monotonic_ns()

    def now(self) -> Nanos:
        return self._anchor + time.monotonic_ns()


class Feed:
    """Plays one instrument's stream in real time, times `speed`; the streams of a process start together."""

    def __init__(self, inputs: Inputs, code: str, symbol: str, origin: Nanos, started: Nanos, speed: float) -> None:
        self._inputs, self._code, self._symbol = inputs, code, symbol
        self._origin, self._started, self._speed = origin, started, speed
        self._ticks: Iterator[Tick] = inputs.stream(code)
        self._next: Tick | None = next(self._ticks, None)
        self._is_broken = False

    def due_at(self) -> Nanos | None:
        if self._next is None:
            return None
        return self._started + int((self._next.exchange_ns - self._origin) / self._speed)

    def take(self, now: Nanos) -> Tick | None:
        """Return the next tick stamped with the venue's present time, or None if it is not due."""
        due = self.due_at()
        if due is None or due > now or self._next is None:
            return None
        tick = msgspec.structs.replace(self._next, instrument=self._symbol, exchange_ns=due)
        self._next = self._read()
        if self._next is None and not self._is_broken:
            self._restart(now)
        return tick

    def _read(self) -> Tick | None:
        """Return the next tick; a row that cannot be read ends this instrument's prices and nothing else."""
        try:
            return next(self._ticks, None)
        except RecordingError as error:
            self._is_broken = True
            log.error("%s: no more prices: %s", self._code, error)
            return None

    def _restart(self, now: Nanos) -> None:
        log.info("%s: the recording has ended and starts again", self._code)
        self._ticks = self._inputs.stream(self._code)
        self._next = self._read()
        self._started = now


class SimulatedVenue:
    """One venue: its exchange, its face on the wire, its feeds and its tap."""

    def __init__(self, entry: VenueEntry, config: VenuesFile, inputs: Inputs, clock: Clock) -> None:
        self.entry = entry
        self._clock = clock
        self._inputs = inputs
        self.tap = Tap(Path(config.record_dir) / entry.name / "tap.jsonl", config.journal_dirs)
        self.exchange = Exchange(spec_of(entry, self.tap.run), entry.seed)
        self._record = RecordFile(Path(config.record_dir) / entry.name / "record.jsonl")
        self.exchange.register.on_entry = self._record.note
        self.exchange.register.restore(self._record.entries())
        self.face: Face = _face_of(entry, self, config)
        self._speed = config.speed
        self._feeds: list[Feed] = []
        self._outbox: list[tuple[Nanos, int, Message]] = []
        self._number = count()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> Nanos:
        return self._clock.now()

    def trading_day(self) -> str:
        return self.exchange.trading_day(self.now())

    def submit(self, request: Request) -> None:
        """Take a request from the face."""
        self.dispatch(self.exchange.handle(request, self.now()))
        self._wake.set()

    def dispatch(self, deliveries: list[Delivery]) -> None:
        """Send what is due and keep the rest until it is."""
        for at, message in deliveries:
            heapq.heappush(self._outbox, (at, next(self._number), message))
        self._flush(self.now())

    def label(self, code: str) -> str:
        """Return where an instrument's book comes from, in words."""
        return self._inputs.label(code)

    def switched(self, switch: Switch) -> None:
        """Perform a fault that happens at once; the others act by being on."""
        faults, now = self.exchange.faults, self.now()
        if CATALOGUE[switch.name].where is Where.ACTION:
            self.dispatch(actions.perform(self.exchange, switch, now))
        elif switch.name in AT_ONCE and faults.take(switch.name, now) is not None:
            self.face.act(switch.name, switch.params)
        self._wake.set()

    async def start(self, started: Nanos, origins: dict[str, Nanos]) -> None:
        """Listen and start playing; raises PortBusy."""
        await self.face.start()
        self.tap.started(self.now())
        for instrument in self.entry.instruments:
            feed = Feed(
                self._inputs,
                instrument.code,
                instrument.symbol,
                origins[instrument.code],
                started,
                self._speed,
            )
            self._feeds.append(feed)
        self._task = asyncio.create_task(self._run(), name=f"venue {self.entry.name}")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.face.close()
        self.tap.close()
        self._record.close()

    async def _run(self) -> None:
        while True:
            now = self.now()
            self._play(now)
            self.dispatch(self.exchange.timer(now))
            due = self._next_due()
            timeout = None if due is None else max(0.0, (due - self.now()) / SECOND)
            self._wake.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _play(self, now: Nanos) -> None:
        for feed in self._feeds:
            while (tick := feed.take(now)) is not None:
                if now - tick.exchange_ns <= CATCH_UP_MAX:
                    self.dispatch(self.exchange.feed(tick, now))

    def _flush(self, now: Nanos) -> None:
        while self._outbox and self._outbox[0][0] <= now:
            self.face.deliver(heapq.heappop(self._outbox)[2])

    def _next_due(self) -> Nanos | None:
        times = [feed.due_at() for feed in self._feeds]
        times += [self.exchange.deadline(), self._outbox[0][0] if self._outbox else None]
        return min((at for at in times if at is not None), default=None)


class Venues:
    """All simulated venues of one process."""

    def __init__(self, config: VenuesFile) -> None:
        clock = Clock()
        self._clock = clock
        self._inputs = Inputs.of(config)
        self.by_name = {entry.name: SimulatedVenue(entry, config, self._inputs, clock) for entry in config.venues}

    async def start(self) -> None:
        """Start every venue or none; raises PortBusy, RecordingError, ModelError, ConfigError."""
        origins = self._inputs.origins()
        started = self._clock.now()
        try:
            for venue in self.by_name.values():
                await venue.start(started, origins)
                for instrument in venue.entry.instruments:
                    log.info("%s: %s is %s", venue.entry.name, instrument.code, self._inputs.label(instrument.code))
                log.info(
                    "%s: listening on %s:%d (%s)",
                    venue.entry.name,
                    venue.entry.host,
                    venue.face.port,
                    venue.entry.face,
                )
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        for venue in self.by_name.values():
            await venue.close()


def _face_of(entry: VenueEntry, venue: SimulatedVenue, config: VenuesFile) -> Face:
    if entry.face == "local":
        return LocalFace(entry, venue.exchange, venue, venue.tap)
    store = Path(config.record_dir) / entry.name / "session.fix"
    return FixFace(entry, venue.exchange, venue, venue.tap, _desk_of(entry, config), store)


def _desk_of(entry: VenueEntry, config: VenuesFile) -> str:
    """Return the desk behind a FIX client: FIX names comp ids, the journal folders name desks."""
    if entry.desk or len(config.journal_dirs) != 1:
        return entry.desk or entry.target_comp_id
    return next(iter(config.journal_dirs))
