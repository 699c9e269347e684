"""What the chain notices: every changed byte, gap, swap and forged membership."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import chain
from audit.chain import GENESIS, Entry, inclusion_proof, is_included, link, merkle_root, verify


def written(bodies: list[bytes]) -> list[Entry]:
    entries, previous = [], GENESIS
    for seq, body in enumerate(bodies, start=1):
        entries.append(Entry(seq, previous, body, link(previous, body)))
        previous = entries[-1].hash
    return entries


BODIES = [b'{"event":"%d"}' % number for number in range(8)]


def test_a_link_is_sha256_over_the_previous_hash_and_the_body() -> None:
    assert link(GENESIS, b"fact") == sha256(bytes(32) + b"fact").digest()


def test_an_untouched_stream_is_sound_and_ends_at_its_head() -> None:
    entries = written(BODIES)

    verdict = verify(entries)

    assert verdict.is_sound
    assert (verdict.records, verdict.last_seq, verdict.head_hash) == (8, 8, entries[-1].hash)


def test_a_range_from_the_middle_is_verified_from_the_hash_before_it() -> None:
    entries = written(BODIES)

    assert verify(entries[3:], prev_hash=entries[2].hash, first_seq=4).is_sound
    assert not verify(entries[3:], prev_hash=entries[1].hash, first_seq=4).is_sound


@pytest.mark.parametrize("bad", range(1, 9))
def test_every_flipped_bit_of_a_body_names_its_record(bad: int) -> None:
    for byte in range(len(BODIES[0])):
        for bit in range(8):
            entries = written(BODIES)
            body = bytearray(entries[bad - 1].body)
            body[byte] ^= 1 << bit
            entries[bad - 1] = Entry(bad, entries[bad - 1].prev_hash, bytes(body), entries[bad - 1].hash)

            found = verify(entries).first_break

            assert found is not None and (found.seq, found.problem) == (bad, "altered_body")


def test_a_record_rewritten_with_its_own_hash_breaks_the_next_link() -> None:
    entries = written(BODIES)
    forged = link(entries[2].prev_hash, b"forged")
    entries[2] = Entry(3, entries[2].prev_hash, b"forged", forged)

    found = verify(entries).first_break

    assert found is not None and (found.seq, found.problem) == (4, "broken_link")


def test_a_missing_record_is_named_by_its_number() -> None:
    entries = written(BODIES)
    del entries[4]

    found = verify(entries).first_break

    assert found is not None and (found.seq, found.problem) == (5, "seq_gap")


def test_swapped_records_are_noticed() -> None:
    entries = written(BODIES)
    entries[1], entries[2] = entries[2], entries[1]

    assert not verify(entries).is_sound


hashes = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70, unique=True)


@given(hashes, st.data())
def test_every_record_proves_that_it_is_in_the_tree(records: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(records) - 1))

    path = inclusion_proof(records, index)

    assert is_included(records[index], index, len(records), path, merkle_root(records))


@given(hashes, st.data())
def test_no_proof_holds_for_another_record_place_or_root(records: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(records) - 1))
    path, root, size = inclusion_proof(records, index), merkle_root(records), len(records)

    assert not is_included(sha256(b"stranger").digest(), index, size, path, root)
    assert not is_included(records[index], index, size, [*path, root], root)
    assert not is_included(records[index], index, size, path, sha256(root).digest())
    if size > 1:
        assert not is_included(records[index], (index + 1) % size, size, path, root)


def test_the_tree_hashes_as_rfc_6962_says() -> None:
    # Test vectors of the certificate-transparency reference tree: leaves "" and 0x00, as raw leaf data.
    empty_leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    two_leaves = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"

    assert merkle_root([]).hex() == sha256(b"").hexdigest()
    assert merkle_root([b""]).hex() == empty_leaf
    assert merkle_root([b"", b"\x00"]).hex() == two_leaves


def test_a_verifier_that_skips_the_body_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_break_at", lambda entry, expected_seq, previous: None)

    with pytest.raises(AssertionError):
        test_every_flipped_bit_of_a_body_names_its_record(3)
