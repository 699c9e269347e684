"""What others got wrong around the engine: deliveries that repeat or vanish, mixed builds, sends nobody decided."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import trading
from audit.models import Receipt
from risk import escalation, selectors
from risk.alerts import Cause, acknowledge, raise_alert
from risk.gate import review
from risk.models import Alert
from risk.tasks import escalate_alerts
from tests.engine.desk_config import desk_config, free_ports
from tests.engine.desk_rig import ready
from tests.risk.test_alerts import AT
from tests.trading.conftest import demo, story  # noqa: F401 (fixtures)
from tests.trading.test_live import live, publish, screen, tell_one_execution  # noqa: F401 (fixtures)
from trading import tasks
from trading.core import events as e
from trading.core.units import SECOND
from trading.engine import commands as c
from trading.engine.actions import Submit
from trading.engine.build import build
from trading.engine.config import dump
from trading.engine.desk import Desk
from trading.engine.host import Host
from trading.engine.journal import MemoryJournal
from trading.engine.journal_files import History
from trading.engine.lease import Lease
from trading.engine.records import EngineStarted
from trading.engine.stream import StreamServer


def test_rt26_a_command_that_is_delivered_again_after_an_hour_does_nothing_again():
    """Celery #3270/#5935/#2481, kombu #337: a task is redelivered after the visibility timeout and runs twice."""
    rig = ready()
    command = c.ArmProgram("CU-SELL", "C9", "trader1", 1, rig.now + 2 * SECOND)
    rig.command(c.DisarmProgram("CU-SELL", "C8", "trader1", "look"))
    rig.command(command)
    first = len(rig.events(e.Arm))
    rig.command(c.DisarmProgram("CU-SELL", "C10", "trader1", "done"))
    rig.now += 3600 * SECOND
    rig.command(command)
    rig.synced()

    assert (first, len(rig.events(e.Arm))) == (2, 2), "armed by the fixture and once more"
    assert rig.program.state.mode.value == "disarmed"
    assert rig.replies[-1].ok, "the answer is the first one"


def test_rt26_a_command_that_is_delivered_late_for_the_first_time_is_refused():
    """Celery #3270: and what arrives after its time for the first time must not act on an old view either."""
    rig = ready()
    rig.command(c.DisarmProgram("CU-SELL", "C8", "trader1", "look"))
    late = c.ArmProgram("CU-SELL", "C9", "trader1", 1, rig.now + 2 * SECOND)
    rig.now += 3600 * SECOND
    rig.command(late)
    rig.synced()

    assert rig.replies[-1].code == "EXPIRED"
    assert rig.program.state.mode.value == "disarmed"


def test_rt26_no_task_of_ours_runs_again_by_itself():
    """Celery #5935: late acknowledgement is what turns a slow task into two."""
    carried = [task for name, task in tasks.arm.app.tasks.items() if name.startswith("trading.")]

    assert len(carried) >= 7
    assert not any(task.acks_late for task in carried)


@pytest.mark.django_db(transaction=True)
async def test_rt27_a_push_that_redis_drops_is_polled_from_the_database(live, story, settings):  # noqa: F811
    """channels_redis #172/#131, channels #1244: group_send drops silently; a subscriber misses what came meanwhile."""
    from asgiref.sync import sync_to_async

    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # every push is lost
    async with screen("risk1") as tab:
        await tab.subscribe("exec")
        await tab.subscribe("alerts")
        await sync_to_async(tell_one_execution)(story)
        execution = await tab.hear("exec", "delta", timeout=5)
        alert = await tab.hear("alerts", "delta", timeout=5)

    assert execution["items"][0]["outcome"] == "hedged"
    assert alert["items"][0]["severity"] == "P1"


@pytest.mark.django_db(transaction=True)
async def test_rt27_what_happened_before_the_subscription_is_in_its_snapshot(live, story):  # noqa: F811
    """channels #1244: a subscriber missed the messages sent between its connection and its group_add."""
    from asgiref.sync import sync_to_async

    async with screen("risk1") as tab:
        await sync_to_async(tell_one_execution)(story)
        snap = await tab.subscribe("alerts")

    assert [row["severity"] for row in snap["items"]] == ["P1"]


def started_on(tmp_path: Path, build_of_the_file: str) -> subprocess.CompletedProcess[str]:
    """Start the engine's process on a configuration that this build exported."""
    ports = dict(zip(("SHFE", "LME"), free_ports(2), strict=True))
    config = desk_config(tmp_path, ports, dict.fromkeys(ports, "local"), build=build_of_the_file)
    file = tmp_path / "desk.json"
    file.write_bytes(dump(config))
    command = [sys.executable, "-m", "trading.engine", "--config", str(file), "--stay-with-parent"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, input="")


def test_rt28_an_engine_of_other_code_than_the_console_s_does_not_start(tmp_path: Path):
    """Knight 2012: one of eight servers ran old code, took part, and nothing said so."""
    refused = started_on(tmp_path, "0123456789abcdef")

    assert refused.returncode == 1
    assert (
        "exported by build 0123456789abcdef" in refused.stderr and "bring every worker to one version" in refused.stderr
    )
    assert not (tmp_path / "desks" / "demo" / "journal").exists(), "it touched nothing"


def test_rt28_every_start_puts_its_build_and_its_configuration_on_record(tmp_path: Path):
    """Knight 2012: afterwards nobody could tell which server had run what."""
    ended = started_on(tmp_path, build())
    assert ended.returncode == 0, ended.stderr

    [found] = [
        record.event
        for record in History.of(tmp_path / "desks" / "demo" / "journal")
        if isinstance(record.event, EngineStarted)
    ]
    assert (found.build, found.config_hash, found.environment) == (build(), "c0ffee", "SIM")


def test_rt28_one_changed_byte_is_another_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Knight 2012: the old code differed from the new by one flag that had been given a new meaning."""
    shutil.copytree(Path(trading.__file__).parent, tmp_path / "trading", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(trading, "__file__", str(tmp_path / "trading" / "__init__.py"))
    same = build.__wrapped__()
    gate = tmp_path / "trading" / "core" / "policy.py"
    gate.write_bytes(gate.read_bytes() + b"#")

    assert same == build()
    assert build.__wrapped__() != build()


@pytest.mark.django_db
def test_rt28_the_console_names_its_build_in_what_it_exports(demo):  # noqa: F811
    """Knight 2012: what is rolled out must say what it is."""
    from trading.services import export_desk_config

    exported = msgspec.json.decode(Path(export_desk_config("demo")).read_bytes())
    assert exported["build"] == build()


class Wire:
    """Stands where a venue's adapter stands and notes what reaches it."""

    def __init__(self) -> None:
        self.orders: list[e.OrderIntent] = []
        self.cancelled: list[str] = []

    def send(self, orders):
        self.orders += orders
        return []

    def cancel(self, client_order_id: str) -> bool:
        self.cancelled.append(client_order_id)
        return True

    def hold(self) -> None: ...

    def release(self) -> None: ...

    def query(self, client_order_id: str, at: int) -> bool:
        return True

    def query_all(self, at: int) -> bool:
        return True


@pytest.fixture
async def hosted(tmp_path: Path):
    """A host with a decided pair of orders whose record is durable, and the wires it sends to."""
    rig = ready()
    rig.market()
    [decided] = rig.events(e.OrdersDecided)
    config = desk_config(tmp_path, {}, {})
    journal = MemoryJournal()
    lease = Lease.take(tmp_path / "lease.lock")
    lease.claim(epoch_after=0)
    desk = Desk(rig.config, journal, review, 1, rig.now)
    stream = StreamServer(tmp_path / "stream.sock")
    host = Host(desk, journal, lease, lambda: rig.now, stream, Path(config.kill_file))
    desk.resume(rig.now)
    journal.append("CU-SELL", decided, rig.now)
    desk._fold("CU-SELL", decided, rig.now)
    journal.sync()
    journal.settle()
    wires = {"SHFE": Wire(), "LME": Wire()}
    host.venues.update(wires)
    host.submit = Submit(None, decided.orders)
    yield host, wires
    lease.release()


def killed(host: Host) -> list[e.Kill]:
    return [record.event for record in host.journal.records if isinstance(record.event, e.Kill)]


async def test_rt29_what_was_decided_leaves_once_and_the_second_time_kills_the_desk(hosted):
    """Knight 2012: child orders left without end for parent orders that were long filled; nobody compared the two."""
    host, wires = hosted
    host._submit(host.submit)
    assert [len(wire.orders) for wire in wires.values()] == [1, 1] and not killed(host)

    host._submit(host.submit)

    assert [len(wire.orders) for wire in wires.values()] == [1, 1], "nothing left twice"
    [kill] = killed(host)
    assert (kill.level, kill.actor) == ("cancel", "engine") and "was sent before" in kill.reason
    assert host._kill_path.exists(), "and it stays, whatever becomes of the journal"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lots": 99}, "differs from what was decided"),
        ({"price_ticks": 1}, "differs from what was decided"),
        ({"client_order_id": "DEMO1-9-9-00"}, "was never decided"),
    ],
)
async def test_rt29_what_nobody_decided_never_leaves(hosted, change, reason):
    """Knight 2012: the retired code sent orders that no current decision knew."""
    host, wires = hosted
    first, second = host.submit.orders
    host._submit(Submit(None, (first, msgspec.structs.replace(second, **change))))

    assert [wire.orders for wire in wires.values()] == [[], []], "neither leg leaves"
    assert reason in killed(host)[0].reason


async def test_rt29_nothing_leaves_before_its_record_is_durable(hosted):
    """Knight 2012, turned round: an intent that a crash would forget is no intent yet."""
    host, wires = hosted
    fresh = msgspec.structs.replace(host.submit.orders[0], client_order_id="DEMO1-2-2-00")
    host.journal.append("CU-SELL", e.OrdersDecided("X-2", e.Purpose.ENTRY, (fresh,), ()), host.clock())
    host._submit(Submit(None, (fresh,)))

    assert wires["SHFE"].orders == [] and "before its record is durable" in killed(host)[0].reason


@pytest.fixture
def halted(db) -> Alert:
    return raise_alert(
        rule="halted", severity="P1", text_key="alert.halted", values={}, at_ns=1_000 * SECOND,
        cause=Cause(desk="demo", program="CU-SELL", execution="X-1"), source=("desk:demo", 1),
    )  # fmt: skip


def test_rt30_an_urgent_alert_that_nobody_takes_goes_on_to_the_next_person(halted):
    """Knight 2012: 97 e-mails about the fault were sent before the market opened, and nobody read them."""
    assert escalation.escalate(1_029 * SECOND) == 0
    assert escalation.escalate(1_030 * SECOND) == 1
    assert [escalation.escalate(1_031 * SECOND) for _ in range(5)] == [0] * 5, "once, however often the job runs"
    assert escalation.escalate(1_700 * SECOND) == 2

    [raised] = Alert.objects.filter(rule=f"unacknowledged:{halted.seq}")
    assert (raised.severity, raised.count, raised.program) == ("P1", 3, "CU-SELL")
    assert raised.values["role"] == "management"
    assert Receipt.objects.filter(kind="alert_escalated").count() == 3
    assert raised.seq in [alert.seq for alert in selectors.alerts(after=halted.changed_seq)], "every screen hears it"


def test_rt30_an_owner_ends_the_escalation(halted):
    """Knight 2012: what has an owner must stop shouting, or the next one is not heard."""
    escalation.escalate(1_030 * SECOND)
    acknowledge(seq=halted.seq, note="on it", by="risk1", at=AT)
    escalation.escalate(1_200 * SECOND)

    assert [alert.state for alert in Alert.objects.order_by("seq")] == ["acked", "resolved"]


def test_rt30_only_what_is_urgent_escalates(db):
    """Knight 2012: a siren for everything is a siren for nothing."""
    raise_alert(rule="disarmed", severity="P3", text_key="alert.disarmed", values={}, at_ns=1)
    escalate_alerts()

    assert Alert.objects.count() == 1
