"""One schedule: a desk, its venues and its books in virtual time, driven through faults and then through calm.

The desk, its programs, the gate and the recovery are the real ones. What is simulated is what surrounds them: the
clock, the disk, the lines, the venues and the people. The same seed gives the same schedule.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

from risk.gate import review
from trading.core import events as e
from trading.core.books import OffsetRule
from trading.core.units import MILLI, SECOND, Nanos
from trading.engine import actions as a
from trading.engine.desk import Desk
from trading.engine.egress import Egress
from trading.engine.lease import GRACE
from trading.engine.recovery import DeskState
from trading.simulation.account import Account
from trading.simulation.checkers import Checkers
from trading.simulation.disk import Disk, Writer
from trading.simulation.drawn import draw_desk, pairs_of, venues_of, with_modes
from trading.simulation.faults import Faults
from trading.simulation.figures import Truth
from trading.simulation.lines import Lines
from trading.simulation.market import Market
from trading.simulation.operators import Operators
from trading.simulation.paused import RENEWED_FOR, Paused
from trading.simulation.venue import SimulatedVenue

START: Nanos = 1_800_000_000 * SECOND
CHAOS = 12 * SECOND  # how long faults last
CALM_MAX = 90 * SECOND  # within this, everything must have come to rest
TICK_EVERY = 800 * MILLI
EVENTS_MAX = 20_000
EDGES = (20, 20, 20, -20, -20, 2, 2)  # domestic ticks over parity: sellers' markets, buyers' markets, neither
TAKEOVER_AFTER = RENEWED_FOR + GRACE + 500 * MILLI  # lease, grace and clock error


class World:
    """See the module. `run` returns the first violation, or an empty string."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = rng = Random(seed)
        self.now = START
        self.events = 0
        self.faults = Faults(rng)
        self.disk = Disk()
        self.config = with_modes(draw_desk(rng, self.faults), Random(f"modes of {seed}"))
        self.programs = tuple(terms.program for terms in self.config.programs)
        pairs = pairs_of(self.config)
        self.market = Market(pairs, rng, self.faults)
        self.names = venues_of(pairs)
        self.truth = Truth(self)
        self.lines = Lines(self, self.names)
        self.venues = {name: self._venue(name) for name in self.names}
        self.operators = Operators(self)
        self.desk: Desk | None = None
        self.lease = "held"
        self.engine_number = 0
        self._writer: Writer | None = None
        self._egress: Egress | None = None
        self._syncs: list[int] = []  # asked for and not yet answered
        self._heap: list[tuple[Nanos, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = 0
        self._depth = 0
        self._wake_at: Nanos | None = None
        self.checkers = Checkers(self)
        self.disk.on_append = self.checkers.on_record
        if self.faults.hits("clock_skew"):
            self.market.offsets = {name: rng.randint(-2 * SECOND, 2 * SECOND) for name in self.names}

    def _venue(self, name: str) -> SimulatedVenue:
        def wait(delay: Nanos, what: Callable[[str, Nanos], None], subject: str) -> None:
            self.later(delay, lambda: what(subject, self.now))

        report = self.lines.reporter(name)
        closing = self.config.venue(name).capabilities.closing
        account = Account(name, separates=closing is OffsetRule.CLOSE_TODAY_SEPARATE)
        venue = SimulatedVenue(name, self.rng, self.faults, report, wait, self.truth.on_trade, account)
        venue.on_lock = self.market.lock_against
        return venue

    # --- time ---

    def at(self, when: Nanos, what: Callable[..., None], *args: Any) -> None:
        self._order += 1
        heappush(self._heap, (when if when > self.now else self.now, self._order, what, args))

    def later(self, delay: Nanos, what: Callable[..., None], *args: Any) -> None:
        self.at(self.now + delay, what, *args)

    def run(self) -> str:
        """Run the schedule to its end; return what went wrong first, or an empty string."""
        self._start_engine()
        for name in self.programs:
            self.later(300 * MILLI, self.operators.keep_armed, name)
        self.later(10 * MILLI, self._tick)
        self.at(START + CHAOS, self._calm_down)
        heap, checkers, faults = self._heap, self.checkers, self.faults
        while heap and not checkers.violation:
            self.now, _, what, args = heappop(heap)
            self.events += 1
            if self.events > EVENTS_MAX:
                checkers.fail("INV-18", "events without end")
            what(*args)
            if faults.is_calm and (self._is_at_rest() or self.now > START + CHAOS + CALM_MAX):
                break
        if not checkers.violation:
            checkers.at_rest()
        return checkers.violation

    def _is_at_rest(self) -> bool:
        desk = self.desk
        if desk is None or desk.reconciliation.state is not DeskState.RECONCILED or not all(self.lines.is_up.values()):
            return False  # a late answer still turns HALTED into RECONCILED
        if self.now < START + CHAOS + SECOND or any(p.state.open for p in desk.programs.values()):
            return self.now > START + CHAOS + 60 * SECOND and self._is_stuck(desk) and not self.unseen()
        return not self.lines.in_flight and not self.risen() and not self.unseen()

    def unseen(self) -> list[str]:
        """Return instruments in which a trade was kept from us and no break has been found yet."""
        desk = self.desk
        if desk is None:
            return []
        return [
            code
            for venue in self.venues.values()
            for code in sorted(venue.never_told)
            if venue.account.net(code) != desk.positions.confirmed.get(code, 0)
            and code not in desk.position_check.breaks
        ]

    def risen(self) -> list[str]:
        """Return orders that the desk presumes dead although they came to life at the venue and traded."""
        programs = self.desk.programs.values() if self.desk else ()
        truths = [venue.orders for venue in self.venues.values()]
        dead = [name for program in programs for name in program.state.presumed_dead]
        return [name for name in dead for known in truths if name in known and known[name].filled_lots]

    def _is_stuck(self, desk: Desk) -> bool:
        """Whether what is open waits for a person only."""
        return all(not program.may_repair(case) for program in desk.programs.values() for case in program.state.open)

    # --- the engine's process ---

    def _start_engine(self) -> None:
        if self.disk.is_full:
            self.later(500 * MILLI, self._start_engine)  # the worker tries again and again
            return
        self.engine_number += 1
        self.lease = "held"
        self._writer = self.disk.open()
        self._egress = Egress(self._writer)
        self._syncs.clear()
        self.desk = Desk(self.config, self._writer, review, self.disk.epoch, self.now)
        self.checkers.on_start(self.desk)
        self.desk.recover(self.disk.records)
        self.perform(self.desk.resume(self.now, self.operators.kills), "crash_in_recovery")
        for name in self.names:
            if self.faults.hits("venue_unreachable"):
                self.lines.stay_away(name)
            self.lines.connect_later(name)

    def crash(self) -> None:
        """Kill the process: what was not synced is lost from some point on, and so is every connection."""
        self._stop_engine()
        self.later(self.rng.randint(50 * MILLI, 2 * SECOND), self._start_engine)

    def _stop_engine(self) -> None:
        self.desk = self._writer = self._wake_at = None
        kept = self.rng.randint(self.disk.durable_seq, self.disk.seq)
        if kept < self.disk.seq:
            self.faults.counts["lost_tail"] += 1
        self.disk.cut(kept)
        self.checkers.on_crash()
        for name in self.names:
            self.lines.cut(name)

    def fill_disk(self) -> None:
        """The journal cannot be written: the engine cancels what works and ends, and starts only when there is room."""
        self.disk.is_full = True
        self.later(self.rng.randint(SECOND, 3 * SECOND), self._free_disk)
        for program in self.desk.programs.values() if self.desk else ():
            for case in program.state.open:
                for order in case.orders:
                    if order.is_live:
                        self.lines.send(order.intent.venue, "take_cancel", order.intent.client_order_id)
        self.crash()

    def _free_disk(self) -> None:
        self.disk.is_full = False

    def pause_engine(self) -> None:
        """The process stops without dying; a standby on another host takes over, and then the paused one wakes."""
        paused = Paused(self, self.desk, self._syncs)
        self._stop_engine()
        paused.forget_after(self.disk.durable_seq)
        self.later(TAKEOVER_AFTER, self._take_over, paused)

    def _take_over(self, paused: Paused) -> None:
        self._start_engine()
        self.later(self.rng.randint(0, 4 * SECOND), paused.wake)

    # --- what the desk asks for ---

    def perform(self, wanted: list[a.Action], crash_fault: str = "crash_at_action") -> None:
        """Do what the desk asks, as the host does; the process may die before each single step."""
        for action in wanted:
            if self.desk is None:
                return
            if self.faults.hits(crash_fault):
                self.crash()
                return
            if isinstance(action, a.Submit):
                self._submit(action)
            elif isinstance(action, a.Sync):
                self._sync(action.seq)
            elif isinstance(action, a.Cancel):
                self.checkers.on_cancel(action)
                self.lines.send(action.venue, "take_cancel", action.client_order_id)
            elif isinstance(action, a.Query):
                self.lines.send(action.venue, "take_query", action.client_order_id, action.at)
            elif isinstance(action, a.QueryAll):
                self.lines.send(action.venue, "take_query_all", action.at)
            elif isinstance(action, a.QueryPositions):
                self.lines.send(action.venue, "take_query_positions", action.at)
            elif isinstance(action, a.Reply):
                self.operators.on_reply(action)
                self.checkers.on_reply(action)
        self._set_alarm()

    def call(self, method: str, *args: Any) -> None:
        """Give the desk one turn."""
        desk = self.desk
        if desk is None:
            return
        self._depth += 1
        self.perform(getattr(desk, method)(*args, self.now))
        self._depth -= 1
        if not self._depth:  # a turn within a turn: the outer one is not done yet
            self.checkers.after_turn()

    def _set_alarm(self) -> None:
        if self.desk is None:
            return
        due = self.desk.deadline()
        if due is not None and due != self._wake_at:
            self._wake_at = due
            self.at(due, self._alarm, due)

    def _alarm(self, due: Nanos) -> None:
        if due == self._wake_at:
            self._wake_at = None
            self.call("on_time")

    def _sync(self, seq: int) -> None:
        slow = self.faults.hits("slow_sync")
        delay = self.rng.randint(200 * MILLI, 3 * SECOND) if slow else self.rng.randint(100_000, 3 * MILLI)
        self._syncs.append(seq)
        self.later(delay, self._synced, self.engine_number, self.disk.seq)

    def _synced(self, engine_number: int, seq: int) -> None:
        if engine_number != self.engine_number or self.desk is None:
            return
        if self.faults.hits("disk_full"):
            self.fill_disk()
            return
        self.disk.durable_seq = max(self.disk.durable_seq, seq)
        self._syncs = [waiting for waiting in self._syncs if waiting > seq]
        self.call("on_durable", seq)

    def _submit(self, action: a.Submit) -> None:
        self.checkers.on_submit(action)
        assert self._egress is not None
        if objection := self._egress.objection(action.orders):
            self.checkers.fail("INV-03", objection)
            return
        for order in action.orders:
            if self.desk is None:
                return
            if self.faults.hits("crash_at_action"):
                self.crash()
                return
            refusal = "" if self.lines.is_up[order.venue] else "line down"
            if not refusal and self.faults.hits("flow_control"):
                refusal = "the line takes no more orders this second"
            if refusal:
                self.faults.counts["not_sent"] += 1
                self.call("on_report", e.OrderNotSent(order.client_order_id, refusal))
                continue
            self.checkers.on_wire(order)
            if not self.faults.hits("order_lost"):
                self.lines.send(order.venue, "take_order", order)

    # --- the market, and what befalls everybody ---

    def _tick(self) -> None:
        faults = self.faults
        if not faults.is_calm:
            for quote in self.market.quotes(self.now, self.rng.choice(EDGES)):
                self.call("on_quote", quote)
            self._trouble()
        elif self.desk is not None and any(program.state.open for program in self.desk.programs.values()):
            for quote in self.market.quotes(self.now, 2):
                self.call("on_quote", quote)
        self.later(TICK_EVERY, self._tick)

    def _trouble(self) -> None:
        faults, lines = self.faults, self.lines
        for name in self.names:
            if faults.hits("line_drop"):
                lines.drop(name)
            elif lines.is_up[name] and faults.hits("half_open"):
                lines.hang(name)
            self._trouble_at(name)
        if faults.hits("both_down"):
            lines.drop_all()
        if faults.hits("day_turns"):
            for venue in self.venues.values():
                venue.turn_day(self.now)
        self.operators.act()
        if faults.hits("lease_late"):
            self.lease = "late"
            self.call("set_lease", "late")
            self.later(2 * SECOND, self._renew)
        is_trading = self.desk is not None and self.desk.reconciliation.state is DeskState.RECONCILED
        if is_trading and faults.hits("engine_paused"):
            self.pause_engine()

    def _trouble_at(self, name: str) -> None:
        faults, venue, rng = self.faults, self.venues[name], self.rng
        if faults.hits("venue_halt"):
            self._close_venue(venue, rng.randint(SECOND, 5 * SECOND))
        if faults.hits("session_break"):
            pause = rng.randint(SECOND, 5 * SECOND)
            self._close_venue(venue, pause)
            self.market.take_break(name, self.now + pause)
        if faults.hits("reject_storm"):
            venue.rejects_until = self.now + rng.randint(SECOND, 4 * SECOND)
        if faults.hits("no_cancel_period"):
            venue.keeps_until = self.now + rng.randint(SECOND, 4 * SECOND)
        if faults.hits("foreign_order"):
            self._foreign_order(name)

    def _close_venue(self, venue: SimulatedVenue, pause: Nanos) -> None:
        venue.is_halted = True
        self.later(pause, self._reopen, venue)

    def _reopen(self, venue: SimulatedVenue) -> None:
        venue.is_halted = False

    def _foreign_order(self, name: str) -> None:
        """Another terminal of the same account orders or trades, the broker liquidates, or our own name turns up."""
        if not self.lines.is_up[name] or self.desk is None:
            return
        if self.rng.random() < 0.5:
            codes = [code for code, i in self.desk.instruments.items() if i.venue == name and not i.is_pricing_only]
            self.call("on_report", self.venues[name].trade_foreign(self.rng.choice(codes)))
            return
        order = f"{self.config.desk.upper() if self.rng.random() < 0.3 else 'TERMINAL'}-{self.events}"
        self.checkers.on_foreign(order)
        self.call("on_report", e.OrderAccepted(order, f"V{self.events}", self.now))

    def _renew(self) -> None:
        self.lease = "held"
        self.call("set_lease", "held")

    def _calm_down(self) -> None:
        """Faults end: lines come back, the books are sound, the people disarm and no new execution begins."""
        self.faults.is_calm = True
        for venue in self.venues.values():
            venue.is_halted = False
        self.lines.calm_down()
        self._renew()
        self.operators.disarm_all()
