"""One schedule: a desk, its venues and its books in virtual time, driven through faults and then through calm.

The desk, its programs, the gate and the recovery are the real ones. What is simulated is what surrounds them: the
clock, the disk, the lines, the venues and the operators. The same seed gives the same schedule.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

from risk.gate import review
from risk.limits import Limit, LimitKind, LimitSet
from trading.core import events as e
from trading.core.terms import RepairPreference
from trading.core.units import MILLI, SECOND, Nanos
from trading.engine import actions as a
from trading.engine import commands as c
from trading.engine.desk import Desk
from trading.engine.records import Record
from trading.engine.recovery import DeskState
from trading.simulation.checkers import Checkers
from trading.simulation.copper import COPPER_LIMITS, CU_CA, CU_HG, REPAIR, D, copper_desk, copper_terms
from trading.simulation.faults import Faults
from trading.simulation.market import Market
from trading.simulation.venue import SimulatedVenue

START: Nanos = 1_800_000_000 * SECOND
CHAOS = 12 * SECOND  # how long faults last
CALM_MAX = 90 * SECOND  # within this, everything must have come to rest
TICK_EVERY = 700 * MILLI
EVENTS_MAX = 20_000
PROGRAM = "CU-SELL"


class Disk:
    """The journal of a schedule: what was appended, and how much of it would survive a crash."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.epoch = 0
        self.durable_seq = 0
        self.on_append: Callable[[Record], None] = lambda record: None

    @property
    def seq(self) -> int:
        return len(self.records)

    def append(self, program: str, event: Any, now: Nanos, execution: str = "") -> int:
        record = Record(self.seq + 1, now, self.epoch, program, execution, event, "")
        self.records.append(record)
        self.on_append(record)
        return record.seq


class World:
    """See the module. `run` returns the first violation, or an empty string."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = rng = Random(seed)
        self.now = START
        self.faults = Faults(rng)
        self.disk = Disk()
        pair = rng.choice((CU_CA, CU_CA, CU_HG))
        self.config = copper_desk((self._terms(pair),), self._limits())
        self.market = Market(pair, rng, self.faults)
        self.names = ("SHFE", "LME" if pair is CU_CA else "CME")
        self.venues = {name: SimulatedVenue(name, rng, self.faults, self._reporter(name)) for name in self.names}
        self.line_up = dict.fromkeys(self.names, False)
        self.line_number = dict.fromkeys(self.names, 0)
        self.half_open: set[str] = set()
        self.unreachable_until: dict[str, Nanos] = {}
        self.desk: Desk | None = None
        self.engine_number = 0
        self.kills: list[tuple[str, e.Kill]] = []
        self.events = 0
        self._command_number = 0
        self._heap: list[tuple[Nanos, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = 0
        self._wake_at: Nanos | None = None
        self.checkers = Checkers(self)
        self.disk.on_append = self.checkers.on_record
        if self.faults.hits("clock_skew"):
            self.market.offsets = {name: rng.randint(-2 * SECOND, 2 * SECOND) for name in self.names}

    def _terms(self, pair: Any) -> Any:
        preference = self.rng.choice(list(RepairPreference))
        repair = type(REPAIR)(preference, REPAIR.wait, self.rng.randint(3, 5), REPAIR.cost_max, REPAIR.naked_age_max)
        return copper_terms(pair, clip_units=self.rng.randint(1, 3), executions_max=2, repair=repair)

    def _limits(self) -> LimitSet:
        if self.faults.hits("tight_limits"):
            return LimitSet.of(1, (*COPPER_LIMITS.limits, Limit(LimitKind.ORDER_LOTS_MAX, D("4"))))
        return COPPER_LIMITS

    # --- time ---

    def at(self, when: Nanos, what: Callable[..., None], *args: Any) -> None:
        self._order += 1
        heappush(self._heap, (max(when, self.now), self._order, what, args))

    def later(self, delay: Nanos, what: Callable[..., None], *args: Any) -> None:
        self.at(self.now + delay, what, *args)

    def run(self) -> str:
        """Run the schedule to its end; return what went wrong first, or an empty string."""
        self._start_engine()
        self.later(300 * MILLI, self._arm)
        self.later(10 * MILLI, self._tick)
        self.at(START + CHAOS, self._calm_down)
        while self._heap and not self.checkers.violation:
            when, _, what, args = heappop(self._heap)
            self.now = when
            self.events += 1
            if self.events > EVENTS_MAX:
                self.checkers.fail("INV-18", "events without end")
            what(*args)
            if self.faults.is_calm and self._is_at_rest():
                break
            if self.now > START + CHAOS + CALM_MAX:
                break
        if not self.checkers.violation:
            self.checkers.at_rest()
        return self.checkers.violation

    def _is_at_rest(self) -> bool:
        desk = self.desk
        if desk is None or desk.reconciliation.state is DeskState.RECOVERING or not all(self.line_up.values()):
            return False
        if self.now < START + CHAOS + SECOND or any(p.state.open for p in desk.programs.values()):
            return self.now > START + CHAOS + 60 * SECOND and self._is_stuck(desk)
        if self.risen():
            return False
        return not any(what in (self._deliver, self._arrive) for _, _, what, _ in self._heap)

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
        self.engine_number += 1
        self.disk.epoch = max((record.epoch for record in self.disk.records), default=0) + 1
        self.desk = Desk(self.config, self.disk, review, self.disk.epoch, self.now)
        self.checkers.on_start(self.desk)
        self.desk.recover(self.disk.records)
        self._perform(self.desk.resume(self.now, self.kills), "crash_in_recovery")
        for name in self.names:
            if self.faults.hits("venue_unreachable"):
                self.unreachable_until[name] = self.now + self.rng.randint(31 * SECOND, 40 * SECOND)
            self._connect_later(name)

    def crash(self) -> None:
        """Kill the process: what was not synced is lost from some point on, and so is every connection."""
        self.desk = None
        self._wake_at = None
        kept = self.rng.randint(self.disk.durable_seq, self.disk.seq)
        if kept < self.disk.seq:
            self.faults.counts["lost_tail"] += 1
        del self.disk.records[kept:]
        self.disk.durable_seq = kept
        self.checkers.on_crash()
        for name in self.names:
            self._cut(name)
        self.later(self.rng.randint(50 * MILLI, 2 * SECOND), self._start_engine)

    def _perform(self, wanted: list[a.Action], crash_fault: str = "crash_at_action") -> None:
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
                self._sync()
            elif isinstance(action, a.Cancel):
                self.checkers.cancels.add(action.client_order_id)
                self._to_venue(action.venue, "take_cancel", action.client_order_id)
            elif isinstance(action, a.Query):
                self._to_venue(action.venue, "take_query", action.client_order_id, action.at)
            elif isinstance(action, a.QueryAll):
                self._to_venue(action.venue, "take_query_all", action.at)
            elif isinstance(action, a.Reply):
                self.checkers.on_reply(action)
        self._set_alarm()

    def _call(self, method: str, *args: Any) -> None:
        if self.desk is not None:
            self._perform(getattr(self.desk, method)(*args, self.now))
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
            self._call("on_time")

    def _sync(self) -> None:
        slow = self.faults.hits("slow_sync")
        delay = self.rng.randint(200 * MILLI, 3 * SECOND) if slow else self.rng.randint(100_000, 3 * MILLI)
        self.later(delay, self._synced, self.engine_number, self.disk.seq)

    def _synced(self, engine_number: int, seq: int) -> None:
        if engine_number == self.engine_number and self.desk is not None:
            self.disk.durable_seq = max(self.disk.durable_seq, seq)
            self._call("on_durable", seq)

    # --- lines ---

    def _submit(self, action: a.Submit) -> None:
        self.checkers.on_submit(action)
        for order in action.orders:
            if self.desk is None:
                return
            if self.faults.hits("crash_at_action"):
                self.crash()
                return
            if not self.line_up[order.venue]:
                self.faults.counts["not_sent"] += 1
                self._call("on_report", e.OrderNotSent(order.client_order_id, "line down"))
                continue
            self.checkers.on_wire(order)
            if not self.faults.hits("order_lost"):
                self._to_venue(order.venue, "take_order", order)

    def _to_venue(self, name: str, what: str, *args: Any) -> None:
        if not self.line_up[name] or name in self.half_open:
            return
        delay = self.rng.randint(MILLI, 20 * MILLI)
        if what == "take_order" and self.faults.hits("order_late"):
            delay = self.rng.randint(SECOND, 12 * SECOND)
            self.later(delay, self._arrive, name, what, *args)  # somewhere on the way; no line holds it
            return
        self.later(delay, self._arrive, name, what, *args)

    def _arrive(self, name: str, what: str, *args: Any) -> None:
        getattr(self.venues[name], what)(*args, self.now)

    def _reporter(self, name: str) -> Callable[[Nanos, e.Event], None]:
        def report(when: Nanos, event: e.Event) -> None:
            self.at(when, self._deliver, name, self.line_number[name], event)

        return report

    def _deliver(self, name: str, line_number: int, event: e.Event) -> None:
        """A report reaches the engine only over the line on which it was sent."""
        if self.desk is None or not self.line_up[name] or line_number != self.line_number[name]:
            return
        if name in self.half_open:
            return
        self.checkers.on_delivery(event)
        self._call("on_report", event)

    def _cut(self, name: str) -> None:
        self.half_open.discard(name)
        self.line_number[name] += 1
        if self.line_up[name]:
            self.line_up[name] = False
            if self.config.venue(name).capabilities.cancel_on_disconnect == "cancel":
                self.venues[name].drop_working(self.now)

    def _drop(self, name: str) -> None:
        if self.line_up[name]:
            self._cut(name)
            self._call("on_report", e.VenueDown(name, "line dropped"))
            self._connect_later(name)

    def _connect_later(self, name: str) -> None:
        delay = 20 * MILLI if self.faults.is_calm else self.rng.randint(20 * MILLI, 4 * SECOND)
        at = max(self.now + delay, self.unreachable_until.get(name, 0))
        self.at(at, self._connect, name, self.line_number[name])

    def _connect(self, name: str, line_number: int) -> None:
        if self.desk is not None and not self.line_up[name] and line_number == self.line_number[name]:
            self.line_up[name] = True
            self._call("on_report", e.VenueUp(name))

    # --- the market, the operators, and what befalls the lines ---

    def _tick(self) -> None:
        is_firing = not self.faults.is_calm and self.rng.random() < 0.7
        for quote in self.market.quotes(self.now, 20 if is_firing else 2):
            self._call("on_quote", quote)
        for venue in self.venues.values():
            venue.trade_resting(self.now)
        if not self.faults.is_calm:
            self._trouble()
        self.later(TICK_EVERY, self._tick)

    def _trouble(self) -> None:
        faults = self.faults
        for name in self.names:
            if faults.hits("line_drop"):
                self._drop(name)
            elif self.line_up[name] and faults.hits("half_open"):
                self.half_open.add(name)
                self.later(self.rng.randint(SECOND, 5 * SECOND), self._drop, name)
            if faults.hits("venue_halt"):
                self.venues[name].is_halted = True
                self.later(self.rng.randint(SECOND, 5 * SECOND), self._reopen, name)
        if faults.hits("kill"):
            self._kill(self.rng.choice(("stop", "cancel", "neutralize")))
        if faults.hits("unwind"):
            self._command(c.UnwindProgram(PROGRAM, self._next_id(), "trader1", "drill"))
        if faults.hits("disarm"):
            self._command(c.DisarmProgram(PROGRAM, self._next_id(), "trader1", "drill"))
        if faults.hits("lease_late") and self.desk is not None:
            self._call("set_lease", "late")
            self.later(2 * SECOND, self._renew)

    def _reopen(self, name: str) -> None:
        self.venues[name].is_halted = False

    def _renew(self) -> None:
        self._call("set_lease", "held")

    def _next_id(self) -> str:
        self._command_number += 1
        return f"C{self._command_number}"

    def _arm(self) -> None:
        """The trader arms whenever the program is found disarmed, as after a restart."""
        if self.faults.is_calm:
            return
        ttl = -SECOND if self.faults.hits("command_expired") else 2 * SECOND
        program = self.desk.programs[PROGRAM] if self.desk else None
        if program is not None and program.shown_state(self.now) == "DISARMED":
            self._command(c.ArmProgram(PROGRAM, self._next_id(), "trader1", 1, self.now + ttl))
        self.later(self.rng.randint(SECOND, 4 * SECOND), self._arm)

    def _command(self, command: Any) -> None:
        self._call("on_command", command)
        if self.faults.hits("command_duplicated"):
            self._call("on_command", command)

    def _kill(self, level: Any) -> None:
        """The host writes a kill to its own file before anything else."""
        command_id = self._next_id()
        self.kills.append(("", e.Kill(command_id, "risk1", level, "drill")))
        self.checkers.on_kill(level)
        self._command(c.KillDesk(level, "all", "risk1", "drill", command_id))

    def _calm_down(self) -> None:
        """Faults end: lines come back, the books are sound, the operator disarms and no new execution begins."""
        self.faults.is_calm = True
        for name in self.names:
            if name in self.half_open:  # what it swallowed is only told again on a new line
                self._drop(name)
            self._reopen(name)
            self._connect_later(name)
        self._renew()
        self._command(c.DisarmProgram(PROGRAM, self._next_id(), "trader1", "calm"))
