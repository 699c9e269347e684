"""The section on executions: a table of all, then each with picture, orders, fills and repair decisions."""

from collections.abc import Iterable

from reportlab.platypus import CondPageBreak, Flowable

from audit.journal_format import Instrument
from audit.report import figures
from audit.report.charts import execution_chart
from audit.report.contents import Contents
from audit.report.page import BODY, NOTE, Column, heading, subheading, table, text
from audit.report.words import Words
from audit.trace import ExecutionTrace, OrderTrace, gap_ns

Flowables = list[Flowable]


def executions(contents: Contents, words: Words) -> Flowables:
    """Print the table of all executions, then each of them in detail."""
    found = contents.trace.executions
    flow: Flowables = [*heading(words("executions"))]
    if not found:
        return [*flow, text(words("no_executions"), BODY)]
    flow += _overview(found, words)
    for execution in found:
        flow += _detail(execution, contents.trace.instruments, words)
    return flow


def _overview(found: Iterable[ExecutionTrace], words: Words) -> Flowables:
    columns = [
        Column(words("execution"), 4), Column(words("program"), 2.4), Column(words("started"), 3.4),
        Column(words("outcome"), 2.4), Column(words("measure"), 1.8, is_number=True),
        Column(words("threshold"), 1.8, is_number=True), Column(words("legs_filled"), 4),
        Column(words("gap"), 1.6, is_number=True), Column(words("naked_time"), 1.8, is_number=True),
        Column(words("repairs"), 1.2, is_number=True),
    ]  # fmt: skip
    rows = [
        (
            item.id, item.program, figures.moment(item.started_at_ns), words(item.outcome or "open"),
            figures.number(item.entry.measure_value if item.entry else None),
            figures.number(item.entry.trigger_value if item.entry else None),
            _filled_by_leg(item), figures.duration(gap_ns(item)), figures.duration(item.naked_ns),
            str(sum(decision.purpose != "entry" for decision in item.decisions)),
        )
        for item in found
    ]  # fmt: skip
    return list(table(columns, rows))


def _filled_by_leg(execution: ExecutionTrace) -> str:
    lots: dict[str, int] = {}
    for fill in execution.fills:
        lots[fill.order.instrument] = lots.get(fill.order.instrument, 0) + fill.lots * fill.order.sign
    return ", ".join(f"{figures.signed(count)} {instrument}" for instrument, count in lots.items()) or "--"


def _detail(execution: ExecutionTrace, instruments: dict[str, Instrument], words: Words) -> Flowables:
    title = f"{execution.id} · {words(execution.outcome or 'open')}"
    chart = execution_chart(execution, words)
    flow: Flowables = [
        CondPageBreak(chart.height + 50),
        *subheading(title),
        text(words("chart"), NOTE),
        chart,
    ]
    flow += _orders(execution, instruments, words)
    flow += _fills(execution, instruments, words)
    for at_ns, code, reason in execution.refusals:
        flow.append(text(f"{words('refused')}: {figures.clock(at_ns)} {code} — {reason}", NOTE))
    return [*flow, *_decisions(execution, words)]


def _orders(execution: ExecutionTrace, instruments: dict[str, Instrument], words: Words) -> Flowables:
    columns = [
        Column(words("order"), 3.2), Column(words("purpose"), 1.8), Column(words("instrument"), 2.4),
        Column(words("side"), 1.3), Column(words("lots"), 1, is_number=True),
        Column(words("price"), 1.9, is_number=True), Column(words("filled"), 1.3, is_number=True),
        Column(words("average"), 2, is_number=True), Column(words("slippage"), 1.6, is_number=True),
        Column(words("decided"), 2.5), Column(words("to_wire"), 1.6, is_number=True),
        Column(words("to_fill"), 1.8, is_number=True), Column(words("ending"), 3.6),
    ]  # fmt: skip
    rows = [_order_row(order, instruments.get(order.intent.instrument), words) for order in _in_order(execution)]
    return [*subheading(words("orders")), *table(columns, rows)]


def _in_order(execution: ExecutionTrace) -> list[OrderTrace]:
    return sorted(execution.orders.values(), key=lambda order: (order.seq, order.intent.leg))


def _order_row(order: OrderTrace, instrument: Instrument | None, words: Words) -> tuple[str, ...]:
    intent, slippage = order.intent, order.slippage_ticks
    return (
        intent.client_order_id,
        words(order.purpose),
        intent.instrument,
        words(intent.side),
        figures.number(intent.lots),
        figures.price(intent.price_ticks, instrument, words),
        figures.number(order.filled_lots),
        figures.price(order.average_ticks, instrument, words),
        "--" if slippage is None else figures.signed(slippage),
        figures.clock(order.decided_at_ns),
        figures.between(order.decided_at_ns, order.sent_at_ns),
        figures.between(order.decided_at_ns, order.first_fill_at_ns),
        order.ending or "--",
    )


def _fills(execution: ExecutionTrace, instruments: dict[str, Instrument], words: Words) -> Flowables:
    if not execution.fills:
        return []
    columns = [
        Column(words("time"), 3), Column(words("venue_time"), 3), Column(words("order"), 4),
        Column(words("fill"), 4), Column(words("instrument"), 3), Column(words("side"), 1),
        Column(words("lots"), 1, is_number=True), Column(words("price"), 2, is_number=True),
        Column(words("number"), 1.5, is_number=True),
    ]  # fmt: skip
    rows = [
        (
            figures.clock(fill.at_ns), figures.clock(fill.exchange_at_ns), fill.order.client_order_id,
            fill.fill_id, fill.order.instrument, words(fill.order.side), figures.number(fill.lots),
            figures.price(fill.price_ticks, instruments.get(fill.order.instrument), words),
            figures.number(fill.seq),
        )
        for fill in execution.fills
    ]  # fmt: skip
    return [*subheading(words("fills")), *table(columns, rows)]


def _decisions(execution: ExecutionTrace, words: Words) -> Flowables:
    repairs = [decision for decision in execution.decisions if decision.options]
    if not repairs:
        return []
    columns = [
        Column(words("time"), 2.5), Column(words("purpose"), 1.5), Column(words("option"), 1.5),
        Column(words("lots_by_leg"), 2), Column(words("cost"), 2, is_number=True), Column(words("why"), 9),
    ]  # fmt: skip
    rows = [
        (
            figures.clock(decision.at_ns), words(decision.purpose), words(option.name),
            " / ".join(map(figures.signed, option.lots_by_leg)) or "--", figures.number(option.cost),
            option.reason or "--",
        )
        for decision in repairs
        for option in decision.options
    ]  # fmt: skip
    return [*subheading(words("decisions")), *table(columns, rows)]
