"""The hash chain under every receipt and journal record, and Merkle checkpoints over it.

A record's hash is SHA-256(previous hash, 32 raw bytes + body bytes); the first record links to `GENESIS`.
A chain shows what changed; a tree root over the record hashes shows that one record was among them without
handing out the rest. Tree hashing is RFC 6962 section 2.1: leaves are prefixed with 0x00, nodes with 0x01.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

GENESIS = bytes(32)
HASH_BYTES = 32


def link(prev: bytes, body: bytes) -> bytes:
    """Return the 32-byte hash of a record with `body` that follows the record whose hash is `prev`."""
    return sha256(prev + body).digest()


class Entry(msgspec.Struct, frozen=True):
    """A stored record as a verifier meets it: what it follows, what it holds, what it claims to hash to."""

    seq: int
    prev_hash: bytes
    body: bytes
    hash: bytes


class Break(msgspec.Struct, frozen=True):
    """The first place where a stream is not what was written; `expected` and `found` are hex or numbers."""

    seq: int
    problem: str  # seq_gap | broken_link | altered_body | bad_checkpoint
    expected: str
    found: str


class Verdict(msgspec.Struct, frozen=True):
    """What a walk over one stream found; `head_hash` is the hash of the last sound record."""

    records: int
    first_seq: int
    last_seq: int
    head_hash: bytes
    first_break: Break | None

    @property
    def is_sound(self) -> bool:
        return self.first_break is None


def verify(entries: Iterable[Entry], *, prev_hash: bytes = GENESIS, first_seq: int = 1) -> Verdict:
    """Walk the entries in order and stop at the first that does not follow from the one before it.

    `prev_hash` and `first_seq` say where the walk starts; a range taken from the middle starts at the hash
    of the record before it. Entries are read one at a time, so a stream of any length fits.
    """
    expected_seq, previous, records = first_seq, prev_hash, 0
    found: Break | None = None
    for entry in entries:
        found = _break_at(entry, expected_seq, previous)
        if found is not None:
            break
        previous, records, expected_seq = entry.hash, records + 1, expected_seq + 1
    return Verdict(records, first_seq, expected_seq - 1, previous, found)


def _break_at(entry: Entry, expected_seq: int, previous: bytes) -> Break | None:
    if entry.seq != expected_seq:
        return Break(min(entry.seq, expected_seq), "seq_gap", str(expected_seq), str(entry.seq))
    if entry.prev_hash != previous:
        return Break(entry.seq, "broken_link", previous.hex(), entry.prev_hash.hex())
    computed = link(previous, entry.body)
    if computed != entry.hash:
        return Break(entry.seq, "altered_body", entry.hash.hex(), computed.hex())
    return None


# --- Merkle tree over record hashes (RFC 6962) -------------------------------------------------------------


def leaf_hash(record_hash: bytes) -> bytes:
    """Return the leaf of a record hash."""
    return sha256(b"\x00" + record_hash).digest()


def merkle_root(record_hashes: Sequence[bytes]) -> bytes:
    """Return the root of the tree over `record_hashes` in order; the empty tree has the hash of nothing."""
    if not record_hashes:
        return sha256(b"").digest()
    return _subtree([leaf_hash(item) for item in record_hashes], 0, len(record_hashes))


def inclusion_proof(record_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of the record at `index`, from its sibling up to the root; raises IndexError."""
    if not 0 <= index < len(record_hashes):
        raise IndexError(f"no record {index} in a tree of {len(record_hashes)}")
    return inclusion_proofs(record_hashes)[index]


def inclusion_proofs(record_hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Return the audit path of every record; each subtree is hashed once, however many paths it stands in."""
    paths: list[list[bytes]] = [[] for _ in record_hashes]
    if record_hashes:
        _add_siblings([leaf_hash(item) for item in record_hashes], 0, len(record_hashes), paths)
    return paths


def _add_siblings(leaves: Sequence[bytes], start: int, end: int, paths: list[list[bytes]]) -> bytes:
    """Append to every path below [start, end) the siblings up to this subtree, and return its hash."""
    if end - start == 1:
        return leaves[start]
    middle = start + _left_size(end - start)
    left = _add_siblings(leaves, start, middle, paths)
    right = _add_siblings(leaves, middle, end, paths)
    for index in range(start, middle):
        paths[index].append(right)
    for index in range(middle, end):
        paths[index].append(left)
    return _node(left, right)


def is_included(record_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Return whether the path proves that `record_hash` stands at `index` of the tree with this root.

    The steps are those of RFC 9162 section 2.1.3.2, which restates the check for RFC 6962 trees.
    """
    if not 0 <= index < size:
        return False
    node, last, computed = index, size - 1, leaf_hash(record_hash)
    for sibling in path:
        if last == 0:
            return False
        if node % 2 == 1 or node == last:
            computed = _node(sibling, computed)
            while node % 2 == 0 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            computed = _node(computed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and computed == root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _left_size(count: int) -> int:
    """Return the largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtree(leaves: Sequence[bytes], start: int, end: int) -> bytes:
    if end - start == 1:
        return leaves[start]
    middle = start + _left_size(end - start)
    return _node(_subtree(leaves, start, middle), _subtree(leaves, middle, end))
