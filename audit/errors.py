"""The base of every expected failure, kept in the deepest package so that all packages can name theirs."""

from collections.abc import Mapping


class DomainError(Exception):
    """An expected refusal that a person can act on; the console answers it as {code, message, fields}.

    A subclass stands beside the function that raises it and sets `code` (stable, snake case) and
    `status` (HTTP). `message` says what was wrong and what to do; `fields` maps an input's name to
    its own fault.
    """

    code = "refused"
    status = 409

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})
