"""`manage.py simulate`: seeded fault schedules through the real core, desk and recovery."""

import json
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandParser

from trading.simulation.board import Board, board, keep_seeds
from trading.simulation.figures import write_record
from trading.simulation.run import Summary, simulate

EXAMPLE = """Example:
  manage.py simulate --schedules 1000 --seed 1 --json
  manage.py simulate --schedules 1 --seed 4711     (runs one schedule again)
  manage.py simulate --mutants --json              (plants every known bug and says which seed notices it)
"""

MUTANT_SCHEDULES = 5_000


class Command(BaseCommand):
    help = (
        "Drive the engine through seeded fault schedules and check its invariants.\n"
        "Exit code 1 on a violation, and when a fault or branch in scope never occurred in 3000 schedules or more;\n"
        "when a distribution figure of 5000 schedules or more is worse than the kept record; and\n"
        "with --mutants when a planted bug goes unnoticed.\n\n" + EXAMPLE
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--schedules", type=int, help="how many (default 1000; for each planted bug at most 5000)")
        parser.add_argument("--seed", type=int, default=1, help="the first seed; each schedule takes the next one")
        parser.add_argument("--jobs", type=int, default=1, help="processes to spread them over (default 1)")
        parser.add_argument("--record", type=Path, help="write the distribution figures as the record to compare with")
        parser.add_argument("--mutants", action="store_true", help="plant every known bug and look who notices it")
        parser.add_argument("--keep-seeds", action="store_true", help="keep the seeds that noticed the planted bugs")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        default = MUTANT_SCHEDULES if options["mutants"] else 1_000
        schedules = default if options["schedules"] is None else options["schedules"]
        if schedules < 1 or options["jobs"] < 1:
            self.stderr.write("simulate: --schedules and --jobs must be 1 or more")
            raise SystemExit(2)
        if options["mutants"]:
            self._plant(schedules, options)
            return
        summary = simulate(schedules, options["seed"], options["jobs"])
        if options["record"]:
            write_record(summary.figures, options["record"])
        self.stdout.write(_as_json(summary) if options["json"] else _as_text(summary))
        if not summary.is_clean() or summary.worse():
            raise SystemExit(1)

    def _plant(self, schedules: int, options: dict[str, Any]) -> None:
        found = board(schedules)
        if options["keep_seeds"]:
            keep_seeds(found)
        self.stdout.write(json.dumps(msgspec.to_builtins(found)) if options["json"] else _board_as_text(found))
        if found.survivors:
            raise SystemExit(1)


def _board_as_text(found: Board) -> str:
    lines = [f"{found.killed} of {found.total} planted bugs noticed, {found.equivalent} equivalent, {found.seconds} s"]
    for verdict in found.mutants:
        otherwise = f"equivalent: {verdict.equivalent}" if verdict.equivalent else f"NOT NOTICED {verdict.broken}"
        noticed = verdict.invariant or otherwise
        seed = "" if verdict.seed is None else f" at seed {verdict.seed}"
        lines.append(f"{verdict.topic}: {verdict.name}: {noticed}{seed}")
    return "\n".join(lines)


def _as_json(summary: Summary) -> str:
    return json.dumps(
        {
            "schedules": summary.schedules,
            "events": summary.events,
            "violations": summary.violations,
            "escalated": summary.escalated,
            "seconds": summary.seconds,
            "faults": dict(sorted(summary.faults.items())),
            "branches": dict(sorted(summary.branches.items())),
            "rates": summary.figures.rates(),
            "worse": summary.worse(),
            "never": summary.never(),
            "first_violation": summary.first_violation,
            "failed_seeds": summary.failed,
        }
    )


def _as_text(summary: Summary) -> str:
    lines = [
        f"{summary.schedules} schedules, {summary.events} events, {summary.seconds} s",
        f"{summary.violations} violations, {summary.escalated} ended with a person called",
    ]
    lines.append(", ".join(f"{name} {rate}" for name, rate in summary.figures.rates().items()))
    lines += ["worse: " + text for text in summary.worse()]
    if summary.never():
        lines.append("never occurred: " + ", ".join(summary.never()))
    if summary.first_violation:
        seed, what = summary.first_violation["seed"], summary.first_violation["what"]
        lines.append(f"first violation: seed {seed}: {what}")
        lines.append(f"run it again: manage.py simulate --schedules 1 --seed {seed}")
    return "\n".join(lines)
