"""Who may drive the desk: a locked file with the epoch of its holder, and, across hosts, a renewed term.

The lock dies with its process, so a crash frees the desk at once; a holder that stops renewing is replaced, and its
file with it, so that it finds itself fenced when it goes on. The epoch rises with every start; whoever finds a
higher one in the file is stale and neither writes nor sends. Where the worker passes renewals of the database lease,
a late renewal stops entries, and the end of the grace stops everything (controls.md §0.6).
"""

import fcntl
import json
import os
import time
from enum import Enum
from pathlib import Path

from trading.core.units import SECOND, Nanos

GRACE = 5 * SECOND
CLAIM_BYTES_MAX = 4_096
# A holder that has not touched the file for this long is paused or hangs, and a standby takes its place. Longer than
# the two seconds of silence after which venues cancel what a desk has working.
LAPSE_S = 3.0


class LeaseBusy(RuntimeError):
    """Another engine holds the desk; the message names it."""


class Tenure(Enum):
    """held: all is allowed. late: repair and cancel only. lost: cancel what works, send nothing."""

    HELD = "held"
    LATE = "late"
    LOST = "lost"


class Lease:
    """A held desk. Keep it for the life of the engine."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.epoch = 0
        self._claim = b""  # what the file holds while no other engine has claimed the desk
        self._fd = fd
        self._inode = os.fstat(fd).st_ino
        self._renewed_until: Nanos | None = None

    @classmethod
    def take(cls, path: Path) -> "Lease":
        """Lock the desk. Raises LeaseBusy."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(fd)
            os.close(fd)
            raise LeaseBusy(
                f"{path}: the desk is held by process {holder.get('pid', '?')},"
                f" epoch {holder.get('epoch', '?')}; stop that engine first"
            ) from None
        return cls(path, fd)

    @classmethod
    def take_over(cls, path: Path) -> "Lease":
        """Take the desk from a holder that has stopped renewing; it finds another file in its place and is fenced.

        Raises LeaseBusy while the holder renews, or while another standby does the same.
        """
        guard = os.open(path.with_name(path.name + ".takeover"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            age_s = time.time() - path.stat().st_mtime
            if age_s < LAPSE_S:
                raise LeaseBusy(f"{path}: renewed {age_s:.1f} s ago")
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            draft.write_bytes(path.read_bytes())
            fd = os.open(draft, os.O_RDWR)
            fcntl.flock(fd, fcntl.LOCK_EX)
            draft.replace(path)
        except (BlockingIOError, FileNotFoundError):
            raise LeaseBusy(f"{path}: another standby takes it over") from None
        finally:
            os.close(guard)
        return cls(path, fd)

    def touch(self) -> None:
        """Show standbys that this holder is alive."""
        os.utime(self._fd)

    def claim(self, *, epoch_after: int) -> int:
        """Raise the epoch above `epoch_after` and above any earlier holder's, durably, and return it."""
        self.epoch = max(epoch_after, int(_read(self._fd).get("epoch", 0))) + 1
        self._claim = text = json.dumps({"epoch": self.epoch, "pid": os.getpid()}).encode()
        os.pwrite(self._fd, text, 0)
        os.ftruncate(self._fd, len(text))
        os.fsync(self._fd)
        return self.epoch

    def fence(self) -> str:
        """Return why this engine may no longer write, or an empty string. Cheap; safe from any thread."""
        try:
            is_same_file = os.stat(self.path).st_ino == self._inode
        except FileNotFoundError:
            is_same_file = False
        if not is_same_file:
            return f"{self.path} was replaced; epoch {self.epoch} no longer holds the desk"
        if not self._claim or os.pread(self._fd, CLAIM_BYTES_MAX, 0) == self._claim:
            return ""
        found = int(_read(self._fd).get("epoch", 0))
        return "" if found == self.epoch else f"epoch {found} holds the desk, this engine is epoch {self.epoch}"

    def renew(self, until: Nanos) -> None:
        """Take over a renewal passed down by the worker; from then on the term is enforced."""
        self._renewed_until = max(until, self._renewed_until or 0)

    def tenure(self, now: Nanos) -> Tenure:
        """Return what this engine may do at `now`."""
        if self._renewed_until is None or now <= self._renewed_until:
            return Tenure.HELD
        return Tenure.LATE if now <= self._renewed_until + GRACE else Tenure.LOST

    def release(self) -> None:
        os.close(self._fd)


def _read(fd: int) -> dict[str, int]:
    try:
        found = json.loads(os.pread(fd, CLAIM_BYTES_MAX, 0) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
