"""manage.py apply FILE.toml… : declares desks, markets, pairs, programs, limits and people."""

import secrets
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trading.services import export_all
from trading.services.declare import DeclarationRefused, declare
from trading.services.inputs import RecordingNotFound
from trading.services.logins import generate_logins
from trading.venues.simulated.config import ConfigError
from trading.venues.simulated.model import ModelError
from trading.venues.simulated.recordings import RecordingError


class Command(BaseCommand):
    help = """Apply declarations, whole or not at all, and print what changed.

Applying the same files again changes nothing. A file that is wrong is refused with every line that is wrong in it,
and exit code 2; nothing is applied then. Afterwards the engines' and the simulated venues' configurations are
exported, so that their next start uses them.

  manage.py apply console/demo/*.toml
  manage.py apply --generate-logins var/demo-logins.txt console/demo/*.toml"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.toml")
        parser.add_argument("--by", default="manage.py", help="who applies them; stands in the receipts")
        parser.add_argument(
            "--generate-logins", type=Path, metavar="PATH",
            help="give every declared user without a password one, and write them to PATH (mode 0600)",
        )  # fmt: skip
        parser.add_argument("--no-export", action="store_true", help="leave the exported configurations as they are")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changes = declare(options["files"], actor=options["by"])
        except DeclarationRefused as refused:
            for problem in refused.problems:
                self.stderr.write(str(problem))
            raise CommandError(f"{len(refused.problems)} problem(s); nothing was applied", returncode=2) from None
        for change in changes:
            self.stdout.write(str(change))
        if options["generate_logins"]:
            count = generate_logins(options["generate_logins"], choose=lambda: secrets.token_urlsafe(15))
            self.stdout.write(f"logins: {count} new, in {options['generate_logins']}")
        if not options["no_export"]:
            self._export()

    def _export(self) -> None:
        try:
            for path in export_all():
                self.stdout.write(f"exported {path}")
        except (RecordingNotFound, RecordingError, ModelError, ConfigError) as refused:
            reason = refused.message if isinstance(refused, RecordingNotFound) else refused
            raise CommandError(f"applied, but not exported: {reason}") from None
