"""`manage.py drill NAME`: runs a drill on this machine, with real processes, and prints its figures."""

import json
from argparse import RawDescriptionHelpFormatter
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandParser

from trading.simulation.drill import kill, standby
from trading.simulation.drill.stage import DrillFailed

EXAMPLE = """Example:
  manage.py drill kill --rounds 20 --json     (kill -9 at every effect boundary and at random times)
  manage.py drill standby --rounds 4 --json   (a second engine takes over from a dead and from a paused one)
"""


class Command(BaseCommand):
    help = (
        "Run a drill with real engine processes against simulated venues, without web, Redis or database.\n"
        "Exit code 1 when something was sent twice, lost, left naked without an alert, or came back too late.\n\n"
        + EXAMPLE
    )
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=("kill", "standby"))
        parser.add_argument("--rounds", type=int, default=20, help="how many deaths (default 20)")
        parser.add_argument("--boundary", choices=("all", "random"), default="all", help="where engines die")
        parser.add_argument("--seed", type=int, default=1, help="of the order of boundaries and the random times")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rounds"] < 1:
            self.stderr.write("drill: --rounds must be 1 or more")
            raise SystemExit(2)
        try:
            report = _run(options)
        except DrillFailed as failure:
            self.stderr.write(f"drill {options['name']}: {failure}")
            raise SystemExit(1) from None
        facts = msgspec.to_builtins(report)
        text = json.dumps(facts) if options["json"] else "\n".join(f"{key}: {value}" for key, value in facts.items())
        self.stdout.write(text)
        if not report.is_clean:
            raise SystemExit(1)


def _run(options: dict[str, Any]) -> kill.Report | standby.Report:
    if options["name"] == "standby":
        return standby.run(options["rounds"])
    return kill.run(options["rounds"], options["boundary"], options["seed"])
