"""From the matching engine to the wire: when each report leaves, and what the report faults do to it."""

from collections import deque

from trading.core.units import MILLI, Nanos, Side
from trading.venues.simulated.faults import Faults
from trading.venues.simulated.messages import (
    Accepted,
    Busted,
    CancelRejected,
    Closed,
    Corrected,
    Delivery,
    Filled,
    PositionList,
    Rejected,
    Report,
    Status,
    StatusEnd,
)
from trading.venues.simulated.spec import VenueSpec

HISTORY_MAX = 20_000
ORDER_REPORTS = (Accepted, Rejected, Filled, Busted, Corrected, Closed, CancelRejected)


class ReportLine:
    """Keeps a desk's reports in order, unless a fault says otherwise, and remembers them for replays."""

    def __init__(self, spec: VenueSpec, faults: Faults) -> None:
        self._spec = spec
        self._faults = faults
        self._last_at: dict[str, Nanos] = {}
        self._silent: set[str] = set()
        self._history: deque[Report] = deque(maxlen=HISTORY_MAX)

    def history(self, desk: str) -> list[Report]:
        """Return the reports of the day that went out to a desk, oldest first."""
        return [report for report in self._history if report.desk == desk]

    def forget_day(self) -> None:
        self._history.clear()

    def deliver(self, reports: list[Report], now: Nanos, symbol: str = "", side: Side | None = None) -> list[Delivery]:
        """Return the deliveries of one turn's reports about one order."""
        fills_wait = self._fills_wait(reports, now, symbol, side)
        ack_waits = self._ack_waits(reports, now, symbol, side)
        deliveries: list[Delivery] = []
        for report in reports:
            if self._is_lost(report, now, symbol, side):
                continue
            wait = fills_wait if isinstance(report, Filled) else ack_waits if isinstance(report, Accepted) else 0
            at = self._leaves_at(report.desk, now, wait)
            if isinstance(report, ORDER_REPORTS):
                self._history.append(report)
            deliveries += [(at, report)] * self._copies(report, now, symbol, side)
        return deliveries

    def answer(self, reports: list[Report], now: Nanos) -> list[Delivery]:
        """Return the deliveries of an answer to a query: what it repeats is no new report, and no fault's victim."""
        return [(self._leaves_at(report.desk, now, 0), report) for report in reports]

    def _fills_wait(self, reports: list[Report], now: Nanos, symbol: str, side: Side | None) -> Nanos:
        kinds = {type(report) for report in reports}
        if {Filled, Closed} <= kinds:
            fault = self._faults.take("status_before_fills", now, symbol, side)
            return int(fault["delay_ms"]) * MILLI if fault else 0
        return 0

    def _ack_waits(self, reports: list[Report], now: Nanos, symbol: str, side: Side | None) -> Nanos:
        kinds = {type(report) for report in reports}
        if {Filled, Accepted} <= kinds:
            fault = self._faults.take("fill_before_ack", now, symbol, side)
            return int(fault["delay_ms"]) * MILLI if fault else 0
        return 0

    def _leaves_at(self, desk: str, now: Nanos, wait: Nanos) -> Nanos:
        at = (
            now + self._spec.latency_out + self.extra_latency(now) + self._faults.random_part(self._spec.latency_jitter)
        )
        reorder = self._faults.take("reorder", now)
        if reorder:
            return at + wait + self._faults.random_part(int(reorder["delay_ms"]) * MILLI)
        if wait:
            return at + wait
        self._last_at[desk] = at = max(at, self._last_at.get(desk, 0))
        return at

    def extra_latency(self, now: Nanos) -> Nanos:
        fault = self._faults.take("latency_ms", now)
        if not fault:
            return 0
        return int(fault["ms"]) * MILLI + self._faults.random_part(int(fault["jitter_ms"]) * MILLI)

    def _copies(self, report: Report, now: Nanos, symbol: str, side: Side | None) -> int:
        if not isinstance(report, Filled):
            return 1
        fault = self._faults.take("duplicate_fill", now, symbol, side)
        return 1 + int(fault["times"]) if fault else 1

    def _is_lost(self, report: Report, now: Nanos, symbol: str, side: Side | None) -> bool:
        if isinstance(report, Status | StatusEnd | PositionList):
            return False
        if isinstance(report, Accepted) and self._faults.take("reports_lost", now, symbol, side) is not None:
            self._silent.add(report.client_order_id)
        if report.client_order_id in self._silent:
            return True
        lost_by = {Accepted: "ack_lost", Filled: "fill_lost", Rejected: "reject_lost"}.get(type(report))
        if isinstance(report, Closed) and report.reason == "cancelled":
            lost_by = "cancel_ack_lost"
        return lost_by is not None and self._faults.take(lost_by, now, symbol, side) is not None
