"""Puts a project's receipts together: executions with their orders, fills and decisions, and alerts.

Everything is derived again from the receipts' own bytes, never from the tables that screens read, so a report
shows what the chain proves.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from audit.journal_format import (
    DeskConfig,
    Event,
    Instrument,
    Option,
    Order,
    Quote,
    Record,
    Venue,
    read_record,
)


class Entry(msgspec.Struct, frozen=True):
    """One receipt as the trace reads it."""

    stream: str
    seq: int
    at_ns: int
    kind: str
    actor: str
    project: str
    pair: str
    program: str
    execution: str
    instruments: str
    body: str
    prev_hash: str
    hash: str

    @property
    def is_journal(self) -> bool:
        return self.stream.startswith("desk:")


class OrderTrace(msgspec.Struct):
    """One child order from its decision to its end; times in ns UTC, None where the receipts are silent."""

    intent: Order
    execution: str
    purpose: str
    decided_at_ns: int
    seq: int
    sent_at_ns: int | None = None
    accepted_at_ns: int | None = None
    first_fill_at_ns: int | None = None
    ended_at_ns: int | None = None
    ending: str = ""  # closed with its reason, rejected or not sent with the text
    filled_lots: int = 0
    turnover_ticks: int = 0  # sum of lots x price_ticks
    touch_ticks: int | None = None  # the opposite best price when the order was decided

    @property
    def average_ticks(self) -> Fraction | None:
        """Average fill price; None before the first fill."""
        return Fraction(self.turnover_ticks, self.filled_lots) if self.filled_lots else None

    @property
    def slippage_ticks(self) -> Fraction | None:
        """Average fill price beyond the touch, per lot; positive is worse."""
        average = self.average_ticks
        if self.touch_ticks is None or average is None:
            return None
        return (average - self.touch_ticks) * self.intent.sign


class FillTrace(msgspec.Struct, frozen=True):
    order: Order
    fill_id: str
    lots: int
    price_ticks: int
    at_ns: int
    exchange_at_ns: int | None
    seq: int


class Decision(msgspec.Struct, frozen=True):
    """A choice with what it was compared with: the entry, or a repair and its options."""

    at_ns: int
    seq: int
    purpose: str
    orders: tuple[Order, ...]
    quotes: tuple[Quote, ...]
    options: tuple[Option, ...]
    measure_value: Decimal | None
    trigger_value: Decimal | None
    limits_version: str


class NakedStep(msgspec.Struct, frozen=True):
    """From `at_ns` on, this many signed lots of each leg have no counterpart."""

    at_ns: int
    lots_by_leg: tuple[Fraction, ...]

    @property
    def is_flat(self) -> bool:
        return not any(self.lots_by_leg)


class ExecutionTrace(msgspec.Struct):
    """One execution, from the decision that opened it to its outcome."""

    id: str
    program: str
    pair: str
    started_at_ns: int
    ended_at_ns: int | None = None
    outcome: str = ""
    first_seq: int = 0
    last_seq: int = 0
    decisions: list[Decision] = []
    orders: dict[str, OrderTrace] = {}
    fills: list[FillTrace] = []
    refusals: list[tuple[int, str, str]] = []  # (at_ns, code, text)
    naked_band: list[NakedStep] = []

    @property
    def entry(self) -> Decision | None:
        return self.decisions[0] if self.decisions else None

    @property
    def naked_ns(self) -> int:
        """How long some leg stood unmatched; a leg still unmatched counts to the execution's last record."""
        if not self.naked_band:  # nothing was filled
            return 0
        ends = [*self.naked_band[1:], NakedStep(self.ended_at_ns or self.last_at_ns, ())]
        return sum(
            after.at_ns - step.at_ns for step, after in zip(self.naked_band, ends, strict=True) if not step.is_flat
        )

    last_at_ns: int = 0


class AlertTrace(msgspec.Struct, frozen=True):
    at_ns: int
    kind: str  # alert_raised | alert_acknowledged
    rule: str
    severity: str
    actor: str
    execution: str
    text: str


class Trace(msgspec.Struct):
    """A project's story in order, and the facts needed to read it."""

    entries: Sequence[Entry]
    records: dict[tuple[str, int], Record]
    executions: list[ExecutionTrace]
    orders: dict[str, OrderTrace]  # by client order id
    alerts: list[AlertTrace]
    instruments: dict[str, Instrument]
    venues: dict[str, Venue]
    environment: str


def read(entries: Sequence[Entry], configurations: Iterable[DeskConfig]) -> Trace:
    """Return the trace of these receipts, which are in the order of their time.

    `configurations` are those of the project's desks, oldest first: the newest one that names an
    instrument or a venue counts.
    """
    instruments: dict[str, Instrument] = {}
    venues: dict[str, Venue] = {}
    environment = ""
    for config in configurations:
        instruments |= {item.code: item for item in config.instruments}
        venues |= {item.name: item for item in config.venues}
        environment = config.environment or environment
    folder = _Fold()
    for entry in entries:
        folder.add(entry)
    return Trace(
        entries=entries,
        records=folder.records,
        executions=folder.finished(),
        orders=folder.orders,
        alerts=folder.alerts,
        instruments=instruments,
        venues=venues,
        environment=environment,
    )


class _Fold:
    """One pass over the receipts; what is said of an order finds its execution by the order's id."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], Record] = {}
        self.alerts: list[AlertTrace] = []
        self._executions: dict[str, ExecutionTrace] = {}
        self.orders: dict[str, OrderTrace] = {}
        self._seen_fills: set[tuple[str, str, str]] = set()

    def add(self, entry: Entry) -> None:
        if not entry.is_journal:
            self._console(entry)
            return
        record = self.records[entry.stream, entry.seq] = read_record(entry.body)
        event = record.event
        if event.type == "AlertRaised":
            self._alert(entry, event)
        if event.type == "OrdersDecided":
            self._decided(entry, record, event)
        for order_id in event.client_order_ids or ([event.client_order_id] if event.client_order_id else []):
            if order_id in self.orders:
                self._told(self.orders[order_id], entry, event)
        execution = self._executions.get(entry.execution)
        if execution:
            execution.last_seq, execution.last_at_ns = entry.seq, entry.at_ns
            self._ended(execution, entry, event)

    def finished(self) -> list[ExecutionTrace]:
        for execution in self._executions.values():
            execution.naked_band = naked_band(execution)
        return sorted(self._executions.values(), key=lambda item: item.started_at_ns)

    def _decided(self, entry: Entry, record: Record, event: Event) -> None:
        key = entry.execution or record.execution
        execution = self._executions.setdefault(
            key, ExecutionTrace(key, entry.program, entry.pair, entry.at_ns, first_seq=entry.seq)
        )
        execution.decisions.append(
            Decision(
                entry.at_ns, entry.seq, event.purpose, event.orders, event.quotes, event.options,
                event.measure_value, event.trigger_value, event.limits_version,
            )
        )  # fmt: skip
        touches = {quote.instrument: quote for quote in event.quotes}
        for order in event.orders:
            traced = OrderTrace(order, key, event.purpose, entry.at_ns, entry.seq)
            traced.touch_ticks = _touch(touches.get(order.instrument), order)
            execution.orders[order.client_order_id] = self.orders[order.client_order_id] = traced

    def _told(self, order: OrderTrace, entry: Entry, event: Event) -> None:
        match event.type:
            case "SentToWire":
                order.sent_at_ns = event.at or entry.at_ns
            case "OrderAccepted":
                order.accepted_at_ns = order.accepted_at_ns or entry.at_ns
            case "OrderFilled":
                self._filled(order, entry, event)
            case "FillBusted" | "FillCorrected":
                self._amended(order, event)
            case "OrderClosed":
                order.ended_at_ns, order.ending = entry.at_ns, event.reason
            case "OrderRejected":
                order.ended_at_ns, order.ending = entry.at_ns, f"rejected: {event.code} {event.text}".strip()
            case "OrderNotSent":
                order.ended_at_ns, order.ending = entry.at_ns, f"not sent: {event.text}"

    def _amended(self, order: OrderTrace, event: Event) -> None:
        """Take a trade out that the venue took back, or put the corrected figures in its place."""
        # One that comes before its trade keeps the trade out; the venue's own figures are then asked for anyway.
        self._seen_fills.add((order.intent.client_order_id, event.trading_day, event.fill_id))
        fills = self._executions[order.execution].fills
        for place, fill in enumerate(fills):
            if (fill.order.client_order_id, fill.fill_id) == (order.intent.client_order_id, event.fill_id):
                lots = event.lots if event.type == "FillCorrected" else 0
                order.filled_lots += lots - fill.lots
                order.turnover_ticks += lots * event.price_ticks - fill.lots * fill.price_ticks
                changed = msgspec.structs.replace(fill, lots=lots, price_ticks=event.price_ticks)
                fills[place : place + 1] = [changed] if lots else []
                return

    def _filled(self, order: OrderTrace, entry: Entry, event: Event) -> None:
        identity = (order.intent.client_order_id, event.trading_day, event.fill_id)
        if identity in self._seen_fills:
            return
        self._seen_fills.add(identity)
        order.filled_lots += event.lots
        order.turnover_ticks += event.lots * event.price_ticks
        order.first_fill_at_ns = order.first_fill_at_ns or entry.at_ns
        self._executions[order.execution].fills.append(
            FillTrace(
                order.intent, event.fill_id, event.lots, event.price_ticks, entry.at_ns, event.exchange_at,
                entry.seq,
            )
        )  # fmt: skip

    def _ended(self, execution: ExecutionTrace, entry: Entry, event: Event) -> None:
        if event.type == "OrdersRefused":
            execution.refusals.append((entry.at_ns, event.code, event.text))
        if event.type == "ExecutionEnded":
            execution.ended_at_ns, execution.outcome = entry.at_ns, event.outcome
        if event.type == "Halted":
            execution.ended_at_ns, execution.outcome = entry.at_ns, f"halted: {event.reason}"

    def _alert(self, entry: Entry, event: Event) -> None:
        values = ", ".join(f"{name} {value}" for name, value in sorted(event.values.items()))
        execution = entry.execution
        self.alerts.append(
            AlertTrace(entry.at_ns, "alert_raised", event.rule, event.severity, "engine", execution, values)
        )

    def _console(self, entry: Entry) -> None:
        if entry.kind not in ("alert_raised", "alert_acknowledged"):
            return
        body = msgspec.json.decode(entry.body)["body"]
        text = str(body.get("note", "") or body.get("values", "") or "")
        self.alerts.append(
            AlertTrace(
                entry.at_ns, entry.kind, str(body.get("rule", "")), str(body.get("severity", "")),
                entry.actor, entry.execution, text,
            )
        )  # fmt: skip


def naked_band(execution: ExecutionTrace) -> list[NakedStep]:
    """Return how many lots of each leg stood unmatched after each fill, counted from unique fills alone.

    The entry's order sizes give the ratio; what both legs have filled of it is matched, the rest is naked.
    """
    if execution.entry is None:
        return []
    clip: dict[int, int] = {}
    for order in execution.entry.orders:
        clip[order.leg] = clip.get(order.leg, 0) + order.lots * order.sign
    legs = sorted(leg for leg, lots in clip.items() if lots)
    held = dict.fromkeys(legs, 0)
    band: list[NakedStep] = []
    for fill in execution.fills:
        if fill.order.leg not in held:
            continue
        held[fill.order.leg] += fill.lots * fill.order.sign
        shares = [Fraction(held[leg], clip[leg]) for leg in legs]
        matched = max(min(shares), Fraction(0))
        step = NakedStep(fill.at_ns, tuple(held[leg] - matched * clip[leg] for leg in legs))
        if band and band[-1].at_ns == step.at_ns:
            band.pop()
        band.append(step)
    return band


def gap_ns(execution: ExecutionTrace) -> int | None:
    """Return the time between the fills that completed each leg; None until two legs have traded."""
    completed = {fill.order.leg: fill.at_ns for fill in execution.fills}
    return max(completed.values()) - min(completed.values()) if len(completed) > 1 else None


def _touch(quote: Quote | None, order: Order) -> int | None:
    if quote is None:
        return None
    levels = quote.asks if order.sign > 0 else quote.bids
    return levels[0].price_ticks if levels else None
