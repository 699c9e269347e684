"""Builds the font of the PDF reports once, at set-up."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.report import font_build
from audit.report.font import FontMissing


class Command(BaseCommand):
    help = "Merge the Chinese web font of the frontend's packages into the one file that PDF reports embed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--package", type=Path, help="folder of @fontsource/noto-sans-sc")
        parser.add_argument("--again", action="store_true", help="build even if the font is there")

    def handle(self, *, package: Path | None, again: bool, **_: Any) -> None:
        try:
            font = font_build.build(package, again=again)
        except FontMissing as error:
            raise CommandError(error.message) from None
        done = "built" if font.is_new else "already there"
        self.stdout.write(f"report font {done}: {font.path.name}")
