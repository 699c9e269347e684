"""What a report is made from: everything that the sections print, gathered before anything is drawn."""

from collections.abc import Sequence

import msgspec

from audit.chain import Break
from audit.proof import StreamProof
from audit.report.words import Language
from audit.trace import Trace


class LimitLine(msgspec.Struct, frozen=True):
    kind: str
    hard: str
    warn: str | None = None
    scope_venue: str = ""
    scope_instrument: str = ""
    scope_pair: str = ""

    @property
    def scope(self) -> str:
        return " ".join(filter(None, (self.scope_venue, self.scope_instrument, self.scope_pair)))


class PublishedLimits(msgspec.Struct, frozen=True):
    """A desk's limit set as its receipt holds it."""

    desk: str
    version: int
    hash: str
    at_ns: int
    limits: tuple[LimitLine, ...]


class LimitChange(msgspec.Struct, frozen=True):
    at_ns: int
    actor: str
    requested_by: str
    kind: str
    scope: str
    hard_before: str
    hard: str
    reason: str


class ProjectFacts(msgspec.Struct, frozen=True):
    code: str
    name: str
    name_zh: str
    stage: str
    owner: str


class Contents(msgspec.Struct, frozen=True):
    """One report, whatever its format. `window` is the asked time range in words, "" for all records."""

    project: ProjectFacts
    requested_by: str
    window: str
    trace: Trace
    limits: Sequence[PublishedLimits]
    changes: Sequence[LimitChange]
    proofs: Sequence[StreamProof]
    breaks: dict[str, Break]  # by stream; empty when all is sound
    trace_sha256: str
    language: Language = Language.EN

    @property
    def head_hash(self) -> str:
        """The hash of the newest record in the report: what its footer shows."""
        return self.trace.entries[-1].hash if self.trace.entries else ""
