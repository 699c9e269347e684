"""What a firing quote costs in process: desk, gate and a journal that is written but not synced; no socket, no loop.

It is taken twice: back to back, and after a pause in which others use the processor's caches, as between two
opportunities of a real day. The difference belongs to the machine; both shrink with the work on the path.
"""

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from risk.gate import review
from tests.benchmarks.figures import Figure, latency
from tests.engine.desk_config import CA, CU, FX, desk_config, terms
from trading.core.events import Level, OrderAccepted, OrderClosed, OrderFilled, PositionsReported, StatusEnded, VenueUp
from trading.core.units import MILLI, SECOND, Nanos
from trading.engine.actions import Submit
from trading.engine.commands import ArmProgram
from trading.engine.config import DeskConfig
from trading.engine.desk import Desk
from trading.engine.journal import Journal
from trading.engine.journal_files import Head
from trading.market.book import Quote

START: Nanos = 1_772_769_600 * SECOND
PAUSE_S = 0.006
WARM_UP = 200


def run(samples: int = 1_000) -> Iterator[Figure]:
    """Measure and yield the figures."""
    for idle in (0, 99):
        among = f", {idle} more programs on the instruments" if idle else ""
        for pause_s, when in ((0.0, "back to back"), (PAUSE_S, "after a pause")):
            with TemporaryDirectory(prefix="decision-") as folder:
                found = _Rig(Path(folder), idle).measure(samples, pause_s)
            yield latency("decision", f"quote to both orders in process, {when}{among}", found)


class _Rig:
    def __init__(self, folder: Path, idle: int) -> None:
        config = _config(folder, idle)
        self.journal = Journal(folder, desk="demo", head=Head(), epoch=1, now=START, is_synced=False)
        self.desk = Desk(config, self.journal, review, 1, START)
        self.now = START
        self.desk.resume(START)
        for venue in ("SHFE", "LME"):
            self.desk.on_report(VenueUp(venue), START)
            self.desk.on_report(StatusEnded(venue, START), START)
            self.desk.on_report(PositionsReported(venue, "20260306", (), START), START)
        self._market()
        for program in self.desk.programs:
            self.desk.on_command(ArmProgram(program, f"a-{program}", "bench", 1, START + SECOND), START)

    def measure(self, samples: int, pause_s: float) -> list[int]:
        found = []
        for n in range(WARM_UP + samples):
            if pause_s and n >= WARM_UP:
                time.sleep(pause_s)
            self.now += 10 * MILLI
            self._market()
            fire = self._quote(CU.code, 8_100)
            started = time.perf_counter_ns()
            self.desk.on_quote(fire, self.now)
            self.journal.sync()
            [submit] = [a for a in self.desk.on_durable(self.journal.durable_seq, self.now) if isinstance(a, Submit)]
            found.append(time.perf_counter_ns() - started)
            self._fill(submit)
        self.journal.close()
        return found[WARM_UP:]

    def _market(self) -> None:
        for code, bid in ((CU.code, 7_000), (CA.code, 19_600), (FX.code, 70_000)):
            self.desk.on_quote(self._quote(code, bid), self.now)

    def _quote(self, code: str, bid: int) -> Quote:
        return Quote(code, (Level(bid, 50),), (Level(bid + 1, 50),), self.now, self.now)

    def _fill(self, submit: Submit) -> None:
        self.desk.on_quote(self._quote(CU.code, 7_000), self.now)
        for order in submit.orders:
            name, lots = order.client_order_id, order.lots
            self.desk.on_report(OrderAccepted(name, f"V{name}"), self.now)
            self.desk.on_report(OrderFilled(name, f"F{name}", lots, order.price_ticks, "20260306"), self.now)
            self.desk.on_report(OrderClosed(name, lots, "filled"), self.now)
        self.desk.deadline()


def _config(folder: Path, idle: int) -> DeskConfig:
    """One program that fires on the high quote, and `idle` ones that never do."""
    replace = msgspec.structs.replace
    fires = replace(terms(trigger_value="500", executions_max=10**9), cooldown=0)
    others = tuple(replace(terms(trigger_value="1000000"), program=f"IDLE{n}") for n in range(idle))
    ports, kinds = {"SHFE": 1, "LME": 2}, {"SHFE": "local", "LME": "local"}
    config = desk_config(folder, ports, kinds, programs=(fires, *others))
    loose = tuple(replace(limit, hard=Decimal(10**9)) for limit in config.limits.limits)
    return replace(config, limits=replace(config.limits, limits=loose))
