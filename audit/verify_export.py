"""Checks an exported trace by itself: python verify_export.py TRACE.csv TRACE.csv.manifest.json

Needs Python 3.11 and nothing else; it shares no code with the product that wrote the files. It checks that the CSV is
the one its manifest describes, that every record's hash follows from its bytes, that neighbors link to each other, and
that every record stands under the checkpoint roots (RFC 6962). Compare the roots with those of your own copy, such as
an earlier report: only that shows that the whole trail was not written anew.

The column `body` is the evidence; the others repeat it for reading. Use the regulator's profile: the spreadsheet's
profile changes cells. Exit code: 0 sound, 1 not, 2 cannot read.
"""

import csv
import hashlib
import io
import json
import sys
from pathlib import Path

csv.field_size_limit(2**31 - 1)


def main(trace_name: str, manifest_name: str) -> int:
    try:
        content = Path(trace_name).read_bytes()
        manifest = json.loads(Path(manifest_name).read_bytes())
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    except (OSError, ValueError) as error:
        say(f"cannot read: {error}")
        return 2
    faults = [*file_faults(content, manifest), *chain_faults(rows), *part_faults(rows), *proof_faults(rows, manifest)]
    for fault in faults[:20]:
        say(fault)
    if faults:
        say(f"NOT SOUND: {len(faults)} faults")
        return 1
    for stream in manifest["streams"]:
        for sealed in stream["checkpoints"]:
            say(f"{stream['stream']} records {sealed['first_seq']}-{sealed['last_seq']} root {sealed['root']}")
    say(f"sound: {manifest['records']} records of project {manifest['project']}")
    return 0


def say(line):
    sys.stdout.write(f"{line}\n")


def file_faults(content, manifest):
    found = hashlib.sha256(content).hexdigest()
    if found != manifest["sha256"]:
        yield f"the file's hash is {found}, its manifest says {manifest['sha256']}"


def chain_faults(rows):
    """Every body gives its hash; where two records are neighbors, the second names the first."""
    hashes = {(row["ledger_stream"], int(row["ledger_seq"])): row["entry_hash"] for row in rows}
    for row in rows:
        stream, seq = row["ledger_stream"], int(row["ledger_seq"])
        computed = hashlib.sha256(bytes.fromhex(row["prev_hash"]) + row["body"].encode("utf-8")).hexdigest()
        if computed != row["entry_hash"]:
            yield f"{stream} record {seq}: its bytes give {computed}, not {row['entry_hash']}"
        before = hashes.get((stream, seq - 1))
        if before is not None and before != row["prev_hash"]:
            yield f"{stream} record {seq}: does not follow from record {seq - 1}"


def part_faults(rows):
    """A decision has one row per order, anything else one row."""
    found = {}
    for row in rows:
        found.setdefault((row["ledger_stream"], row["ledger_seq"], row["body"]), []).append(int(row["part"]))
    for (stream, seq, body), parts in found.items():
        event = json.loads(body).get("event") or {}
        expected = max(1, len(event.get("orders") or []))
        if parts != list(range(1, expected + 1)):
            yield f"{stream} record {seq}: rows {parts} stand for its {expected} parts"


def proof_faults(rows, manifest):
    """Every record of the file stands under a checkpoint, and the file holds every record of the manifest."""
    records = {(row["ledger_stream"], int(row["ledger_seq"])): bytes.fromhex(row["entry_hash"]) for row in rows}
    if len(records) != manifest["records"]:
        yield f"the file holds {len(records)} records, its manifest says {manifest['records']}"
    streams = {stream["stream"]: stream for stream in manifest["streams"]}
    for (name, seq), record in records.items():
        if not is_proved(record, seq, streams.get(name, {"checkpoints": [], "paths": {}})):
            yield f"{name} record {seq}: no checkpoint of the manifest proves it"


def is_proved(record, seq, stream):
    path = stream["paths"].get(str(seq))
    for sealed in stream["checkpoints"]:
        if path is not None and sealed["first_seq"] <= seq <= sealed["last_seq"]:
            size = sealed["last_seq"] - sealed["first_seq"] + 1
            siblings = [bytes.fromhex(item) for item in path]
            root = root_of(hashlib.sha256(b"\x00" + record).digest(), seq - sealed["first_seq"], size, siblings)
            return root == bytes.fromhex(sealed["root"])
    return False


def root_of(leaf, index, size, siblings):
    """Climb from the leaf: at each level the tree is split at the largest power of two below its size."""
    turns = []
    while size > 1:
        left = 1 << (size - 1).bit_length() - 1
        turns.append(index < left)
        index, size = (index, left) if index < left else (index - left, size - left)
    if len(turns) != len(siblings):
        return None
    for is_left, sibling in zip(reversed(turns), siblings, strict=True):
        pair = leaf + sibling if is_left else sibling + leaf
        leaf = hashlib.sha256(b"\x01" + pair).digest()
    return leaf


if __name__ == "__main__":
    if len(sys.argv) != 3:
        say(__doc__)
        sys.exit(2)
    sys.exit(main(sys.argv[1], sys.argv[2]))
