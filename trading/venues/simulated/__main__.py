"""`python -m trading.venues.simulated --config var/venues.json`: runs the simulated venues until it is told to stop."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from trading.venues.simulated.config import ConfigError, VenuesFile, load
from trading.venues.simulated.control import ControlSocket
from trading.venues.simulated.face import PortBusy
from trading.venues.simulated.model import ModelError
from trading.venues.simulated.record import RecordDamaged
from trading.venues.simulated.recordings import RecordingError
from trading.venues.simulated.server import Venues

log = logging.getLogger("venues")


async def serve(config: VenuesFile) -> None:
    """Run all venues and their control socket until SIGINT or SIGTERM."""
    venues = Venues(config)
    control = ControlSocket(venues, Path(config.control_socket))
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    await venues.start()
    try:
        await control.start()
        log.info("simulated venues are up: %s", ", ".join(venues.by_name))
        await stop.wait()
    finally:
        await control.close()
        await venues.close()
        log.info("simulated venues have stopped")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m trading.venues.simulated", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("var/venues.json"), help="written by manage.py apply")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    try:
        asyncio.run(serve(load(options.config)))
    except (ConfigError, ModelError, PortBusy, RecordDamaged, RecordingError) as error:
        print(f"simulated venues: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
