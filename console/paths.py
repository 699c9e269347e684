"""Where everything that is written at run time lives: one folder, `var/`, and one for sockets.

Reached from any package as `django.conf.settings.CMC_PATHS`, so that no package imports this one for it.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

# Linux allows 108 bytes in a socket's path; this leaves room for the file name.
RUN_DIR_LENGTH_MAX = 80
PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Paths:
    """Names of the files below `var`; nothing here creates them, except `make_private`.

    `cache` holds what is made once per checkout, such as the font of the PDF reports; it is outside an
    installation's own `var`, so that a second one need not make it again.
    """

    var: Path
    cache: Path = PROJECT / "var" / "cache"

    @property
    def database(self) -> Path:
        return self.var / "db.sqlite3"

    @property
    def secrets(self) -> Path:
        return self.var / "secrets.json"

    @property
    def demo_logins(self) -> Path:
        return self.var / "demo-logins.txt"

    @property
    def venues_config(self) -> Path:
        return self.var / "venues.json"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def valkey(self) -> Path:
        return self.var / "valkey"

    @property
    def launcher_lock(self) -> Path:
        return self.var / "launcher.lock"

    @property
    def run(self) -> Path:
        """Folder of the sockets: inside `var` where the path is short enough for a socket."""
        inside = self.var / "run"
        if len(str(inside)) < RUN_DIR_LENGTH_MAX:
            return inside
        digest = hashlib.sha256(str(self.var).encode()).hexdigest()[:8]
        return Path(tempfile.gettempdir()) / f"cmc-{os.getuid()}-{digest}"

    @property
    def redis_url(self) -> Path:
        """The launcher leaves the address of the embedded server here for commands run beside it."""
        return self.run / "redis-url"

    @property
    def venues_control(self) -> Path:
        return self.run / "venues-control.sock"

    def venue(self, name: str) -> Path:
        return self.var / "venues" / name

    def venue_tap(self, name: str) -> Path:
        return self.venue(name) / "tap.jsonl"

    def desk(self, desk: str) -> Path:
        return self.var / "desks" / desk

    def desk_config(self, desk: str) -> Path:
        return self.desk(desk) / "desk.json"

    def journal(self, desk: str) -> Path:
        return self.desk(desk) / "journal"

    def kill_file(self, desk: str) -> Path:
        return self.desk(desk) / "kill.json"

    def lease_file(self, desk: str) -> Path:
        return self.desk(desk) / "lease.lock"

    def fix(self, desk: str) -> Path:
        return self.desk(desk) / "fix"

    def control_socket(self, desk: str) -> Path:
        return self.run / f"control-{desk}.sock"

    def stream_socket(self, desk: str) -> Path:
        return self.run / f"stream-{desk}.sock"

    def make_private(self) -> None:
        """Create `var` and the socket folder so that only this user can enter them."""
        for folder in (self.var, self.run, self.log):
            folder.mkdir(parents=True, exist_ok=True)
        self.var.chmod(0o700)
        self.run.chmod(0o700)
