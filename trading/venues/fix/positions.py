"""Positions over FIX 4.4: the request (AN), its acknowledgement (AO) and the reports (AP), and what they mean. Pure.

Every report is one instrument, or one prompt date of it, with the long and the short quantity. The answer is complete
when as many reports have come as TotalNumPosReports(727) says; an acknowledgement with none says that there is nothing.
Source: FIX 4.4 with errata 20030618, volume 5, "Request For Positions".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from trading.core.events import PositionsReported, VenuePosition
from trading.core.terms import Instrument
from trading.core.units import Nanos, Side
from trading.venues.fix.body import INTEGER, LOTS, TIME, Body, at, group

ALL_POSITIONS = 0  # PosReqType(724)
ACCOUNT_OF_CUSTOMER = 1  # AccountType(581)
NOTHING_FOUND = 2  # PosReqResult(728)
TOTAL = "TOT"  # PosType(703): the whole position, not what the day added to it


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestForPositions(Body):
    """A question about all positions of an account."""

    MSG_TYPE: ClassVar[bytes] = b"AN"
    request_id: str = at(710)
    scope: int = at(724, INTEGER, default=ALL_POSITIONS)
    account: str | None = at(1, default=None)
    account_type: int = at(581, INTEGER, default=ACCOUNT_OF_CUSTOMER)
    business_day: str = at(715)
    sent_at: int = at(60, TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsAcknowledged(Body):
    """How many reports will come; `result` 0 is a valid request, 2 means that nothing was found."""

    MSG_TYPE: ClassVar[bytes] = b"AO"
    report_id: str = at(721)
    request_id: str | None = at(710, default=None)
    total: int | None = at(727, INTEGER, default=None)
    result: int = at(728, INTEGER)
    status: int = at(729, INTEGER)
    account: str | None = at(1, default=None)
    account_type: int = at(581, INTEGER, default=ACCOUNT_OF_CUSTOMER)
    business_day: str | None = at(715, default=None)
    text: str | None = at(58, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity(Body):
    """Long and short lots of one kind."""

    kind: str = at(703)
    long_lots: int | None = at(704, LOTS, default=None)
    short_lots: int | None = at(705, LOTS, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReport(Body):
    """One position of the account."""

    MSG_TYPE: ClassVar[bytes] = b"AP"
    report_id: str = at(721)
    request_id: str | None = at(710, default=None)
    total: int | None = at(727, INTEGER, default=None)
    result: int = at(728, INTEGER, default=0)
    business_day: str = at(715)
    account: str | None = at(1, default=None)
    account_type: int = at(581, INTEGER, default=ACCOUNT_OF_CUSTOMER)
    symbol: str | None = at(55, default=None)
    prompt: str | None = at(541, default=None)
    quantities: tuple[Quantity, ...] = group(702, Quantity, default=())

    def net_lots(self) -> int:
        """Return long minus short of the total, or of what the venue sends in its place."""
        found = [q for q in self.quantities if q.kind == TOTAL] or list(self.quantities[:1])
        return sum((q.long_lots or 0) - (q.short_lots or 0) for q in found)


class PositionQuestion:
    """One question about positions, and how much of its answer has come."""

    def __init__(self, request_id: str = "", asked_at: Nanos = 0) -> None:
        self.request_id, self.asked_at = request_id, asked_at
        self._total: int | None = None
        self._reports: dict[str, PositionReport] = {}
        self._day = ""

    def acknowledged(self, message: PositionsAcknowledged) -> None:
        """Take the acknowledgement: it tells how many reports belong to the answer."""
        if message.request_id == self.request_id and self.request_id:
            self._total = 0 if message.result == NOTHING_FOUND else message.total
            self._day = message.business_day or self._day

    def reported(self, message: PositionReport) -> None:
        """Take one report; a repeated one counts once."""
        if message.request_id == self.request_id and self.request_id:
            self._reports[message.report_id] = message
            self._day = message.business_day
            if message.total is not None:
                self._total = message.total

    def answer(self, venue: str, instruments: Mapping[str, Instrument]) -> PositionsReported | None:
        """Return the whole answer, or None while reports are missing; what is not traded here keeps its symbol."""
        if self._total is None or len(self._reports) < self._total:
            return None
        lines = []
        for report in self._reports.values():
            known = instruments.get(report.symbol or "")
            net = report.net_lots()
            if net:
                side = Side.BUY if net > 0 else Side.SELL
                code = known.code if known is not None else report.symbol or ""
                lines.append(VenuePosition(code, side, abs(net), 0, prompt=report.prompt or ""))
        return PositionsReported(venue, self._day, tuple(lines), self.asked_at)
