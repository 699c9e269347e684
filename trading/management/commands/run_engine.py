"""`manage.py run_engine DESK`: the engine of one desk in the foreground, without a worker, for finding faults."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Run a desk's engine in the foreground. Example: manage.py run_engine demo"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("desk")

    def handle(self, *args: Any, **options: Any) -> None:
        config = settings.CMC_PATHS.desk_config(options["desk"])
        if not config.exists():
            raise CommandError(f"{config} does not exist; export it with `manage.py apply`", returncode=2)
        # The engine replaces this process: it must not carry Django along.
        os.execv(sys.executable, [sys.executable, "-m", "trading.engine", "--config", str(config)])
