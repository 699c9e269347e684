"""What others got wrong when a process, a session or a day began again: positions counted twice, ids used twice."""

import asyncio
from pathlib import Path

import msgspec

from tests.engine.desk_rig import DeskRig, ready
from tests.venues.recorder import Recorder
from tests.venues.simulated.wire import config_in, running
from tests.venues.test_resting_orders import adapter_of
from trading.core import events as e
from trading.engine.lease import Lease


def traded() -> tuple[DeskRig, list[e.Event]]:
    """A desk whose entry was filled on both legs, and what the venues would say of it again."""
    rig = ready()
    rig.market()
    rig.synced()
    said: list[e.Event] = []
    for number, order in enumerate(rig.sent, 1):
        said += [
            e.OrderAccepted(order.client_order_id, f"V{number}"),
            e.OrderFilled(order.client_order_id, f"F{number}", order.lots, order.price_ticks, "D1"),
            e.OrderClosed(order.client_order_id, order.lots, "filled"),
        ]
    for event in said:
        rig.tell(event)
    return rig, said


def positions(rig: DeskRig) -> dict[str, tuple[int, int]]:
    spans = {code: rig.desk.positions.range_of(code, rig.desk.programs.values()) for code in rig.desk.instruments}
    return {code: (span.low_lots, span.high_lots) for code, span in spans.items() if span.low_lots or span.high_lots}


def test_rt01_five_restarts_and_replays_leave_the_position_as_it_was():
    """Nautilus #3046: fills were replayed on restart with the same TradeId, and the position doubled."""
    rig, said = traded()
    before, history = positions(rig), list(rig.journal.records)
    assert before == {"SHFE.cu2703": (-10, -10), "LME.CA-3M": (2, 2)}

    for epoch in range(2, 7):
        again = DeskRig(history=history, epoch=epoch)
        again.connect()
        for event in said:  # every venue lists its day once more
            again.tell(event)
        assert positions(again) == before
        history += again.journal.records


def test_rt03_order_ids_are_a_function_of_what_happened_and_never_meet_again():
    """Nautilus #3878: synthetic trade ids came out differently at every restart, so nothing could be recognized."""
    first, second = (traded()[0] for _ in range(2))
    later = DeskRig(history=first.journal.records, epoch=2)
    later.connect()
    later.now += 10**10
    later.arm(command_id="C2", expires_at=later.now + 10**9)
    later.market()
    later.synced()

    ids = [order.client_order_id for order in first.sent]
    assert ids == [order.client_order_id for order in second.sent]
    assert len(later.sent) == 2
    assert not {order.client_order_id for order in later.sent} & set(ids)


async def test_rt18_a_session_that_delivers_the_whole_day_again_changes_nothing(tmp_path: Path):
    """vn.py/rqalpha-mod #20, CppCTP #76: a reconnect with RESTART delivered the day's trades and all were added."""
    rig = ready()
    rig.market()
    rig.synced()
    decided = rig.sent[0]
    async with running(config_in(tmp_path)) as venues:
        venue, heard = venues.by_name["SHFE"], Recorder()
        adapter = adapter_of(venue, heard, tmp_path)
        await adapter.connect()
        await heard.gets(e.VenueUp)
        adapter.send([msgspec.structs.replace(decided, instrument=venue.entry.instruments[0].code, price_ticks=7947)])
        await heard.gets(e.OrderClosed)
        fills = len(heard.of(e.OrderFilled))
        venue.face.act("drop_connection", {})
        await heard.gets(e.VenueUp, times=2)
        venue.face.act("replay_day", {})
        venue.face.act("replay_day", {})
        await heard.gets(e.OrderClosed, times=3)
        await adapter.close()
    for event in heard.events:
        if isinstance(event, e.OrderAccepted | e.OrderFilled | e.OrderClosed | e.OrderStatus):
            rig.tell(event)

    assert len(heard.of(e.OrderFilled)) >= 3 * fills
    order = rig.program.state.orders[decided.client_order_id]
    assert (order.filled_lots, positions(rig)[decided.instrument]) == (decided.lots, (-10, -10))


def test_rt23_order_ids_go_on_rising_when_the_counter_is_lost(tmp_path: Path):
    """CTP ErrorID 22: an OrderRef that does not increase is rejected as a duplicate, whatever the order was."""
    path = tmp_path / "lease.lock"
    lease = Lease.take(path)
    first = lease.claim(epoch_after=0)
    lease.release()
    path.unlink()  # the counter's file is gone; the journal still says which epoch wrote last

    lease = Lease.take(path)
    second = lease.claim(epoch_after=first)
    lease.release()
    before, after = (DeskRig(epoch=epoch).program.id_prefix for epoch in (first, second))

    assert second > first
    assert before != after and not after.startswith(before + "-")


async def test_rt23_the_venue_itself_finds_no_id_of_ours_twice(tmp_path: Path):
    """CTP ErrorID 22, at the venue: two starts of one desk, and not one order refused as a duplicate."""
    async with running(config_in(tmp_path)) as venues:
        venue, heard = venues.by_name["SHFE"], Recorder()
        adapter = adapter_of(venue, heard, tmp_path)
        await adapter.connect()
        await heard.gets(e.VenueUp)
        code = venue.entry.instruments[0].code
        for epoch in (1, 2):
            rig = DeskRig(epoch=epoch)
            rig.connect()
            rig.arm()
            rig.market()
            rig.synced()
            adapter.send([msgspec.structs.replace(rig.sent[0], instrument=code, price_ticks=7947)])
        async with asyncio.timeout(5):
            await heard.gets(e.OrderClosed, times=2)
        await adapter.close()

    assert heard.of(e.OrderRejected) == []
