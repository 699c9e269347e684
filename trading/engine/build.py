"""Which code this is: one hash over everything that can decide, record or send an order.

Workers of one desk must run the same code. The console writes the hash of its own code into the configuration it
exports, and an engine of other code does not start on it (Knight Capital 2012: one server of eight ran old code).
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

import risk
import trading

HASH_CHARACTERS = 16
TRADING_PARTS = ("core/**/*.py", "market/**/*.py", "venues/**/*.py", "engine/**/*.py")
RISK_PARTS = ("gate.py", "limits.py")


class BuildMismatch(RuntimeError):
    """The configuration was exported by other code than this engine's; the message says what to do."""


@cache
def build() -> str:
    """Return the hash of the code on the order path, as it lies on this disk."""
    order_path = {"trading": TRADING_PARTS, "risk": RISK_PARTS}
    folders = {"trading": Path(trading.__file__).parent, "risk": Path(risk.__file__).parent}
    digest = sha256()
    for package, parts in order_path.items():
        folder = folders[package]
        for path in sorted(file for part in parts for file in folder.glob(part)):
            digest.update(f"{package}/{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:HASH_CHARACTERS]


def attest(expected: str, desk: str) -> None:
    """Raise BuildMismatch unless the configuration comes from this code, or names none."""
    if expected and expected != build():
        raise BuildMismatch(
            f"the configuration of desk {desk} was exported by build {expected} and this engine is build {build()};"
            " bring every worker to one version, then export it with `manage.py apply`"
        )
