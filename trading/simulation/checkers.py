"""What must hold: on every step of a schedule, and when it has come to rest (controls.md §3.3).

Quiescence alone is blind to bugs that heal themselves, so most checks look at the path: what was on the wire and when,
what was believed and with which evidence.
"""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trading.core import events as e
from trading.core.execution import Execution
from trading.core.order import Order, OrderState
from trading.core.program import HedgeProgram
from trading.core.units import Lots, Nanos
from trading.engine import actions as a
from trading.engine import records as r
from trading.engine.desk import Desk
from trading.engine.outbox import SEND_WITHIN
from trading.engine.recovery import DeskState
from trading.simulation.judge import Judge
from trading.simulation.venue import VenueOrder

if TYPE_CHECKING:
    from trading.simulation.world import World


FOLD_EVERY = 4  # schedules of which one is folded again from its journal at the end
FOLLOW_EVERY = 50  # schedules of which one is folded again after every turn
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
    *(f"repair_{way}" for way in ("top_up", "unwind", "both_legs", "sub_unit", "reduce", "neutralize")),
    "entry", "query", "cancel_resting", "cancel_kill", "revived", "crash", "escalated", "not_sent",
    "halted_attempts", "halted_naked_age", "start_RECONCILED", "start_HALTED", "gate_refused_entry",
    "alert_presumed_dead", "alert_execution_reopened", "refused_EXPIRED", "refused_NOT_RECONCILED",
    "disarmed_restart", "disarmed_executions_max",
)  # fmt: skip


class Checkers:
    """Watches one world. `violation` is empty, or says which invariant broke, when and how."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.violation = ""
        self.branches: Counter[str] = Counter()
        self.cancels: set[str] = set()
        self.alerts: list[r.AlertRaised] = []
        self._decided_seq: dict[str, int] = {}
        self._wired: set[str] = set()
        self._killed_level = ""
        self._not_found: dict[str, tuple[int, Nanos]] = {}
        self._reconciled_epoch = 0
        self._told: set[str] = set()  # venues that listed all orders since this start
        self._states: dict[str, OrderState] = {}
        self._judge = Judge(self)
        self._shadow: Desk | None = None
        self._followed_desk: Desk | None = None
        self._followed = 0

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

    def on_crash(self) -> None:
        self.branches["crash"] += 1
        kept = self.world.disk.seq
        self._decided_seq = {name: seq for name, seq in self._decided_seq.items() if seq <= kept}
        self._not_found.clear()

    def on_kill(self, level: str) -> None:
        self._killed_level = level
        self.branches["kill_" + level] += 1

    def on_reply(self, reply: a.Reply) -> None:
        self.branches["command_ok" if reply.ok else "refused_" + reply.code] += 1

    def on_record(self, record: r.Record) -> None:
        """A record was appended; the desk folds it right after."""
        event = record.event
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
        elif isinstance(event, e.OrdersDecided):
            self._decided_seq.update((order.client_order_id, record.seq) for order in event.orders)
            self._judge.decision(record.program, event, record.at)
        elif isinstance(event, r.AlertRaised):
            self.alerts.append(event)

    def _reconciled(self) -> None:
        """The desk says it knows everything: every venue must have told everything on its present line."""
        desk = self.world.desk
        silent = [name for name in self.world.names if name not in self._told]
        if silent:
            self.fail("INV-20", f"reconciled, and {', '.join(silent)} has not told its orders")
        for program in desk.programs.values() if desk else ():
            for case in program.state.open:
                if case.is_live:
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
        if self._killed_level and action.orders[0].purpose is e.Purpose.ENTRY:
            self.fail("INV-13", f"entry {action.orders[0].client_order_id} leaves although killed")
        if not action.approved.limits_version or len(action.approved.proposal.orders) != len(action.orders):
            self.fail("INV-14", "orders leave without the gate's approval")
        for order in action.orders:
            self._judge.exposure(desk, order)

    def on_wire(self, order: e.OrderIntent) -> None:
        if order.client_order_id in self._wired:
            self.fail("INV-03", f"{order.client_order_id} is sent twice")
        self._wired.add(order.client_order_id)

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
            self._follow(desk)
        for program in desk.programs.values():
            for case in program.state.open:
                for order in case.orders:
                    self._order(order)
                allowed = len(program.instruments) + program.terms.repair.attempts_max + case.attempts_before
                if len(case.orders) > allowed:
                    self.fail("INV-10", f"{case.id} has {len(case.orders)} orders, {allowed} are allowed")
            for name in program.state.presumed_dead:
                self._order(program.state.orders[name])

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
        times = desk.programs["CU-SELL"].terms.reply_times[order.intent.venue]
        epoch, queried_at = self._not_found.get(name, (0, 0))
        if epoch != desk.epoch or queried_at - order.sent_at < times.presumed_dead:
            self.fail("INV-07", f"{name} is presumed dead without a late enough answer on this session")

    # --- at rest ---

    def at_rest(self) -> None:
        """Everything that must hold once faults are over and time has passed."""
        desk = self.world.desk
        if desk is None:
            return self.fail("INV-20", "the engine is not running")
        if desk.reconciliation.state is not DeskState.RECONCILED:
            return self.fail("INV-20", f"{desk.reconciliation.state.value}: {desk.reconciliation.reason}")
        for program in desk.programs.values():
            self._program_at_rest(desk, program)
        self._positions(desk)
        if self.world.seed % FOLD_EVERY == 0:
            self._fold(desk)

    def _program_at_rest(self, desk: Desk, program: HedgeProgram) -> None:
        state = program.state
        for case in state.open:
            naked = case.naked
            if not (state.halt_reason or state.kill_level == "cancel"):
                self.fail("INV-18", f"{case.id} is still open, naked {naked}, and nobody was told to act")
            elif state.halt_reason and not any(alert.rule == "halted" for alert in self.alerts):
                self.fail("INV-18", f"{case.id} halted without an alert")
        if state.open:
            self.branches["escalated"] += 1
        for order in self.world.risen():
            self.fail("INV-07", f"{order} is presumed dead, the venue traded it, and nobody asked again")
        for case in state.executions.values():
            self._matched_in_truth(program, case)

    def _matched_in_truth(self, program: HedgeProgram, case: Execution) -> None:
        """What the venues really traded for an ended execution is whole units, and what we call naked is so."""
        if not case.is_settled or any(order.state is OrderState.PRESUMED_DEAD for order in case.orders):
            return
        along = [-lots for lots in case.taken_over]  # a person has these, and they are named
        proxied: Counter[tuple[str, int]] = Counter()
        for order in case.orders:
            truth = self.world.venues[order.intent.venue].orders.get(order.intent.client_order_id)
            sign = 1 if order.intent.side is case.entered_sides[order.intent.leg] else -1
            if order.intent.instrument in case.proxies:
                proxied[order.intent.instrument, order.intent.leg] += sign * (truth.filled_lots if truth else 0)
            else:
                along[order.intent.leg] += sign * (truth.filled_lots if truth else 0)
        for (code, leg), lots in proxied.items():
            whole, stray = divmod(lots, case.proxies[code].lots)
            along[leg] += whole * case.proxies[code].replaces_lots
            if case.is_ended and stray:
                self.fail("INV-18", f"{case.id} ended as {case.outcome}, and {stray} lots of {code} hedge nothing")
        units = {lots // ratio for lots, ratio in zip(along, case.ratio_lots, strict=True)}
        is_whole = len(units) == 1 and not any(lots % ratio for lots, ratio in zip(along, case.ratio_lots, strict=True))
        if case.is_ended and not is_whole:
            self.fail("INV-18", f"{case.id} ended as {case.outcome}, and {along} lots are no whole units")

    def _positions(self, desk: Desk) -> None:
        """INV-01: our positions are the venues', once nothing is unsettled."""
        for program in desk.programs.values():
            if any(not case.is_settled for case in program.state.open):
                continue
            for instrument in program.instruments:
                ours = desk.positions.confirmed[instrument.code]
                theirs = self.world.venues[instrument.venue].position(instrument.code)
                span = desk.positions.range_of(instrument.code, desk.programs.values())
                inside = span.low_lots <= theirs <= span.high_lots if program.state.presumed_dead else ours == theirs
                if not inside:
                    self.fail("INV-01", f"{instrument.code}: we count {ours} lots, the venue traded {theirs}")

    def _follow(self, desk: Desk) -> None:
        """INV-15 on the path: a second desk folds each record once and must always stand where the live one stands."""
        records = self.world.disk.records
        if self._shadow is None or self._followed_desk is not desk:
            self._followed_desk = desk
            self._shadow = Desk(self.world.config, self.world.disk, desk.gate, desk.epoch, self.world.now)
            self._followed = 0
        self._shadow.recover(records[self._followed :])
        self._followed = len(records)
        self._compare(desk, self._shadow)

    def _fold(self, desk: Desk) -> None:
        """INV-15: the journal alone gives the same state."""
        again = Desk(self.world.config, self.world.disk, desk.gate, desk.epoch, self.world.now)
        again.recover(self.world.disk.records)
        self._compare(desk, again)

    def _compare(self, desk: Desk, again: Desk) -> None:
        for name, program in desk.programs.items():
            if program.snapshot() != again.programs[name].snapshot():
                self.fail("INV-15", f"{name}: the fold of the journal differs from the live state")
        codes = self.world.config.instruments
        if any(desk.positions.confirmed[i.code] != again.positions.confirmed[i.code] for i in codes):
            self.fail("INV-15", "the fold of the journal gives other positions")


def _is_over(truth: VenueOrder | None, lots: Lots) -> bool:
    return truth is not None and not truth.is_working and truth.filled_lots == lots
