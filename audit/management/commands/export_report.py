"""Writes a project's report to a file: what the buttons on the project's page do."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from audit import exports
from audit.exports import Export, Window
from audit.models import Project
from audit.report.font import FontMissing
from audit.report.words import Language
from audit.trace_csv import Profile

FORMATS = ("pdf", "csv_human", "csv_regulator")

EXAMPLE = """example:
  manage.py export_report CU-XMKT-01 --format pdf --lang both --out report.pdf
  manage.py export_report CU-XMKT-01 --format csv_regulator \\
      --from 2026-11-20T00:00:00+08:00 --to 2026-11-21T00:00:00+08:00 --out trace.csv

A CSV is written with its manifest beside it; audit/verify_export.py checks both without this product:
  python verify_export.py trace.csv trace.csv.manifest.json"""


class Command(BaseCommand):
    help = "Export a project's report as PDF, or its full-chain trace as CSV with manifest."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLE, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="code of the project")
        parser.add_argument("--format", choices=FORMATS, default="pdf")
        parser.add_argument("--from", dest="since", default="", help="ISO 8601 with offset, included")
        parser.add_argument("--to", dest="until", default="", help="ISO 8601 with offset, not included")
        parser.add_argument("--lang", choices=[item.value for item in Language], default="en")
        parser.add_argument("--out", type=Path, required=True, help="file to write")
        parser.add_argument("--by", default="manage.py", help="who asks for it; stands in the receipt")

    def handle(self, **given: Any) -> None:
        project = Project.objects.filter(code=given["project"]).first()
        if project is None:
            known = ", ".join(Project.objects.values_list("code", flat=True)) or "none"
            raise CommandError(f"there is no project {given['project']}; known: {known}", returncode=2)
        window = Window(_moment(given["since"], "--from"), _moment(given["until"], "--to"))
        try:
            export = _export(project, window, given)
        except FontMissing as error:
            raise CommandError(error.message) from None
        out: Path = given["out"]
        try:
            out.write_bytes(export.content)
            if given["format"] != "pdf":
                out.with_name(out.name + ".manifest.json").write_bytes(export.manifest)
        except OSError as error:
            raise CommandError(f"cannot write {out}: {error.strerror}") from None
        self.stdout.write(f"{out}: {len(export.content):,} bytes, sha256 {export.sha256}")


def _export(project: Project, window: Window, given: dict[str, Any]) -> Export:
    if given["format"] == "pdf":
        return exports.export_pdf(
            project=project,
            window=window,
            language=Language(given["lang"]),
            by=given["by"],
            at=timezone.now(),
        )
    profile = Profile(given["format"].removeprefix("csv_"))
    return exports.export_csv(project=project, window=window, profile=profile, by=given["by"], at=timezone.now())


def _moment(text: str, option: str) -> datetime | None:
    if not text:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CommandError(f"{option} {text} is no time with offset; write 2026-11-20T21:00:00+08:00", returncode=2)
    return at
