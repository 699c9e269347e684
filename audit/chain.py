"""The hash chain of receipts: each link covers the link before it and the exact bytes of its record. Pure."""

from hashlib import sha256

GENESIS = bytes(32)


def link(previous: bytes, body: bytes) -> bytes:
    """Return the 32-byte link of `body` after `previous` (32 bytes)."""
    return sha256(previous + body).digest()
