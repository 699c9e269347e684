"""Runs the simulated venues in the foreground."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trading.venues.simulated.__main__ import main


class Command(BaseCommand):
    help = "Runs the simulated venues of venues.json until Ctrl-C. Example: manage.py simulated_venues"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--config", help="default: venues.json in the run-time folder")

    def handle(self, *args: Any, **options: Any) -> None:
        config = options["config"] or str(settings.CMC_PATHS.venues_config)
        if main(["--config", config]):
            raise CommandError("the simulated venues did not start; the line above says why")
