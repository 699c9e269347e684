"""Replays recorded or generated ticks through the whole desk, beside sequential legging on the same ticks."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trading.simulation.replay.fault_rates import BadRates, FaultRates
from trading.simulation.replay.run import DELAYS_MS, replay
from trading.simulation.replay.setup import BadConfig, BadReplay, declared_recording, set_up
from trading.venues.simulated.config import ConfigError, Recorded
from trading.venues.simulated.model import ModelError
from trading.venues.simulated.recordings import RecordingError

REFUSALS = (BadConfig, BadRates, BadReplay, ConfigError, ModelError, RecordingError)


class Command(BaseCommand):
    help = (
        "Replays ticks faster than real time and prints capture, slippage, leg gap and naked lot-seconds beside "
        "sequential legging. Examples: manage.py replay --generated --program CU-LME-SELL --json; "
        "manage.py replay cu.csv --layout tqsdk_depth --program CU-LME-SELL --json. A FILE that a connection of the "
        "desk plays needs no more words: its leg and columns are the declared ones."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", metavar="FILE", help="recordings, as given or below RECORDED_TICKS")
        parser.add_argument("--program", required=True, help="a program of the desk, or a sample (SAMPLE-COPPER, ...)")
        parser.add_argument("--json", action="store_true", help="print JSON (otherwise a short table)")
        parser.add_argument("--generated", action="store_true", help="no recording: generate both sides")
        parser.add_argument(
            "--leg", action="append", default=[], help="instrument of each FILE; default: the domestic leg"
        )
        parser.add_argument("--layout", default="", help="named column mapping (see layouts.toml)")
        parser.add_argument("--recording", default="{}", help="more of the recording's settings, as JSON")
        parser.add_argument("--minutes", type=float, default=30, help="how much market time to play")
        parser.add_argument(
            "--grid-minutes", type=float, default=10, help="market time of each sensitivity run; 0 = none"
        )
        parser.add_argument(
            "--faults",
            default="",
            metavar="RATES",
            help="play everything again with reject=0.02,partial=0.05,silence=0.01",
        )
        parser.add_argument("--delays", default=",".join(map(str, DELAYS_MS)), help="order round trips in ms")
        parser.add_argument("--desk", default="demo")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["files"]) == options["generated"]:
            raise CommandError("name recordings, or use --generated, not both")
        desk_file = settings.CMC_PATHS.desk_config(options["desk"])
        try:
            setup = set_up(options["program"], Path(desk_file), _recordings(options))
            delays = tuple(int(text) for text in options["delays"].split(","))
            rates = FaultRates.parse(options["faults"])
            found = replay(setup, options["minutes"], options["grid_minutes"], delays, rates)
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise CommandError(f"--recording: {error}") from error
        if not found["ticks"]:
            raise CommandError("the recording has no ticks in the first minutes; use --minutes")
        self.stdout.write(json.dumps(found, indent=1) if options["json"] else _table(found))


def _recordings(options: dict[str, Any]) -> dict[str, Recorded]:
    files, legs = options["files"], options["leg"]
    if len(files) > max(1, len(legs)):
        raise CommandError("give every FILE its --leg")
    more = msgspec.json.decode(options["recording"])
    if len(files) == 1 and not (more or legs or options["layout"]):
        declared = declared_recording(settings.CMC_PATHS.venues_config, files[0])
        if declared:
            return declared
    if options["layout"]:
        more["layout"] = options["layout"]
    return {
        leg: msgspec.convert({"kind": "recorded", "path": path, **more}, type=Recorded)
        for leg, path in zip(legs or [""], files, strict=False)
    }


def _table(found: dict[str, Any]) -> str:
    lines = [f"{found['program']}: {found['trigger']}; {found['ticks']} ticks of {found['market_seconds']} s"]
    lines += [f"  {source['instrument']}: {source['is']}" for source in found["sources"]]
    names = ("executions", "capture", "slippage_mean", "failures", "edge", "leg_gap_ms_p99", "naked_lot_seconds")
    lines.append(f"{'delay':>6} {'legging':<19}" + "".join(f"{name:>19}" for name in names))
    for runs, mark in ((found["delays"], ""), (found["faults"]["delays"], ", faults")):
        for run in runs:
            for legging in ("together", "sequential"):
                shown = "".join(f"{run[legging][name]!s:>19}" for name in names)
                lines.append(f"{run['delay_ms']:>4}ms {legging + mark:<19}{shown}")
    return "\n".join(lines)
