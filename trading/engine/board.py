"""What screens see of a desk, offered to the stream at the board's own pace, never in the way of a tick.

The rows of a frame are built a few at a time, with the loop in between, so that a desk of a hundred programs delays
no tick by more than one slice. Nobody connected: nothing is built.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

from trading.core.program import HedgeProgram
from trading.core.units import MILLI, SECOND
from trading.engine.config import DeskConfig
from trading.engine.holdings import holdings
from trading.engine.host import Host
from trading.engine.rows import Row, row

HEALTH_S = 1.0
SLICE = MILLI  # engine time spent on rows before the loop gets its turn


class Board:
    """Builds frames for the stream of one host."""

    def __init__(self, host: Host, config: DeskConfig) -> None:
        self._host, self._config = host, config
        self._loop = asyncio.get_running_loop()
        self._period_s = 1 / config.board_hz
        self._rows: list[Row] = []
        self._timers: list[asyncio.TimerHandle] = []
        self._lag_max_ns = 0
        self._due_at = 0

    def start(self) -> None:
        self._later(0, self._period_s, self._frame)
        self._later(1, HEALTH_S, self._health)
        self._due_at = self._host.clock() + int(self._period_s * SECOND)

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _later(self, slot: int, delay_s: float, run: Any) -> None:
        timer = self._loop.call_later(delay_s, run)
        if slot < len(self._timers):
            self._timers[slot] = timer
        else:
            self._timers.append(timer)

    def _frame(self) -> None:
        now = self._host.clock()
        self._lag_max_ns = max(self._lag_max_ns, now - self._due_at - MILLI)  # timers are exact to 1 ms
        self._later(0, self._period_s, self._frame)
        self._due_at = now + int(self._period_s * SECOND)
        if self._host.stream.has_readers and not self._rows:
            self._slice(iter(list(self._host.desk.programs.values())))

    def _slice(self, programs: Iterator[HedgeProgram]) -> None:
        """Build rows for a moment, then give way; publish when the last is built."""
        now = self._host.clock()
        for program in programs:
            self._rows.append(row(self._host.desk, program, now))
            if self._host.clock() - now > SLICE:
                self._loop.call_later(0.001, self._slice, programs)
                return
        rows, self._rows = self._rows, []
        self._host.stream.publish("board", rows)

    def _health(self) -> None:
        self._later(1, HEALTH_S, self._health)
        lag_ns, self._lag_max_ns = max(0, self._lag_max_ns), 0
        if self._host.stream.has_readers:
            self._host.stream.publish("health", [self._health_item(lag_ns)])
            self._host.stream.publish("positions", [holdings(self._host.desk, self._host.clock())])

    def _health_item(self, lag_ns: int) -> dict[str, Any]:
        host, desk, now = self._host, self._host.desk, self._host.clock()
        return {
            "desk": self._config.desk,
            "epoch": desk.epoch,
            "state": desk.reconciliation.state.value,
            "reason": desk.reconciliation.reason,
            "lease": desk.lease,
            "kill": desk.kill_all.level if desk.kill_all else "",
            "at": now,
            "loop_lag_max_ns": lag_ns,
            "journal_seq": host.journal.seq,
            "journal_durable_seq": host.journal.durable_seq,
            "refused_quotes": dict(desk.refused_quotes),
            "venues": [self._venue(name) for name in host.venues],
            "clocks": [self._clock(name) for name in host.clocks],
        }

    def _venue(self, name: str) -> dict[str, Any]:
        state = self._host.venues[name].state
        config = self._config.venue(name)
        return {
            "venue": name,
            "is_up": state.is_up,
            "reason": state.reason,
            "changed_at": state.changed_at,
            "trading_day": state.trading_day,
            "in_step": self._host.desk.reconciliation.is_in_step(name),
            "is_simulated": config.is_simulated,
            "input_kind": config.input_kind,
            "input_label": config.input_label,
            **self._host.desk.reply_clock.shown(name),
        }

    def _clock(self, name: str) -> dict[str, Any]:
        measured = self._host.clocks[name].offset(self._host.clock())
        offset_ns, error_ns = measured if measured else (None, None)
        return {"venue": name, "offset_ns": offset_ns, "error_ns": error_ns}
