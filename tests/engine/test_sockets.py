"""The engine's sockets and its hold on the desk: private, bounded, and never shared by accident."""

import asyncio
import json
from pathlib import Path

import pytest

from trading.core.units import SECOND
from trading.engine import kill_file
from trading.engine.commands import KillDesk
from trading.engine.lease import GRACE, Lease, LeaseBusy, Tenure
from trading.engine.sockets import SocketBusy
from trading.engine.stream import PENDING_MAX, StreamServer


@pytest.fixture
async def stream(tmp_path: Path):
    server = StreamServer(tmp_path / "stream.sock")
    await server.start()
    yield server
    await server.stop()


_kept: list[asyncio.StreamWriter] = []


async def reader(stream: StreamServer, path: Path) -> asyncio.StreamReader:
    lines, writer = await asyncio.open_unix_connection(str(path), limit=1 << 26)
    _kept.append(writer)  # a forgotten writer closes the connection
    async with asyncio.timeout(5):
        while not stream.has_readers:
            await asyncio.sleep(0)
    return lines


async def test_a_reader_that_keeps_up_gets_every_frame(stream: StreamServer, tmp_path: Path) -> None:
    lines = await reader(stream, tmp_path / "stream.sock")
    for n in range(3):
        stream.publish("board", [{"n": n}])

    frames = [json.loads(await lines.readline()) for _ in range(3)]
    assert frames == [{"ch": "board", "items": [{"n": n}]} for n in range(3)]


async def test_a_reader_that_stalls_costs_bounded_memory_and_gets_the_latest(
    stream: StreamServer, tmp_path: Path
) -> None:
    lines = await reader(stream, tmp_path / "stream.sock")
    padding = "x" * 20_000
    for n in range(2_000):
        stream.publish("board", [{"n": n, "padding": padding}])
        stream.publish("programs", [{"n": n}])

    [held] = stream._readers
    assert len(held._pending) <= PENDING_MAX
    async with asyncio.timeout(10):
        last = {}
        while last.get("board") != 1_999 or last.get("programs") != 1_999:
            frame = json.loads(await lines.readline())
            last[frame["ch"]] = frame["items"][0]["n"]


async def test_a_busy_socket_is_not_stolen_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    first = StreamServer(tmp_path / "stream.sock")
    await first.start()
    with pytest.raises(SocketBusy, match="in use by another engine"):
        await StreamServer(tmp_path / "stream.sock").start()
    assert first._server is not None
    first._server.close()  # as after a kill: the file stays, nobody listens
    (tmp_path / "stream.sock").touch()

    second = StreamServer(tmp_path / "stream.sock")
    await second.start()
    await second.stop()


def test_the_epoch_rises_with_every_start(tmp_path: Path) -> None:
    epochs = []
    for after in (0, 0, 7):
        lease = Lease.take(tmp_path / "lease.lock")
        epochs.append(lease.claim(epoch_after=after))
        assert lease.fence() == ""
        lease.release()
    assert epochs == [1, 2, 8]


def test_a_held_desk_names_its_holder(tmp_path: Path) -> None:
    lease = Lease.take(tmp_path / "lease.lock")
    lease.claim(epoch_after=4)
    with pytest.raises(LeaseBusy, match="epoch 5"):
        Lease.take(tmp_path / "lease.lock")


@pytest.mark.parametrize("theft", ["overwritten", "replaced", "removed"])
def test_a_stolen_lease_fences_its_old_holder(tmp_path: Path, theft: str) -> None:
    path = tmp_path / "lease.lock"
    lease = Lease.take(path)
    lease.claim(epoch_after=0)
    if theft == "overwritten":
        path.write_text('{"epoch": 2}')
    else:
        path.rename(tmp_path / "old")
        if theft == "replaced":
            path.write_text('{"epoch": 1}')

    assert lease.fence()


def test_a_renewed_lease_is_held_then_late_then_lost(tmp_path: Path) -> None:
    lease = Lease.take(tmp_path / "lease.lock")
    assert lease.tenure(10**18) is Tenure.HELD, "on one host nobody renews, and the lock is enough"
    lease.renew(100 * SECOND)
    found = [lease.tenure(at) for at in (100 * SECOND, 100 * SECOND + 1, 100 * SECOND + GRACE + 1)]
    assert found == [Tenure.HELD, Tenure.LATE, Tenure.LOST]


def test_kills_on_disk_are_kept_apart_by_scope(tmp_path: Path) -> None:
    path = tmp_path / "kill.json"
    one = KillDesk("stop", "program:CU-SELL", "risk1", "drill", "K-1")
    kill_file.add(path, one)
    kill_file.add(path, one)
    kill_file.add(path, KillDesk("cancel", "all", "risk1", "drill", "K-2"))
    assert [kill.command_id for kill in kill_file.read(path)] == ["K-1", "K-2"]

    kill_file.lift(path, "program:CU-SELL")
    assert [kill.command_id for kill in kill_file.read(path)] == ["K-2"]
    kill_file.lift(path, "all")
    assert not path.exists()
