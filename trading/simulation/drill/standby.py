"""The standby drill: engines are killed or paused while a second one stands by; how long until that one trades."""

import signal
import tempfile
import time
from pathlib import Path
from subprocess import Popen

import msgspec

from trading.core.units import MILLI
from trading.simulation.drill.evidence import look, reconciled_at
from trading.simulation.drill.figures import spread
from trading.simulation.drill.stage import DrillFailed, Stage, until

TAKEOVER_MAX_MS = 10_000


class Report(msgspec.Struct):
    """Times from the death, or the pause, of an engine until its standby is reconciled."""

    drill: str = "standby"
    rounds: int = 0
    killed_ms: dict[str, float] = {}
    paused_ms: dict[str, float] = {}
    fenced: int = 0  # paused engines that ended by themselves when they went on
    findings: list[str] = []
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        slowest = max(times.get("max", 0) for times in (self.killed_ms, self.paused_ms))
        return not self.findings and slowest <= TAKEOVER_MAX_MS


def run(rounds: int) -> Report:
    """Let every other engine be killed and the rest be paused. Raises DrillFailed when nobody takes over."""
    began = time.monotonic()
    report = Report(rounds=rounds)
    times: dict[bool, list[float]] = {True: [], False: []}
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        stage = Stage(Path(folder))
        try:
            stage.start_venues()
            active = stage.start_engine("", "--stand-by")
            _reconciled(stage, after_epoch=0)
            for number in range(rounds):
                is_killed = number % 2 == 0
                standby = _stand_by(stage, number + 1)
                times[is_killed].append(_take_over(stage, active, is_killed=is_killed))
                report.fenced += not is_killed and _is_fenced(active)
                active = standby
            report.findings = _findings(stage)
        finally:
            stage.close()
    report.killed_ms, report.paused_ms = spread(times[True]), spread(times[False])
    report.seconds = round(time.monotonic() - began, 1)
    return report


def _stand_by(stage: Stage, count: int) -> Popen[bytes]:
    standby = stage.start_engine("", "--stand-by")
    until(lambda: stage.said("engine").count("standing by") >= count, "the standby")
    return standby


def _take_over(stage: Stage, active: Popen[bytes], *, is_killed: bool) -> float:
    """End the engine while both legs are on their way; return the milliseconds until its standby is reconciled."""
    epoch = stage.status()["epoch"]
    stage.arm()
    ended_at = time.time_ns()
    active.send_signal(signal.SIGKILL if is_killed else signal.SIGSTOP)
    at = _reconciled(stage, after_epoch=epoch)
    if not is_killed:
        active.send_signal(signal.SIGCONT)
    return (at - ended_at) / MILLI


def _reconciled(stage: Stage, *, after_epoch: int) -> int:
    """Return when the next engine was reconciled and has nothing open."""

    def found() -> int:
        status = stage.status()
        if status.get("epoch", 0) <= after_epoch or any(program["open"] for program in status["programs"]):
            return 0
        return reconciled_at(look(stage, set(), status)[1], status["epoch"]) or 0

    return until(found, "the standby to be reconciled", 60)


def _is_fenced(engine: Popen[bytes]) -> bool:
    if engine.wait(30) != 1:
        raise DrillFailed(f"the paused engine ended with {engine.returncode} and not because it was fenced")
    return True


def _findings(stage: Stage) -> list[str]:
    found, _ = look(stage, set(), stage.status())
    return [*found.duplicate_sends, *found.lost_receipts, *found.naked_unalerted]
