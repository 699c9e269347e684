"""Checks every link and checkpoint of the trail and names the first bad sequence number."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from audit import journals, verify
from audit.journals import JournalVerdict
from audit.models import Project
from audit.verify import StreamVerdict

EXAMPLE = """examples:
  manage.py verify_trail --json
  manage.py verify_trail --project CU-XMKT-01
  manage.py verify_trail --journal var/desks/demo/journal

exit code: 0 all sound, 1 something was changed, 2 wrong arguments"""


class Command(BaseCommand):
    help = "Check every link and checkpoint of every stream of receipts, and journal files if named."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLE, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", default="", help="only streams that hold its records")
        parser.add_argument("--journal", action="append", default=[], type=Path, help="a journal folder")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, project: str, journal: list[Path], json: bool, **_: Any) -> None:
        if project and not Project.objects.filter(code=project).exists():
            known = ", ".join(Project.objects.values_list("code", flat=True)) or "none"
            raise CommandError(f"there is no project {project}; known: {known}", returncode=2)
        absent = next((path for path in journal if not path.is_dir()), None)
        if absent:
            raise CommandError(f"{absent} is not a folder; name a desk's journal folder", returncode=2)
        stored = [verify.verify_stream(stream, project) for stream in verify.streams(project)]
        files = [journals.verify_journal(path) for path in journal]
        sound = all(verdict.is_sound for verdict in [*stored, *files])
        if json:
            answer = {"sound": sound, "project": project, "streams": stored, "journals": files}
            self.stdout.write(msgspec.json.encode(answer).decode())
        else:
            for verdict in [*stored, *files]:
                self.stdout.write(_sentence(verdict))
        if not sound:
            raise SystemExit(1)


def _sentence(verdict: StreamVerdict | JournalVerdict) -> str:
    found = verdict.first_break
    if found is None:
        return f"{verdict.stream}: {verdict.records} records sound, head {verdict.head_hash}"
    where = f" in {verdict.file}" if isinstance(verdict, JournalVerdict) else ""
    return (
        f"{verdict.stream}: record {found.seq}{where} is not what was written ({found.problem}): "
        f"expected {found.expected or 'nothing'}, found {found.found or 'nothing'}; "
        f"{verdict.records} records before it are sound"
    )
