"""Exports of a project: gathers its receipts and proofs, renders them, and records that they were taken."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256

import msgspec
from django.db import transaction

from audit import proof, receipts, selectors, trace, trace_csv, verify
from audit.errors import DomainError
from audit.journal_format import DeskConfig
from audit.models import ExportRecord, Project, Receipt, StreamHead
from audit.report import document
from audit.report.contents import Contents, LimitChange, LimitLine, ProjectFacts, PublishedLimits
from audit.report.figures import moment
from audit.report.words import Language
from audit.trace import Entry
from audit.trace_csv import Profile

DIRECT_RECORDS_MAX = 10_000

_COLUMNS = tuple(Entry.__struct_fields__)


class TooManyRecords(DomainError):
    """The window holds more than one request may render."""

    code = "too_many_records"
    status = 400


class Window(msgspec.Struct, frozen=True):
    """A time range; `until` is exclusive, None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def __str__(self) -> str:
        if not (self.since or self.until):
            return ""
        ends = [moment(receipts.nanos(at)) if at else "…" for at in (self.since, self.until)]
        return " – ".join(ends)


class Export(msgspec.Struct, frozen=True):
    """One file, with the manifest that goes beside a CSV."""

    file_name: str
    content_type: str
    content: bytes
    sha256: str
    manifest: bytes


def export_pdf(
    *, project: Project, window: Window, language: Language, by: str, at: datetime, records_max: int = 0
) -> Export:
    """Render the project's report and record the export; raises FontMissing or TooManyRecords."""
    contents = gather(project, window, by=by, language=language, records_max=records_max)
    content = document.draw(contents)
    return _recorded(project, window, contents, "pdf", "application/pdf", content, by, at)


def export_csv(
    *, project: Project, window: Window, profile: Profile, by: str, at: datetime, records_max: int = 0
) -> Export:
    """Write the project's trace as CSV and record the export; raises TooManyRecords."""
    contents = gather(project, window, by=by, records_max=records_max)
    content = trace_csv.write(contents.trace, profile)
    return _recorded(project, window, contents, f"csv_{profile}", "text/csv; charset=utf-8", content, by, at)


def gather(
    project: Project, window: Window, *, by: str, language: Language = Language.EN, records_max: int = 0
) -> Contents:
    """Return everything a report of this window prints; raises TooManyRecords if `records_max` is not 0."""
    rows = selectors.of_project(project.code, window.since, window.until)
    if records_max and rows[: records_max + 1].count() > records_max:
        raise TooManyRecords(
            f"This window holds more than {records_max:,} records; narrow it, "
            "or run `manage.py export_report` on the server."
        )
    entries = [Entry(*values) for values in rows.values_list(*_COLUMNS)]
    streams = sorted({entry.stream for entry in entries})
    _seal(streams)
    traded = {stream.removeprefix("desk:") for stream in streams if stream.startswith("desk:")}
    configurations = [
        config for config in _configurations(window) if config.desk in traded or config.serves(project.code)
    ]
    desks = traded | {config.desk for config in configurations}
    read = trace.read(entries, configurations)
    breaks = {
        name: verdict.first_break for name in streams if (verdict := verify.verify_stream(name)).first_break is not None
    }
    return Contents(
        project=ProjectFacts(project.code, project.name, project.name_zh, project.stage, project.owner),
        requested_by=by,
        window=str(window),
        trace=read,
        limits=_limits(desks, window),
        changes=_changes(desks, window),
        proofs=proof.of_entries(entries),
        breaks=breaks,
        trace_sha256=sha256(trace_csv.write(read, Profile.REGULATOR)).hexdigest(),
        language=language,
    )


def _seal(streams: Sequence[str]) -> None:
    """Put every record of these streams under a checkpoint, so that each can be proved."""
    for stream in streams:
        newest = Receipt.objects.filter(stream=stream).order_by("-seq").values_list("at_ns", flat=True).first()
        head = StreamHead.objects.get(stream=stream)
        if newest is not None and head.sealed_seq < head.seq:
            receipts.seal(stream, newest)


def _before(kind: str, window: Window) -> list[dict[str, object]]:
    """Return the bodies of console receipts of one kind up to the window's end, oldest first."""
    rows = Receipt.objects.filter(stream=receipts.CONSOLE, kind=kind)
    if window.until:
        rows = rows.filter(at_ns__lt=receipts.nanos(window.until))
    return [msgspec.json.decode(body) for body in rows.order_by("seq").values_list("body", flat=True)]


def _configurations(window: Window) -> list[DeskConfig]:
    return [msgspec.convert(item["body"], DeskConfig, strict=False) for item in _before("desk_configured", window)]


def _limits(desks: Collection[str], window: Window) -> list[PublishedLimits]:
    newest: dict[str, PublishedLimits] = {}
    for item in _before("limits_published", window):
        body = item["body"]
        limits = msgspec.convert(body["limit_set"]["limits"], tuple[LimitLine, ...])
        if body["desk"] in desks:
            newest[body["desk"]] = PublishedLimits(
                body["desk"], body["limit_set"]["version"], body["limit_set"]["hash"], item["at"], limits
            )
    return [newest[desk] for desk in sorted(newest)]


def _changes(desks: Collection[str], window: Window) -> list[LimitChange]:
    since_ns = receipts.nanos(window.since) if window.since else 0
    changes = []
    for item in _before("threshold_changed", window):
        body = item["body"]
        if item["at"] < since_ns or body["desk"] not in desks:
            continue
        limit = msgspec.convert(body["limit"], LimitLine)
        changes.append(
            LimitChange(
                item["at"], item["actor"], body["requested_by"], limit.kind, limit.scope,
                body["before"]["hard"], limit.hard, body["reason"],
            )
        )  # fmt: skip
    return changes


def _recorded(
    project: Project, window: Window, contents: Contents, kind: str, content_type: str, content: bytes,
    by: str, at: datetime,
) -> Export:  # fmt: skip
    digest = sha256(content).hexdigest()
    with transaction.atomic():
        number = ExportRecord.objects.filter(project=project).count() + 1
        name = _file_name(project, contents, kind, number)
        receipt = receipts.issue(
            kind="report_exported",
            actor=by,
            at=at,
            subject=receipts.Subject(project=project.code),
            body={
                "file": name,
                "format": kind,
                "sha256": digest,
                "records": len(contents.trace.entries),
                "streams": [
                    {"stream": item.stream, "first_seq": item.first_seq, "last_seq": item.last_seq}
                    for item in contents.proofs
                ],
            },
        )
        ExportRecord.objects.create(
            project=project,
            format=kind,
            file_name=name,
            requested_by=by,
            at_ns=receipt.at_ns,
            from_ns=receipts.nanos(window.since) if window.since else None,
            until_ns=receipts.nanos(window.until) if window.until else None,
            records=len(contents.trace.entries),
            sha256=digest,
            receipt=receipt,
        )
    return Export(name, content_type, content, digest, manifest(contents, name, digest))


def manifest(contents: Contents, file_name: str, digest: str) -> bytes:
    """Return the companion of an export: what it covers, its hash, and a proof for every record in it."""
    described = {
        "template": trace_csv.TEMPLATE,
        "schema_version": trace_csv.SCHEMA_VERSION,
        "file": file_name,
        "sha256": digest,
        "project": contents.project.code,
        "window": contents.window or "all records",
        "records": len(contents.trace.entries),
        "time_zone": "ts_event_utc is UTC; *_ns are nanoseconds since 1970-01-01 UTC",
        "link": "sha256(previous hash as 32 bytes + body as UTF-8)",
        "tree": "RFC 6962: leaf sha256(0x00 + record hash), node sha256(0x01 + left + right)",
        "breaks": contents.breaks,
        "streams": contents.proofs,
    }
    return msgspec.json.format(msgspec.json.encode(described), indent=1)


def _file_name(project: Project, contents: Contents, kind: str, number: int) -> str:
    """Return a name made of safe characters alone, whatever the project is called."""
    code = re.sub(r"[^A-Za-z0-9-]", "_", project.code)
    entries = contents.trace.entries
    days = [moment(entry.at_ns)[:10].replace("-", "") for entry in (entries[0], entries[-1])] if entries else []
    span = "_".join(days) or "empty"
    suffix = "pdf" if kind == "pdf" else "csv"
    return f"{trace_csv.TEMPLATE}_{trace_csv.SCHEMA_VERSION}_{code}_{span}_{number:04d}.{suffix}"
