"""`python -m trading.engine --config FILE`: runs the engine of one desk in this process."""

import argparse
import logging
import os
import sys
import time
from functools import partial
from pathlib import Path

import uvloop

from trading.engine import crash_points
from trading.engine.clock import engine_clock
from trading.engine.config import BadConfig, load
from trading.engine.start import CANNOT_START, run


def main() -> int:
    """Return the exit code: 0 stopped, 1 cannot start or failed, 2 bad configuration."""
    parser = argparse.ArgumentParser(prog="python -m trading.engine", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="var/desks/<desk>/desk.json")
    parser.add_argument(
        "--stay-with-parent", action="store_true", help="end when standard input or the parent process ends"
    )
    parser.add_argument(
        "--without-sync", action="store_true", help="do not wait for the disk; to measure what waiting costs, SIM only"
    )
    parser.add_argument(
        "--stand-by",
        action="store_true",
        help="wait while another engine holds the desk, then take over",
    )
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )  # fmt: skip
    logging.Formatter.converter = time.gmtime
    try:
        config = load(options.config)
        crash_points.check(os.environ.get(crash_points.VARIABLE, ""), config.environment)
    except (BadConfig, crash_points.BadCrashPoint) as fault:
        print(f"engine: {fault}", file=sys.stderr)
        return 2
    if options.without_sync and config.environment != "SIM":
        print("engine: --without-sync is for measurements; this desk is not SIM", file=sys.stderr)
        return 2
    engine = run(
        config, engine_clock(), stays_with_parent=options.stay_with_parent, is_synced=not options.without_sync,
        reload=partial(load, options.config) if options.stand_by else None,
    )  # fmt: skip
    try:
        failure = uvloop.run(engine)
    except CANNOT_START as fault:
        print(f"engine of desk {config.desk} cannot start: {fault}", file=sys.stderr)
        return 1
    if failure:
        print(f"engine of desk {config.desk} failed: {failure}", file=sys.stderr)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
