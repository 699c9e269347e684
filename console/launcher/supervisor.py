"""Runs child processes: started in stages, watched, stopped in reverse order.

A child that ends by itself ends everything, and is named, because half a product misleads; only a child
marked `is_restarted` is started again. Children run in sessions of their own, so that Ctrl-C reaches the
launcher alone and the order of stopping is the launcher's.
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.launcher.output import Log, Output

STOP_WITHIN_S = 12.0
RESTARTS_MAX = 20  # per launcher run; beyond that the child cannot be kept alive
PROBE_EVERY_S = 0.05
LAST_WORDS_WITHIN_S = 1.0
LINE_BYTES_MAX = 65_536


class ChildDied(Exception):
    """A child ended that should not have; the message names it, its exit code and its log."""


class NotReady(Exception):
    """A child runs but did not become ready in time; the message names it and its log."""


class StopRequested(Exception):
    """Somebody asked the launcher to stop while it was still starting."""


@dataclass(frozen=True)
class ChildSpec:
    """What to start. `is_ready` is asked again and again until it says yes; None means ready at once."""

    name: str
    argv: Sequence[str]
    is_ready: Callable[["Child"], Awaitable[bool]] | None = None
    ready_within_s: float = 60
    is_restarted: bool = False
    is_quiet: bool = False  # what it says goes to its log only
    ends_by_itself: bool = False  # a step of the start: ready when it has ended well


@dataclass
class Child:
    """One running process and the last things it said."""

    spec: ChildSpec
    process: asyncio.subprocess.Process
    output: asyncio.StreamReader
    log: Log
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=200))

    def has_said(self, words: str) -> bool:
        """Say whether a recent line contains the words."""
        return any(words in line for line in self.last_lines)


class Supervisor:
    """Owns the children. `hold_dir/<name>.hold` keeps a restarted child down while the file exists."""

    def __init__(self, *, output: Output, env: Mapping[str, str], log_dir: Path, hold_dir: Path) -> None:
        self._output = output
        self._env = dict(env)
        self._log_dir = log_dir
        self._hold_dir = hold_dir
        self._stages: list[list[str]] = []
        self._children: dict[str, Child] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._restarts = 0
        self._is_stopping = False
        self._stop_requested = asyncio.Event()
        self._failure: asyncio.Future[ChildDied] = asyncio.get_running_loop().create_future()

    def request_stop(self) -> None:
        """Ask for an orderly end; asked a second time, kill what still runs."""
        if self._stop_requested.is_set():
            for child in self._children.values():
                _signal_group(child.process, signal.SIGKILL)
        self._stop_requested.set()

    async def start(self, *stages: Sequence[ChildSpec]) -> None:
        """Start the children in order and return when all are ready; stages matter again when they stop.

        Raises ChildDied, NotReady or StopRequested.
        """
        for stage in stages:
            self._stages.append([spec.name for spec in stage])
            for spec in stage:
                await self._spawn(spec)
        await asyncio.gather(*(self._wait_until_ready(spec) for stage in stages for spec in stage))

    async def wait(self) -> None:
        """Return when a stop was asked for. Raises ChildDied when a child ended by itself first."""
        stop = asyncio.create_task(self._stop_requested.wait())
        await asyncio.wait([stop, self._failure], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if self._failure.done():
            raise self._failure.result()

    async def stop(self) -> None:
        """End all children, last stage first; each has a bound after which its whole group is killed."""
        self._is_stopping = True
        for stage in reversed(self._stages):
            running = [self._children[name] for name in stage if name in self._children]
            await asyncio.gather(*(self._stop(child) for child in running))
        await asyncio.gather(*self._tasks)

    async def _spawn(self, spec: ChildSpec) -> None:
        # A pipe of our own: with asyncio's, a child's end is only noticed when everything that
        # inherited the pipe has ended too.
        reading_end, writing_end = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *spec.argv,
                env=self._env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing_end,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        except OSError as error:
            os.close(reading_end)
            raise ChildDied(f"{spec.name} cannot be started: {error}; everything else is stopped.") from None
        finally:
            os.close(writing_end)
        output = await _open_pipe(reading_end)
        child = Child(spec, process, output, Log(self._log_dir / f"{spec.name}.log"))
        self._children[spec.name] = child
        task = asyncio.create_task(self._follow(child))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait_until_ready(self, spec: ChildSpec) -> None:
        deadline = time.monotonic() + spec.ready_within_s
        while spec.is_ready is not None and not await spec.is_ready(self._children[spec.name]):
            if self._failure.done():
                raise self._failure.result()
            if self._stop_requested.is_set():
                raise StopRequested
            if time.monotonic() > deadline:
                raise NotReady(
                    f"{spec.name} was not ready after {spec.ready_within_s:.0f} s; everything is stopped. "
                    f"Its log: {self._log_dir / spec.name}.log"
                )
            await asyncio.sleep(PROBE_EVERY_S)

    async def _follow(self, child: Child) -> None:
        relay = asyncio.create_task(self._relay(child))
        code = await child.process.wait()
        # Something the child left behind may hold its output open for ever; end that first.
        _signal_group(child.process, signal.SIGKILL)
        await asyncio.wait([relay], timeout=LAST_WORDS_WITHIN_S)
        relay.cancel()
        child.log.close()
        if self._is_stopping or (child.spec.ends_by_itself and code == 0):
            return
        reason = _describe_end(code)
        if child.spec.is_restarted and self._restarts < RESTARTS_MAX:
            self._restarts += 1
            self._output.say(child.spec.name, f"{reason}; starting it again")
            await self._restart(child.spec)
        elif not self._failure.done():
            self._failure.set_result(
                ChildDied(
                    f"{child.spec.name} {reason}; everything else is stopped. "
                    f"Its log: {self._log_dir / child.spec.name}.log"
                )
            )

    async def _restart(self, spec: ChildSpec) -> None:
        hold = self._hold_dir / f"{spec.name}.hold"
        while hold.exists() and not self._is_stopping:
            await asyncio.sleep(PROBE_EVERY_S)
        if not self._is_stopping:
            await self._spawn(spec)

    async def _relay(self, child: Child) -> None:
        """Pass on what the child says, line by line, however long or broken its lines are."""
        rest = b""
        while chunk := await child.output.read(LINE_BYTES_MAX):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LINE_BYTES_MAX:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._report(child, line)
        if rest:
            self._report(child, rest)

    def _report(self, child: Child, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip()
        if not line:
            return
        child.last_lines.append(line)
        child.log.write(line)
        if not child.spec.is_quiet:
            self._output.say(child.spec.name, line)

    async def _stop(self, child: Child) -> None:
        if child.process.returncode is None:
            child.process.terminate()
            try:
                await asyncio.wait_for(child.process.wait(), STOP_WITHIN_S)
            except TimeoutError:
                self._output.say(child.spec.name, f"did not end within {STOP_WITHIN_S:.0f} s and is killed")
                _signal_group(child.process, signal.SIGKILL)


async def has_ended_well(child: Child) -> bool:
    """Say whether a child that ends by itself has done so without an error."""
    return child.process.returncode == 0


async def _open_pipe(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    return reader


def _describe_end(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended by itself with exit code {code}"


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _end_with_parent() -> None:
    """Ask Linux to end this child when the launcher dies without being able to stop it."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
