"""What must hold: on every step of a schedule, and when it has come to rest (controls.md §3.3).

Quiescence alone is blind to bugs that heal themselves, so most checks look at the path: what was on the wire and when,
what was believed and with which evidence.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from trading.core import events as e
from trading.core.order import Order, OrderState
from trading.core.state import LEAD_PURPOSES
from trading.core.terms import ExecutionMode
from trading.core.units import Lots, Nanos
from trading.engine import actions as a
from trading.engine import records as r
from trading.engine.desk import Desk
from trading.engine.outbox import SEND_WITHIN
from trading.engine.recovery import DeskState
from trading.simulation.at_rest import FOLLOW_EVERY, AtRest
from trading.simulation.counted import Counted
from trading.simulation.judge import Judge
from trading.simulation.venue import VenueOrder

if TYPE_CHECKING:
    from trading.simulation.world import World

REPAIR_REFUSALS = ("HALTED", "PRICE_COLLAR", "NO_REFERENCE")  # what may stop a repair at the gate
BRANCHES: dict[type, Callable[[Any], str]] = {
    r.Recovered: lambda event: "start_" + event.state,
    r.AlertRaised: lambda event: "alert_" + event.rule,
    e.ExecutionEnded: lambda event: "ended_" + event.outcome,
    e.Halted: lambda event: "halted_" + event.reason,
    e.OrdersRefused: lambda event: "gate_refused_" + event.purpose.value,
    e.OrderNotSent: lambda event: "not_sent",
    e.CancelDecided: lambda event: "cancel_" + event.reason,
    e.RepairHeld: lambda event: "held_" + event.reason,
    e.QueryDecided: lambda event: "query",
    e.Disarmed: lambda event: "disarmed_" + event.reason,
}

EXPECTED_BRANCHES = (
    *(f"order_{state.value}" for state in OrderState),
    *(f"ended_{outcome}" for outcome in ("hedged", "topped_up", "rolled_back", "rejected", "not_sent", "flat")),
    *(f"kill_{level}" for level in ("stop", "cancel", "neutralize")),
    *(f"repair_{way}" for way in ("top_up", "unwind", "proxy", "queue", "both_legs", "sub_unit")),
    "repair_reduce", "repair_neutralize",
    "ended_proxied", "held_limit_locked", "held_halted_market", "held_no_way_out", "cancel_chase", "cancel_unwind",
    "entry", "query", "cancel_resting", "cancel_kill", "revived", "crash", "escalated", "not_sent",
    "halted_attempts", "halted_naked_age", "start_RECONCILED", "start_HALTED", "gate_refused_entry",
    "lifted", "alert_limit_locked", "alert_halted_market", "alert_foreign_order", "refused_SAME_PERSON",
    "alert_presumed_dead", "alert_execution_reopened", "refused_EXPIRED", "refused_NOT_RECONCILED",
    "disarmed_restart", "disarmed_executions_max",
    *(f"entry_{mode.value}" for mode in ExecutionMode), "hedge", "hedge_while_quoting", "requote",
    *(f"cancel_{why}" for why in ("requote", "rest", "depth", "stale", "disarmed", "no_permit", "sub_unit")),
)  # fmt: skip


class Checkers:
    """Watches one world. `violation` is empty, or says which invariant broke, when and how."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.violation = ""
        self.branches: Counter[str] = Counter()
        self.false_terminals = 0  # orders presumed dead that came to life
        self._decided_seq: dict[str, int] = {}
        self._wired: set[str] = set()
        self._killed: dict[str, str] = {}  # program, or "" for all -> command id
        self._not_found: dict[str, tuple[int, Nanos]] = {}
        self._reconciled_epoch = 0
        self._told: set[str] = set()  # venues that listed all orders since this start
        self._states: dict[str, OrderState] = {}
        self._judge = Judge(self)
        self._news: list[tuple[str, Any]] = []  # what was recorded since the last look
        self.foreign: set[str] = set()  # orders under our name that nobody decided, until two people have looked
        self._armed_in: dict[str, int] = {}  # program -> epoch of its last arm
        self._commands: set[str] = set()
        self._to_cancel: set[str] = set()  # decided in this turn and not yet handed to the line
        self._last_at: Nanos = 0
        self._counters_due = False  # orders left in this turn
        self._rest = AtRest(self)
        self._counted = Counted(self)

    def fail(self, invariant: str, text: str) -> None:
        if not self.violation:
            self.violation = f"{invariant} at {(self.world.now - 1_800_000_000 * 10**9) / 1e9:.3f}s: {text}"

    @property
    def is_truthful(self) -> bool:
        """Whether every closing report so far announced all that was traded."""
        return not any(venue.has_lied for venue in self.world.venues.values())

    # --- the engine's life ---

    def on_start(self, desk: Desk) -> None:
        self._reconciled_epoch = 0
        self._states.clear()
        self._told.clear()
        self._news.clear()
        self._counted.on_start()

    def on_crash(self) -> None:
        self.branches["crash"] += 1
        kept = self.world.disk.seq
        self._decided_seq = {name: seq for name, seq in self._decided_seq.items() if seq <= kept}
        self._not_found.clear()
        self._to_cancel.clear()
        kept_names = {getattr(record.event, "client_order_id", "") for record in self.world.disk.records}
        self.foreign &= kept_names
        self._commands = {getattr(record.event, "command_id", "") for record in self.world.disk.records}
        self._killed.clear()  # what the journal kept and what stands in the kill file is in force
        known = set()
        for record in self.world.disk.records:
            if isinstance(record.event, e.Kill | e.KillLifted):
                known.add(record.event.command_id)
                self._note_kill(record.program, record.event)
        for program, kill in self.world.operators.kills:
            if kill.command_id not in known:
                self._note_kill(program, kill)

    def on_kill(self, level: str, program: str) -> None:
        self._killed[program] = level
        self.branches["kill_" + level] += 1

    def _note_kill(self, program: str, event: e.Kill | e.KillLifted) -> None:
        if isinstance(event, e.Kill):
            self._killed[program] = event.level
        elif program:
            self._killed.pop(program, None)
        else:
            self._killed.clear()

    def is_killed(self, program: str) -> bool:
        """Whether a person stopped the program and two people have not let it go again."""
        return program in self._killed or "" in self._killed

    def on_reply(self, reply: a.Reply) -> None:
        self.branches["command_ok" if reply.ok else "refused_" + reply.code] += 1

    def on_record(self, record: r.Record) -> None:
        """A record was appended; the desk folds it right after."""
        event = record.event
        self._news.append((record.program, event))
        self._recorded_once(record, event)
        if record.epoch != self.world.disk.epoch:
            self.fail("INV-11", f"record {record.seq} of epoch {record.epoch} is accepted")
        branch = BRANCHES.get(type(event))
        if branch is not None:
            self.branches[branch(event)] += 1
        if isinstance(event, r.Recovered) and event.state == "RECONCILED":
            self._reconciled_epoch = record.epoch
            self._reconciled()
        elif isinstance(event, e.OrdersRefused):
            if event.purpose is e.Purpose.ENTRY and event.code == "NO_REFERENCE":
                self.fail("INV-09", f"{event.execution} was asked for on a stale quote")
            if event.purpose is not e.Purpose.ENTRY and event.code not in REPAIR_REFUSALS:
                self.fail("INV-12", f"a repair of {event.execution} is refused with {event.code}")
        elif isinstance(event, e.RepairHeld):
            self._told_once(event)
        elif isinstance(event, e.OrdersDecided):
            self._decided_seq.update((order.client_order_id, record.seq) for order in event.orders)
            self._judge.decision(record.program, event, record.at)
        elif isinstance(event, e.CancelDecided):
            self._to_cancel.update(event.client_order_ids)
        elif isinstance(event, e.Arm):
            self._armed_in[record.program] = record.epoch
        elif isinstance(event, e.KillLifted):
            if event.requested_by == event.approved_by:
                self.fail("INV-13", f"{event.requested_by} lifted a kill alone")
            if not record.program:
                self.foreign.clear()
            self.branches["lifted"] += 1
            self._note_kill(record.program, event)

    def _told_once(self, held: e.RepairHeld) -> None:
        """INV-19: a person is called once per cause of a case, however often the market is looked at."""
        events = (record.event for record in self.world.disk.records if isinstance(record.event, e.RepairHeld))
        told = [event for event in events if (event.execution, event.reason) == (held.execution, held.reason)]
        if len(told) > 1:
            self.fail("INV-19", f"{held.execution} says {len(told)} times that it holds for {held.reason}")

    def _recorded_once(self, record: r.Record, event: Any) -> None:
        if record.at < self._last_at:
            self.fail("INV-17", f"record {record.seq} is dated before the one in front of it")
        self._last_at = record.at
        command_id = getattr(event, "command_id", "")
        if command_id and command_id in self._commands:
            self.fail("INV-03", f"command {command_id} is obeyed twice")
        self._commands.add(command_id)

    def is_restarted(self, program: str) -> bool:
        """Whether nobody has armed the program since the engine started."""
        return self._armed_in.get(program) != self.world.disk.epoch

    def on_foreign(self, client_order_id: str) -> None:
        """A venue is about to name an order that the journal never decided."""
        if client_order_id.startswith(self.world.config.desk.upper()):
            self.foreign.add(client_order_id)

    def _reconciled(self) -> None:
        """The desk says it knows everything: every venue must have told everything on its present line."""
        desk = self.world.desk
        silent = [name for name in self.world.names if name not in self._told]
        if silent:
            self.fail("INV-20", f"reconciled, and {', '.join(silent)} has not told its orders")
        for program in desk.programs.values() if desk else ():
            for case in program.state.open:
                if any(order.is_live and not order.is_queued for order in case.orders):
                    self.fail("INV-20", f"reconciled, and the fate of an order of {case.id} is unknown")

    # --- the wire ---

    def on_submit(self, action: a.Submit) -> None:
        """Orders are about to leave together."""
        desk, disk = self.world.desk, self.world.disk
        assert desk is not None
        for order in action.orders:
            seq = self._decided_seq.get(order.client_order_id, disk.seq + 1)
            if seq <= disk.seq and self.world.now - disk.records[seq - 1].at > SEND_WITHIN:
                self.fail("INV-09", f"{order.client_order_id} leaves long after it was decided")
            if seq > disk.durable_seq:
                self.fail("INV-04", f"{order.client_order_id} leaves before its record is durable")
        if self._reconciled_epoch != desk.epoch or desk.reconciliation.state is not DeskState.RECONCILED:
            self.fail("INV-20", f"{action.orders[0].client_order_id} leaves before the desk is reconciled")
        first = action.orders[0]
        owner = self._judge.owner(desk, first.client_order_id)
        if first.purpose is e.Purpose.ENTRY and self.is_killed(owner.terms.program):
            self.fail("INV-13", f"entry {first.client_order_id} leaves although killed")
        if not action.approved.limits_version or len(action.approved.proposal.orders) != len(action.orders):
            self.fail("INV-14", "orders leave without the gate's approval")
        for order in action.orders:
            self._judge.exposure(desk, owner, order)
            self._counted.on_message(order.venue)
        self._counters_due = True

    def on_wire(self, order: e.OrderIntent) -> None:
        if order.client_order_id in self._wired:
            self.fail("INV-03", f"{order.client_order_id} is sent twice")
        self._wired.add(order.client_order_id)

    def on_cancel(self, action: a.Cancel) -> None:
        self._to_cancel.discard(action.client_order_id)
        self._counted.on_message(action.venue)

    def on_stale_submit(self, action: a.Submit, epoch: int) -> None:
        """An engine that was paused and replaced hands orders to the wire."""
        name = action.orders[0].client_order_id
        self.fail("INV-11", f"{name} leaves under epoch {epoch}, and epoch {self.world.disk.epoch} holds the desk")

    def on_delivery(self, event: e.Event) -> None:
        if isinstance(event, e.StatusEnded):
            self._told.add(event.venue)
        if isinstance(event, e.OrderStatus) and event.state == "not_found":
            desk = self.world.desk
            assert desk is not None
            owner = next((p for p in desk.programs.values() if event.client_order_id in p.state.orders), None)
            if owner is None:
                return
            order = owner.state.orders[event.client_order_id]
            up_since = owner.state.up_since.get(order.intent.venue)
            if up_since is not None and event.queried_at >= up_since:
                self._not_found[event.client_order_id] = (desk.epoch, event.queried_at)

    # --- after each turn ---

    def after_turn(self) -> None:
        """Everything that must hold between two turns."""
        desk = self.world.desk
        if desk is None or self.violation:
            return
        if self.world.seed % FOLLOW_EVERY == 0:
            self._rest.follow(desk)
        if self._counters_due:
            self._counters_due = False
            self._counted.check(desk)
        if self._to_cancel:
            held_back = self._to_cancel & self._wired
            self._to_cancel.clear()
            if held_back:
                self.fail("INV-12", f"the cancel of {min(held_back)} was decided and did not leave")
        if not self._news:
            return
        news, self._news = self._news, []
        for order in dict.fromkeys(self._touched(desk, news)):
            self._order(order)
        self._judge.leading.after_turn(desk)
        for program in desk.programs.values():
            for case in program.state.open:
                # One attempt on a leg may be several children: today's and yesterday's lots close separately.
                repairs = len({(o.intent.leg, o.sent_at) for o in case.orders if o.intent.purpose not in LEAD_PURPOSES})
                allowed = program.terms.repair.attempts_max + case.attempts_before
                if repairs > allowed:
                    self.fail("INV-10", f"{case.id} has {repairs} repair attempts, {allowed} are allowed")

    def _touched(self, desk: Desk, news: list[tuple[str, Any]]) -> Iterator[Order]:
        """Yield the orders whose state these records may have changed."""
        for name, event in news:
            if not name:  # a line went up or down: that concerns whatever is open
                for program in desk.programs.values():
                    for case in program.state.open:
                        yield from case.orders
                continue
            orders = desk.programs[name].state.orders
            for order in getattr(event, "orders", ()):
                yield orders[order.client_order_id]
            for known in getattr(event, "client_order_ids", ()):
                yield orders[known]
            known = getattr(event, "client_order_id", "")
            if known:
                yield orders[known]

    def _order(self, order: Order) -> None:
        """Check an order's state against the truth at its venue, when it has changed."""
        name, state = order.intent.client_order_id, order.state
        before = self._states.get(name)
        if before is state:
            return
        self._states[name] = state
        self.branches["order_" + state.value] += 1
        if before is OrderState.PRESUMED_DEAD:
            self.branches["revived"] += 1
            self.false_terminals += 1
        truth = self.world.venues[order.intent.venue].orders.get(name)
        if order.filled_lots > order.intent.lots:
            self.fail("INV-06", f"{name} filled {order.filled_lots} of {order.intent.lots}")
        if state is OrderState.PRESUMED_DEAD and before is not None:
            self._presumed(order)
        if state is OrderState.NOT_SENT and name in self._wired:
            self.fail("INV-07", f"{name} is called not sent, and it was sent")
        if state is OrderState.REJECTED and (truth is None or not truth.is_rejected):
            self.fail("INV-07", f"{name} is called rejected, and it was not")
        if state is OrderState.SETTLED and self.is_truthful and not _is_over(truth, order.filled_lots):
            self.fail("INV-07", f"{name} is called settled at {order.filled_lots} lots, and it is not")

    def _presumed(self, order: Order) -> None:
        name = order.intent.client_order_id
        desk = self.world.desk
        assert desk is not None
        times = self._judge.owner(desk, name).state.reply_times[order.intent.venue]
        epoch, queried_at = self._not_found.get(name, (0, 0))
        if epoch != desk.epoch or queried_at - order.sent_at < times.presumed_dead:
            self.fail("INV-07", f"{name} is presumed dead without a late enough answer on this session")

    def at_rest(self) -> None:
        """Everything that must hold once faults are over and time has passed."""
        self.world.truth.finish()
        self._rest.check()


def _is_over(truth: VenueOrder | None, lots: Lots) -> bool:
    return truth is not None and not truth.is_working and truth.filled_lots == lots
