"""Switches faults of a simulated venue on and off at run time."""

import json
import socket
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

ANSWER_TIMEOUT_S = 5


class Command(BaseCommand):
    help = (
        "Makes a simulated venue fail. Examples: manage.py venue_fault --list; "
        "manage.py venue_fault SHFE partial_next --param ratio=0.4 --side buy; manage.py venue_fault SHFE --clear"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("venue", nargs="?", help="name of the venue, e.g. SHFE")
        parser.add_argument("name", nargs="?", help="name of the fault; --list shows them")
        parser.add_argument("--param", action="append", default=[], metavar="KEY=VALUE")
        parser.add_argument("--count", type=int, help="how often it acts; 0 = until cleared")
        parser.add_argument("--probability", type=float, default=1.0)
        parser.add_argument("--symbol", default="", help="only this symbol")
        parser.add_argument("--side", default="", choices=("", "buy", "sell"), help="only this side")
        parser.add_argument("--clear", action="store_true", help="switch all faults of the venue off")
        parser.add_argument("--list", action="store_true", help="show every fault and what is on")
        parser.add_argument("--socket", help="control socket; default: that of the run-time folder")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            answer = _ask(options, {"op": "faults"})
        elif not options["venue"]:
            raise CommandError("name a venue, or use --list")
        elif options["clear"]:
            answer = _ask(options, {"op": "clear", "venue": options["venue"], "name": options["name"] or ""})
        elif not options["name"]:
            raise CommandError("name a fault; --list shows them")
        else:
            answer = _ask(options, _fault(options))
        self.stdout.write(json.dumps(answer, indent=1, ensure_ascii=False))


def _fault(options: dict[str, Any]) -> dict[str, Any]:
    request = {"op": "fault", "params": dict(_param(text) for text in options["param"])}
    request |= {key: options[key] for key in ("venue", "name", "count", "probability", "symbol", "side")}
    return {key: value for key, value in request.items() if value is not None}


def _param(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"--param takes KEY=VALUE, not {text!r}")
    return key, int(value) if value.lstrip("-").isdigit() else value


def _ask(options: dict[str, Any], request: dict[str, Any]) -> Any:
    path = Path(options["socket"] or settings.CMC_PATHS.venues_control)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(ANSWER_TIMEOUT_S)
        try:
            line.connect(str(path))
        except OSError as error:
            raise CommandError(f"no simulated venues answer at {path}; start them with `make run`") from error
        line.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(line.makefile().readline() or '{"ok": false, "text": "no answer"}')
    if not answer["ok"]:
        raise CommandError(answer["text"])
    return answer["result"]
