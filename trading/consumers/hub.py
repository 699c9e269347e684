"""One hub per web process: takes frames and rows in, and hands each change, encoded once, to every screen.

Quotes are conflated to ten pushes a second. Alerts, executions, programs and commands are numbered rows of the
database: a hint over Redis makes the hub look at once, and it looks every second without one.
"""

import asyncio
import copy
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import msgspec
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError

from trading.consumers.channels import encoded
from trading.consumers.state import LiveState
from trading.consumers.stream import Subscription
from trading.selectors import feed

if TYPE_CHECKING:
    from trading.consumers.connection import LiveConsumer

BOARD_PERIOD_S = 0.1
ROWS_PERIOD_S = 0.9
ROWS_PAUSE_S = 0.03  # between two looks, however many hints come
HEARTBEAT_S = 1.0
DECLARED_EVERY_S = 5.0

log = logging.getLogger(__name__)

_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, "Hub"] = WeakKeyDictionary()


class Hub:
    """The screens of one event loop and what they see."""

    def __init__(self) -> None:
        self.state = LiveState()
        self.screens: set[LiveConsumer] = set()
        self._subscription = Subscription(settings.REDIS_URL, self._on_frame, self._on_hint)
        self._position = feed.Position(command_ns=time.time_ns())
        self._told: set[tuple[str, str]] = set()  # (command, state) that its owner was told
        self._journals: dict[str, tuple[int, int]] = {}
        self._hint = asyncio.Event()
        self._loaded = asyncio.Event()
        self._declared_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def of_this_loop(cls) -> "Hub":
        """Return the hub of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in _hubs:
            _hubs[loop] = cls()
        return _hubs[loop]

    async def join(self, screen: "LiveConsumer") -> None:
        """Take in a screen; the first one sets the hub going."""
        self.screens.add(screen)
        if not self._tasks:
            works = (
                self._subscription.run(),
                self._repeat(BOARD_PERIOD_S, self._push_board),
                self._repeat(HEARTBEAT_S, self._beat),
                self._follow_rows(),
            )
            self._tasks = [asyncio.create_task(work) for work in works]

    async def leave(self, screen: "LiveConsumer") -> None:
        """Let a screen go; without screens the hub rests, and starts afresh for the next one."""
        self.screens.discard(screen)
        if self.screens:
            return
        _hubs.pop(asyncio.get_running_loop(), None)
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def snapshot(self, channel: str, username: str) -> str:
        """Return all that a channel holds now, as JSON."""
        await self._loaded.wait()
        family, _, pair = channel.partition(".")
        match family:
            case "board":
                return encoded(self.state.board.all())
            case "pair":
                return encoded(self._pair_items(pair, self.state.board.all()))
            case "exec":
                return encoded(self.state.executions.all())
            case "alerts":
                return encoded(self.state.alerts.all())
            case "programs":
                return encoded(self.state.programs.all())
            case "venues":
                return encoded(self.state.venues.all())
        return encoded(await database_sync_to_async(feed.latest_commands)(username))

    # --- in ---

    def _on_frame(self, desk: str, data: bytes) -> None:
        try:
            frame = msgspec.json.decode(data)
            channel, items = frame["ch"], frame["items"]
        except (msgspec.DecodeError, KeyError, TypeError) as fault:
            log.error("a frame of desk %s cannot be read: %s", desk, fault)
            return
        if channel == "programs":
            # The journal's copy tells the state in one shape for all; the frame only says that it moved.
            self._hint.set()
        self.state.take_frame(desk, channel, items)

    def _on_hint(self) -> None:
        self._hint.set()

    async def _follow_rows(self) -> None:
        while True:
            self._hint.clear()
            await self._guarded(self._read_rows)
            await asyncio.sleep(ROWS_PAUSE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(ROWS_PERIOD_S):
                    await self._hint.wait()

    async def _read_rows(self) -> None:
        usernames = {screen.username for screen in self.screens}
        declared_due = time.monotonic() - self._declared_at > DECLARED_EVERY_S
        # A copy moves on: when one query fails, the next look starts where the last whole one ended.
        position = copy.deepcopy(self._position)
        changes = await database_sync_to_async(_query)(position, usernames, declared_due)
        self._position = position
        if declared_due:
            self._declared_at = time.monotonic()
            self.state.declare(changes["board"])
        self._journals = changes["journals"]
        state = self.state
        state.executions.put(changes["exec"])
        state.alerts.put(changes["alerts"])
        state.programs.put(changes["programs"])
        for channel, rows in (("exec", state.executions), ("alerts", state.alerts), ("programs", state.programs)):
            await self._broadcast(channel, rows.take_changed())
        await self._tell_owners(changes["commands"])
        self._loaded.set()

    # --- out ---

    async def _push_board(self) -> None:
        state = self.state
        state.doubt_silent_engines()
        rows = state.board.take_changed()
        ladders, state.changed_ladders = state.changed_ladders, set()
        await self._broadcast("board", rows)
        for pair in {row["pair"] for row in rows} | ladders:
            await self._broadcast(f"pair.{pair}", self._pair_items(pair, rows))
        await self._broadcast("venues", state.venues.take_changed())

    def _pair_items(self, pair: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ladder = [{"ladder": pair, **item} for item in self.state.ladders.get(pair, [])]
        return [row for row in rows if row["pair"] == pair] + ladder

    async def _tell_owners(self, commands: list[tuple[str, dict[str, Any]]]) -> None:
        told_before = self._told
        self._told = {(command["command_id"], command["state"]) for _, command in commands}
        for username, command in commands:
            if (command["command_id"], command["state"]) in told_before:
                continue
            items = encoded([command])
            for screen in [screen for screen in self.screens if screen.username == username]:
                await screen.push("me", items)

    async def _broadcast(self, channel: str, items: list[dict[str, Any]]) -> None:
        screens = [screen for screen in self.screens if channel in screen.seqs]
        if not items or not screens:
            return
        body = encoded(items)
        for screen in screens:
            await screen.push(channel, body)

    async def _beat(self) -> None:
        links = self.state.links(self._journals, is_redis_up=self._subscription.is_up)
        body = encoded([links])
        sessions = {screen.session_key: screen.user_id for screen in self.screens}
        standing = await database_sync_to_async(feed.standing)(sessions)
        for screen in list(self.screens):
            if await screen.recheck(standing.get(screen.session_key)):
                await screen.beat(body)

    async def _repeat(self, period_s: float, work: Callable[[], Awaitable[None]]) -> None:
        """Work every `period_s`, for the first time after one: the links are known by then."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + period_s, loop.time())
            await asyncio.sleep(due - loop.time())
            await self._guarded(work)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do one turn of `work`; one that fails must not end the feed of every screen."""
        try:
            await work()
        except DatabaseError as error:
            log.warning("the hub goes on without the database: %s", error)
        except Exception:
            log.exception("a turn of the hub failed")


def _query(position: feed.Position, usernames: set[str], declared_due: bool) -> dict[str, Any]:
    return {
        "board": feed.board_rows() if declared_due else {},
        "exec": feed.new_executions(position),
        "alerts": feed.new_alerts(position),
        "programs": feed.new_program_states(position),
        "commands": feed.new_commands(position, usernames),
        "journals": feed.journal_seqs(),
    }
