"""Numbers and messages outlive the process; a torn end is cut off, damage is refused."""

import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.venues.fix.counterparty import NOW
from trading.venues.fix.outputs import Role, Send, SessionConfig
from trading.venues.fix.session import Session
from trading.venues.fix.store import FileStore, MemoryStore, MessageStore, StoreDamaged, StoreInUse


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MessageStore:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "session")


def test_a_new_store_starts_at_one(store: MessageStore) -> None:
    assert (store.next_out, store.next_in) == (1, 1)


def test_both_kinds_number_and_return_messages_alike(store: MessageStore) -> None:
    store.append_out(1, b"one")
    store.append_out(2, b"two")
    store.set_next_out(5)
    store.append_out(5, b"five")
    store.append_in([(1, b"a"), (2, b"b")])

    assert (store.next_out, store.next_in) == (6, 3)
    assert list(store.outbound(1, 99)) == [(1, b"one"), (2, b"two"), (5, b"five")]
    assert list(store.outbound(2, 4)) == [(2, b"two")]

    store.reset()
    assert (store.next_out, store.next_in, list(store.outbound(1, 99))) == (1, 1, [])


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "session")
    store.append_out(1, b"one")
    store.append_in([(1, b"a")])
    store.set_next_in(20)
    store.sync()
    store.close()

    again = FileStore(tmp_path / "session")

    assert (again.next_out, again.next_in) == (2, 20)
    assert list(again.outbound(1, 1)) == [(1, b"one")]


def test_a_reset_keeps_the_old_file_beside_the_new_one(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "session")
    for name in (b"first", b"second"):
        store.append_out(1, name)
        store.reset()
    store.append_out(1, b"third")

    kept = sorted(path for path in tmp_path.iterdir() if path.name != "session")

    assert [path.name for path in kept] == ["session.0001", "session.0002"]
    assert b"first" in kept[0].read_bytes() and b"second" in kept[1].read_bytes()
    assert list(store.outbound(1, 1)) == [(1, b"third")]


def test_two_processes_cannot_share_a_file(tmp_path: Path) -> None:
    held = FileStore(tmp_path / "session")

    with pytest.raises(StoreInUse, match="session is held"):
        FileStore(tmp_path / "session")
    held.close()
    FileStore(tmp_path / "session").close()


@given(cut=st.integers(0, 200))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_end_loses_only_the_torn_record(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("torn") / "session"
    store = FileStore(path)
    ends = [path.stat().st_size]
    for seq_num in range(1, 5):
        store.append_out(seq_num, b"message %d" % seq_num)
        ends.append(path.stat().st_size)
    store.close()
    path.write_bytes(path.read_bytes()[:cut])

    again = FileStore(path)

    whole = max([number for number, end in enumerate(ends) if end <= cut], default=0)
    assert again.next_out == whole + 1
    again.append_out(whole + 1, b"after")
    again.close()
    assert list(FileStore(path).outbound(whole + 1, whole + 1)) == [(whole + 1, b"after")]


def test_an_end_of_zeros_after_a_power_cut_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "session"
    store = FileStore(path)
    store.append_out(1, b"one")
    store.close()
    path.write_bytes(path.read_bytes() + bytes(4096))

    assert FileStore(path).next_out == 2


def test_any_changed_byte_before_the_last_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "session"
    store = FileStore(path)
    for seq_num in range(1, 4):
        store.append_out(seq_num, b"message %d" % seq_num)
    store.close()
    good = path.read_bytes()
    last_record = good.rindex(b">")

    for at in range(last_record):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1 :])
        with pytest.raises(StoreDamaged):
            FileStore(path)
    path.write_bytes(good)
    assert FileStore(path).next_out == 4


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_text("not a store, but somebody's notes")

    with pytest.raises(StoreDamaged, match="not a message store"):
        FileStore(path)
    assert path.read_text().startswith("not a store")


def test_no_password_reaches_the_file(tmp_path: Path) -> None:
    secret = "s3cret-word"
    desk, broker = FileStore(tmp_path / "desk"), FileStore(tmp_path / "broker")
    ours = Session(SessionConfig(Role.INITIATOR, "D", "B", username="u", password=secret), desk)
    theirs = Session(SessionConfig(Role.ACCEPTOR, "B", "D", username="u", password=secret), broker)
    theirs.start(NOW)

    [logon] = ours.start(NOW)
    assert isinstance(logon, Send) and secret.encode() in logon.data
    theirs.receive(logon.data, NOW)
    theirs.timer(NOW)

    assert theirs.is_logged_on and broker.next_in == 2 and secret not in repr(logon)
    for path in tmp_path.iterdir():
        assert secret.encode() not in path.read_bytes()


def test_a_reset_at_logon_starts_one_new_file_on_each_side(tmp_path: Path) -> None:
    desk, broker = FileStore(tmp_path / "desk"), FileStore(tmp_path / "broker")
    ours = Session(SessionConfig(Role.INITIATOR, "D", "B", is_reset_on_logon=True), desk)
    theirs = Session(SessionConfig(Role.ACCEPTOR, "B", "D"), broker)
    theirs.start(NOW)

    [logon] = ours.start(NOW)
    assert isinstance(logon, Send)
    [answer, _] = theirs.receive(logon.data, NOW)
    assert isinstance(answer, Send)
    ours.receive(answer.data, NOW)

    assert ours.is_logged_on and theirs.is_logged_on
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broker", "broker.0001", "desk", "desk.0001"]


def test_a_full_disk_stops_the_message_and_leaves_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "session"
    store = FileStore(path)
    store.append_out(1, b"one")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
    try:
        with pytest.raises(OSError, match="is the disk full"):
            store.append_out(2, b"two" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert store.next_out == 2
    store.append_out(2, b"again")
    store.close()

    assert list(FileStore(path).outbound(1, 9)) == [(1, b"one"), (2, b"again")]
