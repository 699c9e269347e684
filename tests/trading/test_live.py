"""The live socket: a snapshot, numbered deltas, heartbeats; nothing for those who may not see, nothing after logout."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest
import redis.asyncio as aioredis
from asgiref.sync import sync_to_async
from autobahn.exception import Disconnected
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client

from console.asgi import application
from risk import alerts
from trading.consumers.connection import LiveConsumer
from trading.models import Command, Desk
from trading.projector import Projector

pytestmark = pytest.mark.django_db(transaction=True)

ROW = {"pair": "CU-SHFE-LME", "program": "CU-LME-SELL", "state": "armed", "measure": "186.2", "would_fire": True}


class Screen:
    """One browser tab's socket."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket

    async def ask(self, op: str, ch: str) -> None:
        await self.socket.send_to(text_data=json.dumps({"op": op, "ch": ch}))

    async def hear(self, ch: str, kind: str = "", timeout: float = 5, where=lambda message: True) -> dict:
        """Return the next message of a channel, passing over the others."""
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            left = deadline - asyncio.get_running_loop().time()
            assert left > 0, f"nothing of {ch} {kind} came"
            raw = await self.socket.receive_output(left)
            if raw["type"] == "websocket.close":
                raise Closed(raw["code"])
            message = json.loads(raw["text"])
            if message["ch"] == ch and kind in ("", message["kind"]) and where(message):
                return message

    async def hear_error(self) -> dict:
        while True:
            message = json.loads(await self.socket.receive_from(3))
            if message["kind"] == "error":
                return message

    async def subscribe(self, ch: str) -> dict:
        await self.ask("sub", ch)
        return await self.hear(ch)


class Closed(Exception):
    @property
    def code(self) -> int:
        return self.args[0]


def cookie_of(username: str) -> str:
    client = Client()
    client.force_login(User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value


@asynccontextmanager
async def screen(username: str = "", origin: str = "http://localhost", session: str = ""):
    if username and not session:
        session = await sync_to_async(cookie_of)(username)
    headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
    if session:
        headers.append((b"cookie", f"sessionid={session}".encode()))
    socket = WebsocketCommunicator(application, "/ws/live", headers=headers)
    connected, code = await socket.connect()
    if not connected:
        raise Closed(code)
    try:
        yield Screen(socket)
    finally:
        await socket.disconnect()


@pytest.fixture
def live(demo, redis_url, settings):
    """The console beside a real Redis."""
    settings.REDIS_URL = redis_url
    return redis_url


async def publish(url: str, *rows: dict, channel: str = "board") -> None:
    """Publish a frame as the engine's publisher does, once somebody listens."""
    client = aioredis.Redis.from_url(url)
    try:
        frame = json.dumps({"ch": channel, "items": list(rows)})
        for _ in range(200):
            if await client.publish("cmc.stream.demo", frame):
                return
            await asyncio.sleep(0.02)
        pytest.fail("no hub subscribed")
    finally:
        await client.aclose()


async def test_a_snapshot_comes_first_and_holds_the_declared_rows(live):
    async with screen("trader1") as tab:
        snap = await tab.subscribe("board")

    assert (snap["kind"], snap["seq"]) == ("snap", 1)
    rows = {row["program"]: row for row in snap["items"]}
    assert rows["CU-LME-SELL"]["trigger_value"] == "185"
    assert rows["CU-LME-SELL"]["live"] is False


async def test_deltas_are_numbered_without_a_gap(live):
    async with screen("trader1") as tab:
        await tab.subscribe("board")
        seqs = []
        for n in range(3):
            await publish(live, {**ROW, "measure": str(n)})
            delta = await tab.hear("board", "delta", where=lambda m, n=n: m["items"][0].get("measure") == str(n))
            seqs.append(delta["seq"])

    assert seqs == [2, 3, 4]
    assert delta["items"][0]["live"] is True


async def test_what_did_not_change_is_not_sent_again(live):
    async with screen("trader1") as tab:
        await tab.subscribe("board")
        await publish(live, ROW)
        await publish(live, ROW)
        await publish(live, {**ROW, "measure": "200"})
        first = await tab.hear("board", "delta")
        second = await tab.hear("board", "delta", where=lambda m: m["items"][0]["measure"] == "200")

    assert second["seq"] - first["seq"] <= 1


async def test_many_frames_in_a_moment_become_ten_pushes_a_second(live):
    async with screen("trader1") as tab:
        await tab.subscribe("board")
        await publish(live, {**ROW, "measure": "0"})
        await tab.hear("board", "delta")
        for n in range(1, 101):
            await publish(live, {**ROW, "measure": str(n)})
        last = await tab.hear("board", "delta", where=lambda m: m["items"][0]["measure"] == "100")

    assert last["seq"] < 60


async def test_resync_starts_a_channel_anew(live):
    async with screen("trader1") as tab:
        await tab.subscribe("board")
        await publish(live, ROW)
        await tab.hear("board", "delta")
        await tab.ask("resync", "board")
        snap = await tab.hear("board", "snap")

    assert snap["seq"] == 1
    assert any(row.get("measure") == "186.2" for row in snap["items"])


async def test_a_pair_channel_holds_that_pair_only(live):
    async with screen("trader1") as tab:
        snap = await tab.subscribe("pair.CU-SHFE-CME")
        await publish(live, ROW, {**ROW, "pair": "CU-SHFE-CME", "program": "CU-CME-SELL"})
        delta = await tab.hear("pair.CU-SHFE-CME", "delta")

    assert {row["program"] for row in snap["items"]} == {"CU-CME-SELL"}
    assert {row["program"] for row in delta["items"]} == {"CU-CME-SELL"}


async def test_the_heartbeat_tells_the_links(live):
    async with screen("trader1") as tab:
        await publish(live, ROW)
        beat = await tab.hear("heartbeat", where=lambda m: m["items"][0]["redis"] == "up")

    assert beat["kind"] == "heartbeat"
    assert set(beat["items"][0]) >= {"engine", "redis", "journal_lag_ms"}


async def test_executions_and_alerts_arrive_without_redis_and_it_says_so(demo, story, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    async with screen("risk1") as tab:
        await tab.subscribe("exec")
        await tab.subscribe("alerts")
        await sync_to_async(tell_one_execution)(story)
        execution = await tab.hear("exec", "delta", timeout=3)
        alert = await tab.hear("alerts", "delta", timeout=3)
        beat = await tab.hear("heartbeat")

    assert execution["items"][0]["outcome"] == "hedged"
    assert alert["items"][0]["severity"] == "P1"
    assert beat["items"][0]["redis"] == "down"


def tell_one_execution(story) -> None:
    story.hedged()
    Projector("demo").copy_batch()
    alerts.raise_alert(rule="naked_age", severity="P1", text_key="alert.naked_age", values={}, at_ns=story.now)


async def test_a_lost_redis_comes_back_by_itself(live, settings):
    async with screen("trader1") as tab:
        await tab.subscribe("board")
        await publish(live, ROW)
        await tab.hear("board", "delta")
        client = aioredis.Redis.from_url(live)
        await client.client_kill_filter(_type="pubsub")
        await client.aclose()
        frames = asyncio.create_task(keep_publishing(live, {**ROW, "measure": "after"}))
        back = await tab.hear("board", "delta", timeout=20, where=lambda m: m["items"][0].get("measure") == "after")
        frames.cancel()

    assert back["items"][0]["live"] is True


async def keep_publishing(url: str, row: dict) -> None:
    """Publish as an engine does, frame after frame: one sent while nobody listened is lost."""
    while True:
        await publish(url, row)
        await asyncio.sleep(0.1)


async def test_programs_and_commands_follow_the_journal(live, story):
    async with screen("trader1") as tab:
        await tab.subscribe("programs")
        await tab.subscribe("me")
        await sync_to_async(arm)(story)
        state = await tab.hear("programs", "delta", where=lambda m: m["items"][0]["state"] == "ARMED")
        command = await tab.hear("me", "delta", where=lambda m: m["items"][0]["state"] == "accepted")

    assert state["items"][0]["armed_by"] == "trader1"
    assert command["items"][0]["command_id"] == "c-arm"


def arm(story) -> None:
    Command.objects.create(
        command_id="c-arm", actor=User.objects.get(username="trader1"), idempotency_key="k", op="arm",
        desk=Desk.objects.get(), program="CU-LME-SELL", changed_at_ns=time.time_ns(),
    )  # fmt: skip
    story.arm("c-arm")
    Projector("demo").copy_batch()


async def test_a_stranger_is_turned_away(live):
    async with screen() as tab:
        with pytest.raises(Closed) as closed:
            await tab.hear("board", timeout=3)

    assert closed.value.code == 4401


async def test_a_foreign_origin_does_not_get_in(live):
    with pytest.raises(Closed):
        async with screen("trader1", origin="https://elsewhere.example"):
            pass


async def test_an_administrator_does_not_see_the_board(live):
    async with screen("admin1") as tab:
        refusal = await tab.subscribe("board")
        own = await tab.subscribe("me")

    assert (refusal["kind"], refusal["items"][0]["code"]) == ("error", "permission_denied")
    assert own["kind"] == "snap"


async def test_logging_out_closes_the_socket(live):
    session = await sync_to_async(cookie_of)("trader1")
    async with screen(session=session) as tab:
        await tab.subscribe("board")
        await sync_to_async(log_out)(session)
        with pytest.raises(Closed) as closed:
            await tab.hear("nothing", timeout=4)

    assert closed.value.code == 4401


def log_out(session: str) -> None:
    client = Client()
    client.cookies["sessionid"] = session
    client.logout()


async def test_switching_a_person_off_closes_the_socket(live):
    async with screen("trader1") as tab:
        await tab.subscribe("board")
        await sync_to_async(User.objects.filter(username="trader1").update)(is_active=False)
        with pytest.raises(Closed) as closed:
            await tab.hear("nothing", timeout=4)

    assert closed.value.code == 4401


async def test_a_role_taken_away_ends_its_channels(live):
    async with screen("viewer1") as tab:
        await tab.subscribe("board")
        await sync_to_async(clear_roles)("viewer1")
        refusal = await tab.hear("board", "error", timeout=4)

    assert refusal["items"][0]["code"] == "permission_denied"


def clear_roles(username: str) -> None:
    User.objects.get(username=username).groups.clear()


@pytest.mark.parametrize("said", ["?", "[]", '{"op":"sub"}', '{"op":"arm","ch":"board"}', '{"op":"sub","ch":"pair"}'])
async def test_nonsense_is_answered_and_the_socket_stays(live, said):
    async with screen("trader1") as tab:
        await tab.socket.send_to(text_data=said)
        answer = await tab.hear_error()
        snap = await tab.subscribe("board")

    assert answer["kind"] == "error"
    assert snap["kind"] == "snap"


async def test_a_flood_is_cut_off(live):
    async with screen("trader1") as tab:
        for _ in range(200):
            await tab.ask("unsub", "board")
        with pytest.raises(Closed) as closed:
            await tab.hear("nothing", timeout=4)

    assert closed.value.code == 4429


async def test_a_tab_that_vanishes_costs_the_other_screens_nothing():
    class Gone(LiveConsumer):
        async def send(self, text_data=None, bytes_data=None, close=False):
            raise Disconnected("Attempt to send on a closed protocol")

    tab = Gone()
    tab.seqs, tab.held_back, tab.beats = {"board": 1}, {}, 0

    await tab.push("board", "[]")
    await tab.beat("[]")

    assert tab.seqs == {}
