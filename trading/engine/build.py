"""Which program this is: its version and a fingerprint of the sources that trade.

Two workers of one desk on different sources would decide differently from the same journal (Knight Capital 2012), and a
snapshot of one cannot be read by the other.
"""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("trading/core", "trading/market", "trading/venues", "trading/engine", "risk", "audit")


@cache
def build() -> str:
    """Return `version+fingerprint`; the same sources give the same text on every machine."""
    digest = hashlib.sha256()
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    try:
        version = metadata.version("cross-market-connect")
    except metadata.PackageNotFoundError:
        version = "source"
    return f"{version}+{digest.hexdigest()[:12]}"
