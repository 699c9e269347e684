"""`manage.py bench NAME`: measures this repository's own code, beside a floor or a peer in the same run."""

import importlib
import pkgutil
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

PACKAGE = "tests.benchmarks"


class Command(BaseCommand):
    help = "Run a benchmark. Example: manage.py bench hotpath --json"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help=f"one of: {', '.join(names())}")
        parser.add_argument("--json", action="store_true", help="one JSON object per figure and line")
        parser.add_argument("--samples", type=int, default=None, help="samples per figure, where it has any")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["name"] not in names():
            raise CommandError(f"no benchmark {options['name']!r}; use one of {', '.join(names())}", returncode=2)
        run = importlib.import_module(f"{PACKAGE}.{options['name']}").run
        arguments = {} if options["samples"] is None else {"samples": options["samples"]}
        for figure in run(**arguments):
            self.stdout.write(msgspec.json.encode(figure).decode() if options["json"] else _line(figure))


def names() -> list[str]:
    """Return the benchmarks of this checkout: the modules of tests/benchmarks that have a `run`."""
    folder = settings.BASE_DIR / "tests" / "benchmarks"
    found = []
    for module in pkgutil.iter_modules([str(folder)]):
        if "\ndef run(" in (folder / f"{module.name}.py").read_text():
            found.append(module.name)
    return sorted(found)


def _line(figure: Any) -> str:
    if figure.value is not None:
        return f"{figure.name:52} {figure.value:>12,} {figure.unit}"
    return f"{figure.name:52} p50 {figure.p50:>9} p99 {figure.p99:>9} p99.9 {figure.p999:>9} {figure.unit}"
