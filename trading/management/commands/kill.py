"""`manage.py kill`: the kill switch that needs neither web nor Redis, Celery or database."""

import getpass
import json
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.engine import kill_file
from trading.engine.commands import KillDesk
from trading.engine.control_client import EngineUnreachable, call

EXAMPLE = """
examples:
  manage.py kill --reason "spread feed is wrong"
  manage.py kill --scope program:CU-SELL --level neutralize --reason "naked leg"

levels: stop (no new entries, open executions are finished), cancel (also cancel what works and stop repairs),
neutralize (cancel entries and trade the naked residual away). A kill stays, also over a restart, until two people
lift it.
"""


class Command(BaseCommand):
    help = "Kill all programs of the desks on this host, or one program, at once."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, epilog=EXAMPLE, **options)
        parser.formatter_class = _raw_formatter(parser.formatter_class)
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scope", default="all", help="all, or program:<name> (default: all)")
        parser.add_argument("--level", choices=("stop", "cancel", "neutralize"), default="stop")
        parser.add_argument("--desk", default="", help="only this desk (default: every desk on this host)")
        parser.add_argument("--reason", required=True, help="why; it goes into the receipt")

    def handle(self, *args: Any, **options: Any) -> None:
        scope = options["scope"]
        if scope != "all" and not scope.startswith("program:"):
            raise CommandError("--scope is `all` or `program:<name>`", returncode=2)
        desks = _desks(options["desk"])
        if not desks:
            raise CommandError(f"no desk has been exported below {settings.CMC_PATHS.var}", returncode=2)
        kill = KillDesk(options["level"], scope, getpass.getuser(), options["reason"], f"kill-{uuid.uuid4().hex}")
        silent = [name for name, config in desks.items() if not self._kill(name, config, kill)]
        if silent:
            raise CommandError(
                f"no engine answered for {', '.join(silent)}: it is killed by file and stays so at its next start;"
                " if an engine still runs, stop its process"
            )

    def _kill(self, desk: str, config: dict[str, Any], kill: KillDesk) -> bool:
        """Tell the engine; leave the order on disk where it does not answer. Return whether it answered."""
        command = {
            "op": "kill", "level": kill.level, "scope": kill.scope, "actor": kill.actor, "reason": kill.reason,
            "command_id": kill.command_id,
        }  # fmt: skip
        try:
            answer = call(config["control_socket"], command)
        except EngineUnreachable as error:
            kill_file.add(Path(config["kill_file"]), kill)
            self.stderr.write(f"{desk}: {error}; the kill was left in {config['kill_file']}")
            return False
        if answer["ok"]:
            self.stdout.write(f"{desk}: killed, level {kill.level}, scope {kill.scope}")
        else:
            self.stderr.write(f"{desk}: refused, {answer['text']}")
        return bool(answer["ok"])


def _desks(only: str) -> dict[str, dict[str, Any]]:
    """Return the exported desks by name, as the console wrote them."""
    found = {}
    for path in sorted(settings.CMC_PATHS.var.glob("desks/*/desk.json")):
        if not only or path.parent.name == only:
            found[path.parent.name] = json.loads(path.read_bytes())
    return found


def _raw_formatter(formatter: type) -> type:
    class Raw(formatter):  # type: ignore[misc]
        def _fill_text(self, text: str, width: int, indent: str) -> str:
            return text

    return Raw
