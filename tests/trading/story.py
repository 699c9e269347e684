"""Writes a journal through the real Journal class, in the words of a trader."""

import threading
from decimal import Decimal
from pathlib import Path

from trading.core import events as e
from trading.core.units import MILLI, SECOND, Side
from trading.engine import records as r
from trading.engine.journal import Journal
from trading.engine.journal_files import History

START = 1_795_000_000 * SECOND
SHFE, LME, FX = "SHFE.cu2703", "LME.CA-3M", "FX.USDCNH"


class Story:
    """One desk's journal; every method appends and makes durable."""

    def __init__(self, directory: Path, program: str = "CU-LME-SELL") -> None:
        self.directory, self.program = directory, program
        self.now = START
        self.executions = 0
        self.fills = 0
        self.journal = self._open(epoch=1)
        self.append("", r.EngineStarted(1, "test", "hash", "SIM"))

    def _open(self, epoch: int) -> Journal:
        history = History.of(self.directory)
        for _ in history:
            pass
        return Journal(self.directory, desk="demo", head=history.head, epoch=epoch, now=self.now)

    def restart(self) -> None:
        """The engine dies and comes back with a new epoch."""
        self.journal.close()
        self.journal = self._open(epoch=2)
        self.append("", r.EngineStarted(2, "test", "hash", "SIM"))

    def next_day(self) -> None:
        self.now += 86_400 * SECOND

    def append(self, program: str, event: object, after_ms: int = 1) -> int:
        self.now += after_ms * MILLI
        seq = self.journal.append(program, event, self.now)
        self.durable()
        return seq

    def durable(self) -> None:
        done = threading.Event()
        self.journal.sync(lambda seq: done.set())
        assert done.wait(5), "the journal did not become durable"

    def say(self, event: object, after_ms: int = 1) -> int:
        return self.append(self.program, event, after_ms)

    def arm(self, command_id: str = "c-arm") -> None:
        self.say(e.Arm(command_id, "trader1", 1, self.now + SECOND))

    def trigger(self, is_sent: bool = True) -> str:
        """The engine decides to sell 5 lots in Shanghai and buy 1 in London, and both leave unless not `is_sent`."""
        self.executions += 1
        execution = f"X-20261122-{self.program}-{self.executions:06d}"
        self.say(
            e.OrdersDecided(
                execution, e.Purpose.ENTRY,
                (self._order(0, Side.SELL, 5, 7946), self._order(1, Side.BUY, 1, 19602)),
                (
                    self._quote(SHFE, (7947, 42), (7948, 31)),
                    self._quote(LME, (19600, 7), (19601, 9)),
                    self._quote(FX, (71000, 50), (71010, 50)),
                ),
                Decimal("190.5"), Decimal("185"), (), "1",
            )
        )  # fmt: skip
        if is_sent:
            self.say(r.SentToWire((self.order_id(0), self.order_id(1)), self.now))
        return execution

    def trigger_flatten(self) -> str:
        """The engine decides to trade one unit back."""
        self.executions += 1
        execution = f"X-20261122-{self.program}-{self.executions:06d}"
        purpose = e.Purpose.FLATTEN
        orders = (
            self._order(0, Side.BUY, 5, 7950, purpose=purpose),
            self._order(1, Side.SELL, 1, 19600, purpose=purpose),
        )
        self.say(e.OrdersDecided(execution, purpose, orders, (), units=1))
        return execution

    def order_id(self, leg: int, attempt: int = 0) -> str:
        return f"DEMO1-1-{self.executions}-{leg}{attempt}"

    def _order(self, leg: int, side: Side, lots: int, ticks: int, attempt: int = 0, purpose=e.Purpose.ENTRY):
        instrument, venue = ((SHFE, "SHFE"), (LME, "LME"))[leg]
        return e.OrderIntent(
            self.order_id(leg, attempt), instrument, venue, leg, side, lots, ticks, e.TimeInForce.IOC, purpose,
            e.Offset.OPEN, attempt,
        )  # fmt: skip

    def _quote(self, instrument: str, bid: tuple[int, int], ask: tuple[int, int]) -> e.QuoteSeen:
        received_at = self.now - 100 * MILLI
        return e.QuoteSeen(instrument, (e.Level(*bid),), (e.Level(*ask),), received_at - 5 * MILLI, received_at)

    def accept(self, leg: int, after_ms: int = 3, attempt: int = 0) -> None:
        self.say(e.OrderAccepted(self.order_id(leg, attempt), f"V{leg}{attempt}", self.now), after_ms)

    def fill(self, leg: int, lots: int, ticks: int, after_ms: int = 5, attempt: int = 0) -> None:
        self.fills += 1
        fill = e.OrderFilled(self.order_id(leg, attempt), f"F{self.fills}", lots, ticks, "20261123", self.now)
        self.say(fill, after_ms)

    def close(self, leg: int, lots: int, reason: str = "filled", attempt: int = 0) -> None:
        self.say(e.OrderClosed(self.order_id(leg, attempt), lots, reason))

    def reject(self, leg: int) -> None:
        self.say(e.OrderRejected(self.order_id(leg), e.RejectClass.PRICE, "P1", "price outside the band"))

    def top_up(self, execution: str) -> None:
        """The engine buys the missing lot in London, having weighed the ways out."""
        options = (
            e.RepairOption("top_up", 1, (0, 1), Decimal("88.75"), "chosen"),
            e.RepairOption("unwind", 0, (5, 0), Decimal("548.00"), "costs more"),
        )
        order = self._order(1, Side.BUY, 1, 19604, attempt=1, purpose=e.Purpose.TOP_UP)
        self.say(e.OrdersDecided(execution, e.Purpose.TOP_UP, (order,), (), None, None, options, "1"))

    def end(self, execution: str, outcome: str) -> None:
        self.say(e.ExecutionEnded(execution, outcome, (0, 0)))

    def hedged(self) -> str:
        """One clean execution."""
        execution = self.trigger()
        self.accept(0)
        self.fill(0, 5, 7947)
        self.close(0, 5)
        self.accept(1, after_ms=100)
        self.fill(1, 1, 19601)
        self.close(1, 1)
        self.end(execution, "hedged")
        return execution


__all__ = ["FX", "LME", "SHFE", "Story"]
