"""The receipt of an applied declaration: who applied it and every field that it changed."""

from collections.abc import Sequence
from typing import Protocol

from django.utils import timezone

from audit import receipts


class ChangeLike(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def fields(self) -> tuple[tuple[str, str, str], ...]: ...


def leave_receipt(changes: Sequence[ChangeLike], *, actor: str) -> None:
    """Issue one receipt per changed thing; a declaration that changes nothing leaves none."""
    for change in changes:
        if change.outcome in ("unchanged", "kept"):
            continue
        subject = receipts.Subject(
            project=change.key if change.kind == "project" else "",
            pair=change.key if change.kind == "pair" else "",
            program=change.key if change.kind == "program" else "",
            instruments=(change.key,) if change.kind == "instrument" else (),
        )
        fields = {name: {"from": old, "to": new} for name, old, new in change.fields}
        body = {"kind": change.kind, "key": change.key, "outcome": change.outcome, "fields": fields}
        receipts.issue(kind="settings_applied", actor=actor, at=timezone.now(), subject=subject, body=body)
