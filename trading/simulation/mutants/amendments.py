"""Mistakes about trades taken back, corrected or made by others, about snapshots, and about who may still write."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from trading.core import amendments
from trading.core import events as e
from trading.core.order import Order
from trading.core.program import HedgeProgram
from trading.core.units import Side
from trading.engine import checkpoints
from trading.engine.lease import LAPSE_S, Lease
from trading.simulation.copper import CU, INSTRUMENTS, copper_terms
from trading.simulation.mutants import mutant

NAME = "DEMO1-1-1-00"
INTENT = e.OrderIntent(
    NAME, CU.code, "SHFE", 0, Side.SELL, 10, 7949, e.TimeInForce.IOC, e.Purpose.ENTRY, e.Offset.OPEN, 0
)
FILL = e.OrderFilled(NAME, "F1", 10, 7949, "D1")
BUST = e.FillBusted(NAME, "F1", "D1")


def a_trade_taken_back_never_counts() -> None:
    for news in ((FILL, BUST), (BUST, FILL)):
        order = Order(INTENT, "X-1", 0)
        for event in news:
            if isinstance(event, e.OrderFilled):
                order.book(event)
            else:
                order.bust(event, 1)
        assert (order.filled_lots, order.done_lots) == (0, 0)


def an_old_announcement_is_void_after_a_bust() -> None:
    order = Order(INTENT, "X-1", 0)
    order.book(FILL)
    order.announce(10)
    order.bust(BUST, 1)
    order.announce(10)  # an old report, late
    order.announce(0, 2)  # asked for after the bust
    assert order.done_lots == 0


def a_forced_trade_halts() -> None:
    program = HedgeProgram(copper_terms(), INSTRUMENTS)
    program.handle(e.ForeignFilled("SHFE", CU.code, Side.BUY, 1, 7949, "T1", "D1", e.Offset.CLOSE, is_forced=True), 0)
    assert program.state.halt_reason == "forced_liquidation"


def a_replaced_holder_is_fenced() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lease.lock"
        holder = Lease.take(path)
        holder.claim(epoch_after=0)
        os.utime(path, (time.time() - LAPSE_S - 1,) * 2)
        successor = Lease.take_over(path)
        assert successor.claim(epoch_after=0) == 2
        assert holder.fence() and not successor.fence()


@mutant(specification=a_trade_taken_back_never_counts)
def forgets_a_bust_that_came_first(put: Any) -> None:
    def book(self: Order, fill: e.OrderFilled) -> bool:
        self.busted.discard((fill.trading_day, fill.fill_id))
        return trusting(self, fill)

    trusting = Order.book
    put(Order, "book", book)


@mutant(specification=a_trade_taken_back_never_counts)
def notes_a_bust_and_goes_on_counting(put: Any) -> None:
    def bust(self: Order, event: e.FillBusted, now: int) -> bool:
        self.amended_at = now
        return True

    put(Order, "bust", bust)


@mutant(specification=an_old_announcement_is_void_after_a_bust)
def believes_what_was_announced_before_a_bust(put: Any) -> None:
    def announce(self: Order, cumulative_lots: int, asked_at: int | None = None) -> None:
        self.cumulative_lots = max(self.cumulative_lots, cumulative_lots)

    put(Order, "announce", announce)


@mutant(specification=a_forced_trade_halts)
def takes_a_forced_trade_for_a_strangers(put: Any) -> None:
    put(amendments.FOLDS, e.ForeignFilled, lambda state, event, now: [])


@mutant(specification=a_replaced_holder_is_fenced)
def trusts_the_epoch_in_a_file_of_its_own(put: Any) -> None:
    def fence(self: Lease) -> str:
        return "" if os.pread(self._fd, 4_096, 0) == self._claim else "another epoch"

    put(Lease, "fence", fence)


@mutant
def forgets_open_executions_in_a_snapshot(put: Any) -> None:
    def forgetful(desk: Any, state: bytes) -> None:
        thaw(desk, state)
        for program in desk.programs.values():
            program.state.open.clear()

    thaw = checkpoints.thaw
    from trading.simulation import at_rest

    put(at_rest, "thaw", forgetful)
