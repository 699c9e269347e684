"""The asyncio host of a desk: it carries events in and actions out, one event per turn, and decides nothing.

Whatever arrives is put in the inbox and the inbox is emptied before control returns to the loop, so a turn is never
interrupted and never nested. The only waits are the loop's own. The journal's thread calls back through the loop.
A failure in a turn means the state can no longer be trusted: the engine stops and the next start recovers.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import get_ident
from typing import Any

from trading.core import events as e
from trading.core.units import MILLI, SECOND, Nanos
from trading.engine import commands as c
from trading.engine import kill_file
from trading.engine.actions import Action, Cancel, Publish, Query, QueryAll, QueryPositions, Reply, Submit, Sync
from trading.engine.desk import Desk
from trading.engine.egress import Egress
from trading.engine.journal import Journal
from trading.engine.lease import Lease
from trading.engine.records import EngineStopped, SentToWire
from trading.engine.stream import StreamServer
from trading.market.book import Quote
from trading.market.feed import VenueClock
from trading.venues.port import ClockSample, Venue

FLUSH_S = 0.005  # how long a fact that nobody waits for may stay in memory
WATCH_S = 0.25  # lease and kill file
TIMER_MIN_S = 0.001  # the loop's own resolution
SETTLE_S = 5.0  # how long a stopping engine lets open executions finish

log = logging.getLogger(__name__)

Inbound = Quote | e.Event | ClockSample


class Host:
    """Runs one desk until `stop` or a failure."""

    def __init__(
        self,
        desk: Desk,
        journal: Journal,
        lease: Lease,
        clock: Callable[[], Nanos],
        stream: StreamServer,
        kill_path: Path,
    ) -> None:
        self.desk, self.journal, self.lease, self.clock = desk, journal, lease, clock
        self.stream = stream
        self.egress = Egress(journal)
        self.venues: dict[str, Venue] = {}
        self.clocks: dict[str, VenueClock] = {}
        self.failure = ""
        self.snapshot: Callable[[], None] = lambda: None
        self._snapshot_seq = journal.seq
        self.ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self._kill_path = kill_path
        self._kill_seen: int = 0  # modification time of the kill file when last read
        self._inbox: deque[Callable[[Nanos], list[Action]]] = deque()
        self._is_in_turn = False
        self._replies: dict[str, list[Callable[[c.Answer], None]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: Nanos | None = None
        self._flush: asyncio.TimerHandle | None = None

    # --- what comes in ---

    def on_event(self, event: Any) -> None:
        """Take what a venue adapter reports."""
        if type(event) is Quote:
            self._turn(lambda now: self.desk.on_quote(event, now))
        elif isinstance(event, ClockSample):
            clock = self.clocks.setdefault(event.venue, VenueClock())
            clock.note(event.offset_ns, event.error_ns, event.at)
        else:
            self._turn(lambda now: self.desk.on_report(event, now))

    def on_command(self, command: c.AnyCommand, answer: Callable[[c.Answer], None]) -> None:
        """Take an operator's command; `answer` is called once, when what it rests on is durable."""
        if isinstance(command, c.RenewLease):
            self.lease.renew(command.renewed_until)
            self._watch_lease()
            answer(c.accepted({"tenure": self.desk.lease}))
            return
        if isinstance(command, c.LiftKill):
            answer = self._lifting(command.scope, answer)
        self._replies.setdefault(getattr(command, "command_id", ""), []).append(answer)
        self._turn(lambda now: self.desk.on_command(command, now))
        if isinstance(command, c.KillDesk):
            # After the kill has acted: the file makes it stick even if the journal is lost.
            kill_file.add(self._kill_path, command)
            self._kill_seen = _modified(self._kill_path)

    def begin(self, actions: list[Action]) -> None:
        """Perform what the desk asked for at its start, and begin to watch lease and kill file."""
        self._turn(lambda now: actions)
        self._watch()

    def _lifting(self, scope: str, answer: Callable[[c.Answer], None]) -> Callable[[c.Answer], None]:
        def lift(outcome: c.Answer) -> None:
            if outcome["ok"]:
                kill_file.lift(self._kill_path, scope)
                self._kill_seen = _modified(self._kill_path)
            answer(outcome)

        return lift

    # --- one turn ---

    def _turn(self, event: Callable[[Nanos], list[Action]]) -> None:
        self._inbox.append(event)
        if self._is_in_turn or self.failure:
            return
        self._is_in_turn = True
        try:
            while self._inbox:
                self._perform(self._inbox.popleft()(self.clock()))
        except Exception as error:
            log.exception("a turn failed; the engine stops and recovers at its next start")
            self.fail(f"{type(error).__name__}: {error}")
        finally:
            self._is_in_turn = False
        self._rearm()

    def _perform(self, actions: list[Action]) -> None:
        if any(isinstance(action, Sync) for action in actions):
            self.journal.sync(self._durable)  # first: the disk is what everything else waits for
        for action in actions:
            match action:
                case Submit():
                    self._submit(action)
                case Cancel(venue, client_order_id):
                    self.venues[venue].cancel(client_order_id)
                case Query(venue, client_order_id, at):
                    self.venues[venue].query(client_order_id, at)
                case QueryAll(venue, at):
                    self.venues[venue].query_all(at)
                case QueryPositions(venue, at):
                    self.venues[venue].query_positions(at)
                case Reply():
                    self._reply(action)
                case Publish(kind, payload) if self.stream.has_readers:
                    self.stream.publish(kind, [payload()])

    def _submit(self, submit: Submit) -> None:
        """Hand the orders to their venues back to back, encoded before the first one leaves; only then look at them."""
        if objection := self.egress.objection(submit.orders):
            self._refuse_egress(submit, objection)
            return
        by_venue: dict[str, list[e.OrderIntent]] = {}
        for order in submit.orders:
            by_venue.setdefault(order.venue, []).append(order)
        not_sent: list[e.OrderNotSent] = []
        venues = [self.venues[name] for name in by_venue]
        for venue in venues:
            venue.hold()
        try:
            for venue, orders in zip(venues, by_venue.values(), strict=True):
                not_sent += venue.send(orders)
        finally:
            for venue in venues:
                venue.release()
        lost = {event.client_order_id for event in not_sent}
        sent = tuple(o.client_order_id for o in submit.orders if o.client_order_id not in lost)
        now = self.clock()
        if sent:
            self.journal.append("", SentToWire(sent, now), now)
        for event in not_sent:
            self.on_event(event)

    def _refuse_egress(self, submit: Submit, objection: str) -> None:
        """Let nothing of this leave, and kill the desk: what decided and what sends no longer agree."""
        log.critical("%s; the desk is killed", objection)
        command_id = f"egress-{self.desk.epoch}-{submit.orders[0].client_order_id}"
        self.on_command(c.KillDesk("cancel", "all", "engine", objection, command_id), lambda answer: None)

    def _reply(self, reply: Reply) -> None:
        answer = c.accepted(reply.result) if reply.ok else c.refused(reply.code, reply.text)
        for waiting in self._replies.pop(reply.command_id, []):
            waiting(answer)

    def _durable(self, seq: int) -> None:
        """Called in the journal's thread, or right here by a journal that does not sync."""
        if get_ident() == self._thread:
            self._on_durable(seq)
        else:
            self._loop.call_soon_threadsafe(self._on_durable, seq)

    def _on_durable(self, seq: int) -> None:
        self._turn(lambda now: self.desk.on_durable(seq, now))

    # --- timers ---

    def _rearm(self) -> None:
        due = self.desk.deadline()
        if due != self._timer_due:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_due, self._timer = due, None
            if due is not None:
                delay_s = max(TIMER_MIN_S, (due - self.clock()) / SECOND)
                self._timer = self._loop.call_later(delay_s, self._on_time)
        if self.journal.is_dirty and self._flush is None:
            self._flush = self._loop.call_later(FLUSH_S, self._flush_facts)

    def _on_time(self) -> None:
        self._timer_due = self._timer = None
        self._turn(self.desk.on_time)

    def _flush_facts(self) -> None:
        self._flush = None
        if self.journal.is_dirty and not self.journal.failure:
            self.journal.sync()

    def _watch(self) -> None:
        if self.ended.is_set():
            return
        self._watch_lease()
        self._watch_kill_file()
        self._snapshot_when_quiet()
        self._loop.call_later(WATCH_S, self._watch)

    def _watch_lease(self) -> None:
        if refusal := self.lease.fence():
            self.fail(refusal)
            return
        self.lease.touch()
        tenure = self.lease.tenure(self.clock()).value
        if tenure != self.desk.lease:
            log.warning("the desk's lease is %s", tenure)
            self._turn(lambda now: self.desk.set_lease(tenure, now))

    def _snapshot_when_quiet(self) -> None:
        """Bound what the next start must fold; never while an execution is open."""
        if self.journal.seq - self._snapshot_seq < self.desk.config.records_per_snapshot or self.journal.failure:
            return
        if not any(program.state.open for program in self.desk.programs.values()):
            self._snapshot_seq = self.journal.seq
            self.snapshot()

    def _watch_kill_file(self) -> None:
        modified = _modified(self._kill_path)
        if modified == self._kill_seen:
            return
        self._kill_seen = modified
        try:
            kills = kill_file.read(self._kill_path)
        except kill_file.BadKillFile as fault:
            log.error("%s; the desk is killed to be safe", fault)
            kills = [c.KillDesk("stop", "all", "engine", str(fault), f"kill-file-{modified}")]
        for kill in kills:
            if kill.command_id not in self.desk.answers:
                log.warning("killed by file: %s, %s", kill.scope, kill.reason)
                self._turn(lambda now, kill=kill: self.desk.on_command(kill, now))

    # --- the end ---

    def fail(self, reason: str) -> None:
        """Stop at once: cancel what works, so that nothing rests while nobody watches, and end."""
        if self.failure:
            return
        self.failure = reason
        for program in self.desk.programs.values():
            for case in program.state.open:
                for order in case.orders:
                    if order.is_live and order.intent.venue in self.venues:
                        self.venues[order.intent.venue].cancel(order.intent.client_order_id)
        self.ended.set()

    async def stop(self, reason: str) -> None:
        """Take no new entries, let open executions finish for a while, record the end and let go of everything."""
        if not self.failure:
            self._turn(lambda now: self.desk.set_lease("late", now))
            waited_s = 0.0
            while waited_s < SETTLE_S and any(p.state.open for p in self.desk.programs.values()):
                await asyncio.sleep(0.05)
                waited_s += 0.05
            self.journal.append("", EngineStopped(reason), self.clock())
        self.ended.set()
        for handle in (self._timer, self._flush):
            if handle is not None:
                handle.cancel()
        await asyncio.gather(*(venue.close() for venue in self.venues.values()))
        self.journal.close()


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def lag_ns(due: Nanos, now: Nanos) -> int:
    """Return by how much a timer was late, at most as exact as the loop's own resolution."""
    return max(0, now - due - MILLI)
