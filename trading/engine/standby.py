"""Waiting for the desk: a second engine of a desk stands by, and becomes the engine when the first one dies or hangs.

It waits with everything loaded, so that what is left to do is the recovery. What a hanging predecessor still has open
(its sockets, its journal, the logs of its FIX sessions) gets new files; what it writes into the old
ones is read by nobody.
"""

import asyncio
import logging
import shutil
from pathlib import Path

from trading.engine.config import DeskConfig
from trading.engine.journal_files import SUFFIX, synced_path
from trading.engine.lease import Lease, LeaseBusy

POLL_S = 0.05

log = logging.getLogger(__name__)


async def wait_for_desk(config: DeskConfig, told: "asyncio.Future[str]") -> Lease | None:
    """Return the lease as soon as it can be had; None when it is time to end before that."""
    path = Path(config.lease_file)
    is_waiting = False
    while not told.done():
        try:
            return Lease.take(path)
        except LeaseBusy as busy:
            if not is_waiting:
                log.info("standing by: %s", busy)
            is_waiting = True
        try:
            lease = Lease.take_over(path)
        except LeaseBusy:
            await asyncio.sleep(POLL_S)
        else:
            log.warning("desk %s: its engine does not renew its lease any more; taking over", config.desk)
            _replace_what_it_holds(config)
            return lease
    return None


def _replace_what_it_holds(config: DeskConfig) -> None:
    for socket in (config.control_socket, config.stream_socket):
        Path(socket).unlink(missing_ok=True)
    journals = sorted(Path(config.journal_dir).glob("*" + SUFFIX))[-1:]
    for held in (*Path(config.fix_dir).glob("*.log"), *journals, *map(synced_path, journals)):
        if held.exists():
            draft = held.with_name(held.name + ".draft")
            shutil.copyfile(held, draft)
            draft.chmod(0o600)
            draft.replace(held)
