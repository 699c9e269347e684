"""The sections of the report in their order, each a function from the contents to what is laid out."""

from reportlab.platypus import Flowable, Spacer

from audit.report import figures
from audit.report.contents import Contents
from audit.report.page import BODY, NOTE, TITLE, WARNING, Column, facts, heading, subheading, table, text
from audit.report.words import Words

Flowables = list[Flowable]
HASH_SHOWN = 12


def identity(contents: Contents, words: Words) -> Flowables:
    """Say what this is: project, window, venues, and which of them were simulated."""
    project, trace = contents.project, contents.trace
    known = [
        ("project", f"{project.code} — {words.pick(project.name, project.name_zh)}"),
        ("stage", words(project.stage)),
        ("owner", project.owner or "--"),
        ("environment", trace.environment or "--"),
        ("window", contents.window or words("whole_trail")),
        ("records", figures.number(len(trace.entries))),
        ("requester", contents.requested_by),
    ]
    flow: Flowables = [text(words("title"), TITLE), Spacer(1, 14)]
    flow.append(facts([(words(name), value) for name, value in known]))
    flow += [text(words("times_note"), NOTE), *heading(words("venues"))]
    if not trace.venues:
        return [*flow, text(words("no_venues"), BODY)]
    columns = [
        Column(words("venue"), 2), Column(words("market_side"), 2), Column(words("kind_of_venue"), 2),
        Column(words("market_data"), 4), Column(words("regime"), 5),
    ]  # fmt: skip
    inputs = {"recorded": "recorded", "generated": "generated", "venue": "venue_data"}
    rows = [
        (
            venue.name,
            words(venue.side) if venue.side else "--",
            words("simulated" if venue.is_simulated else "live_venue"),
            " · ".join(filter(None, [words(inputs.get(venue.input_kind, venue.input_kind)), venue.input_label]))
            or "--",
            words("no_regime" if venue.is_simulated else "regime_unstated"),
        )
        for venue in trace.venues.values()
    ]
    return [*flow, *table(columns, rows)]


def limits(contents: Contents, words: Words) -> Flowables:
    """Print the limits that were in force at the end of the window, and what was changed inside it."""
    flow: Flowables = [*heading(words("limits"))]
    if not contents.limits:
        flow.append(text(words("no_limits"), BODY))
    columns = [
        Column(words("limit"), 3), Column(words("scope"), 4), Column(words("hard"), 2, is_number=True),
        Column(words("warn"), 2, is_number=True),
    ]  # fmt: skip
    for published in contents.limits:
        at = figures.moment(published.at_ns)
        title = f"{published.desk} · {words('version')} {published.version} · {at} · {published.hash}"
        rows = [
            (words(limit.kind), limit.scope or words("everything"), limit.hard, limit.warn or "--")
            for limit in published.limits
        ]
        flow += [text(title, NOTE), *table(columns, rows)]
    if contents.changes:
        flow += [*subheading(words("changes")), *_changes(contents, words)]
    return flow


def _changes(contents: Contents, words: Words) -> Flowables:
    columns = [
        Column(words("time"), 3), Column(words("limit"), 3), Column(words("scope"), 3),
        Column(words("hard"), 3), Column(words("asked_by"), 2), Column(words("approved_by"), 2),
        Column(words("reason"), 6),
    ]  # fmt: skip
    rows = [
        (
            figures.moment(change.at_ns), words(change.kind), change.scope or words("everything"),
            f"{change.hard_before} → {change.hard}", change.requested_by,
            change.actor if change.actor != change.requested_by else "--", change.reason,
        )
        for change in contents.changes
    ]  # fmt: skip
    return list(table(columns, rows))


def alerts(contents: Contents, words: Words) -> Flowables:
    """List what was raised and who answered."""
    flow: Flowables = [*heading(words("alerts"))]
    if not contents.trace.alerts:
        return [*flow, text(words("no_alerts"), BODY)]
    columns = [
        Column(words("time"), 3), Column(words("severity"), 1), Column(words("rule"), 3),
        Column(words("event"), 2), Column(words("who"), 2), Column(words("execution"), 4),
        Column(words("text"), 7),
    ]  # fmt: skip
    rows = [
        (
            figures.moment(alert.at_ns), alert.severity, alert.rule, words(alert.kind), alert.actor,
            alert.execution or "--", alert.text or "--",
        )
        for alert in contents.trace.alerts
    ]  # fmt: skip
    return [*flow, *table(columns, rows)]


def timeline(contents: Contents, words: Words) -> Flowables:
    """List every receipt in order; the CSV of the same window holds each one whole."""
    columns = [
        Column(words("time"), 3.2), Column(words("stream"), 1.6), Column(words("number"), 1, is_number=True),
        Column(words("event"), 2.6), Column(words("who"), 1.6), Column(words("subject"), 3.4),
        Column(words("details"), 7.5), Column(words("hash"), 2.2),
    ]  # fmt: skip
    rows = [
        (
            figures.moment(entry.at_ns), entry.stream, figures.number(entry.seq), entry.kind,
            entry.actor or "engine", entry.execution or entry.program or entry.pair or entry.project,
            summary(contents, entry.stream, entry.seq), entry.hash[:HASH_SHOWN],
        )
        for entry in contents.trace.entries
    ]  # fmt: skip
    return [*heading(words("timeline")), *table(columns, rows)]


def summary(contents: Contents, stream: str, seq: int) -> str:
    """Return the one line that tells what a journal record says; console records speak by their kind."""
    record = contents.trace.records.get((stream, seq))
    if record is None:
        return ""
    event = record.event
    parts = [
        *(f"{order.side} {order.lots} {order.instrument}" for order in event.orders),
        event.client_order_id or " ".join(event.client_order_ids),
        f"{event.lots} @ {_price(contents, event.client_order_id, event.price_ticks)}" if event.fill_id else "",
        event.outcome or event.state,
        event.reason or event.text,
        f"{event.rule} {event.severity}".strip(),
    ]
    return " · ".join(part for part in parts if part)


def _price(contents: Contents, client_order_id: str, ticks: int) -> str:
    traced = contents.trace.orders.get(client_order_id)
    instrument = contents.trace.instruments.get(traced.intent.instrument) if traced else None
    return figures.price(ticks, instrument, Words(contents.language))


def integrity(contents: Contents, words: Words) -> Flowables:
    """Print what lets a reader check the report: ranges, roots, paths and the verifier's command line."""
    flow: Flowables = [*heading(words("integrity"))]
    for stream, found in contents.breaks.items():
        flow.append(text(f"{words('verdict_broken')}: {stream} {found.seq} ({found.problem})", WARNING))
    if not contents.breaks:
        flow.append(text(words("verdict_sound"), BODY))
    ranges = [
        (
            proof.stream,
            figures.number(proof.records),
            str(proof.first_seq),
            str(proof.last_seq),
            proof.last_hash,
        )
        for proof in contents.proofs
    ]
    flow += table(
        [
            Column(words("stream"), 3), Column(words("records"), 2, is_number=True),
            Column(words("first"), 1.5, is_number=True), Column(words("last"), 1.5, is_number=True),
            Column(words("last_hash"), 9),
        ],
        ranges,
    )  # fmt: skip
    return [*flow, *_checkpoints(contents, words), *_inclusion(contents, words), *_commands(contents, words)]


def _checkpoints(contents: Contents, words: Words) -> Flowables:
    columns = [
        Column(words("stream"), 2), Column(words("first"), 1, is_number=True),
        Column(words("last"), 1, is_number=True), Column(words("root"), 8), Column(words("last_hash"), 8),
    ]  # fmt: skip
    rows = [
        (proof.stream, str(sealed.first_seq), str(sealed.last_seq), sealed.root, sealed.head_hash)
        for proof in contents.proofs
        for sealed in proof.checkpoints
    ]
    return [*subheading(words("checkpoints")), *table(columns, rows)]


def _inclusion(contents: Contents, words: Words) -> Flowables:
    columns = [
        Column(words("stream"), 2), Column(words("number"), 1, is_number=True), Column(words("path"), 17)
    ]  # fmt: skip
    rows = [
        (proof.stream, str(seq), " ".join(proof.paths[seq]) or "--")
        for proof in contents.proofs
        for seq in sorted({proof.first_seq, proof.last_seq} & proof.paths.keys())
    ]
    return [*subheading(words("inclusion")), *table(columns, rows)]


def _commands(contents: Contents, words: Words) -> Flowables:
    return [
        text(f"{words('trace_hash')}: {contents.trace_sha256}", NOTE),
        text(f"{words('how_to_verify')}: manage.py verify_trail --project {contents.project.code} --json", NOTE),
        text(f"{words('how_to_verify_alone')}: python verify_export.py TRACE.csv TRACE.csv.manifest.json", NOTE),
    ]
