"""Real child processes: started in stages, named when they die, ended without leaving anybody behind."""

import asyncio
import io
import os
import sys
from pathlib import Path

import psutil
import pytest

from console.launcher.output import Output
from console.launcher.supervisor import (
    ChildDied,
    ChildSpec,
    NotReady,
    StopRequested,
    Supervisor,
    has_ended_well,
)

SAYS_READY = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SAYS_READY
WITH_GRANDCHILD = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('up', p.pid, flush=True); time.sleep(60)"
)


async def is_up(child) -> bool:
    return child.has_said("up")


def spec(name: str, code: str, **options) -> ChildSpec:
    return ChildSpec(name, [sys.executable, "-c", code], is_ready=is_up, **options)


class Stage:
    """A supervisor with its terminal in memory."""

    def __init__(self, folder: Path) -> None:
        self.terminal = io.StringIO()
        self.folder = folder
        self.supervisor = Supervisor(output=Output(self.terminal), env=os.environ, log_dir=folder, hold_dir=folder)

    def said(self) -> str:
        return self.terminal.getvalue()

    def pids(self) -> list[int]:
        return [child.process.pid for child in self.supervisor._children.values()]


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    await stage.supervisor.stop()
    assert not [pid for pid in stage.pids() if psutil.pid_exists(pid)], "a child was left behind"


async def until(condition, timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


async def test_each_line_carries_the_name_of_its_process_and_reaches_its_log(stage):
    await stage.supervisor.start([spec("web", SAYS_READY), spec("jobs", SAYS_READY)])

    assert "web         | up" in stage.said()
    assert "jobs        | up" in stage.said()
    assert (stage.folder / "web.log").read_text() == "up\n"


async def test_a_child_that_ends_by_itself_is_named_with_its_exit_code_and_log(stage):
    await stage.supervisor.start([spec("web", SAYS_READY), spec("beat", "print('up'); raise SystemExit(3)")])

    with pytest.raises(ChildDied) as death:
        await stage.supervisor.wait()

    assert str(death.value) == (
        f"beat ended by itself with exit code 3; everything else is stopped. Its log: {stage.folder}/beat.log"
    )


async def test_a_killed_child_is_named_with_the_signal(stage):
    await stage.supervisor.start([spec("web", SAYS_READY)])
    psutil.Process(stage.pids()[0]).kill()

    with pytest.raises(ChildDied, match="web was killed by SIGKILL"):
        await stage.supervisor.wait()


async def test_a_killed_child_takes_what_it_started_with_it(stage):
    await stage.supervisor.start([spec("jobs", WITH_GRANDCHILD)])
    grandchild = int(stage.said().split()[-1])
    psutil.Process(stage.pids()[0]).kill()

    with pytest.raises(ChildDied):
        await stage.supervisor.wait()

    await until(lambda: not is_running(grandchild))


async def test_a_child_that_dies_while_starting_stops_the_start(stage):
    with pytest.raises(ChildDied, match="web ended by itself with exit code 1"):
        await stage.supervisor.start([spec("web", "raise SystemExit('no database')")])

    assert "no database" in stage.said()


async def test_a_step_of_the_start_may_end_and_the_next_stage_waits_for_it(stage):
    step = ChildSpec("demo", [sys.executable, "-c", "print('applied')"], is_ready=has_ended_well, ends_by_itself=True)
    await stage.supervisor.start([step])
    await stage.supervisor.start([spec("web", SAYS_READY)])

    assert stage.said().index("applied") < stage.said().index("web")


async def test_a_step_of_the_start_that_fails_is_named(stage):
    step = ChildSpec(
        "demo", [sys.executable, "-c", "raise SystemExit(1)"], is_ready=has_ended_well, ends_by_itself=True
    )

    with pytest.raises(ChildDied, match="demo ended by itself with exit code 1"):
        await stage.supervisor.start([step])


async def test_a_program_that_is_not_there_is_named(stage):
    with pytest.raises(ChildDied, match=r"valkey cannot be started: .*No such file"):
        await stage.supervisor.start([ChildSpec("valkey", [str(stage.folder / "nowhere")])])


async def test_a_child_that_never_becomes_ready_is_named(stage):
    silent = spec("web", "import time; time.sleep(60)", ready_within_s=0.3)

    with pytest.raises(NotReady, match="web was not ready"):
        await stage.supervisor.start([silent])


async def test_stopping_while_starting_is_obeyed(stage):
    asyncio.get_running_loop().call_later(0.2, stage.supervisor.request_stop)

    with pytest.raises(StopRequested):
        await stage.supervisor.start([spec("web", "import time; time.sleep(60)")])


async def test_the_redis_server_is_started_again_and_the_rest_goes_on(stage):
    await stage.supervisor.start([spec("valkey", SAYS_READY, is_restarted=True)])
    await stage.supervisor.start([spec("web", SAYS_READY)])
    first_pid = stage.pids()[0]
    psutil.Process(first_pid).kill()

    await until(lambda: stage.said().count("valkey      | up") == 2)

    assert stage.pids()[0] != first_pid
    assert psutil.pid_exists(stage.pids()[1])


async def test_a_held_redis_server_stays_down_until_it_is_released(stage):
    hold = stage.folder / "valkey.hold"
    await stage.supervisor.start([spec("valkey", SAYS_READY, is_restarted=True)])
    hold.touch()
    psutil.Process(stage.pids()[0]).kill()
    await until(lambda: "starting it again" in stage.said())
    assert stage.said().count("valkey      | up") == 1

    hold.unlink()

    await until(lambda: stage.said().count("valkey      | up") == 2)


async def test_children_end_in_the_reverse_order_of_their_start(stage):
    farewell = (
        "import signal, sys, time;"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye', flush=True)));"
        "print('up', flush=True); time.sleep(60)"
    )
    for name in ("valkey", "web", "jobs"):
        await stage.supervisor.start([spec(name, farewell)])

    await stage.supervisor.stop()

    farewells = [line.split()[0] for line in stage.said().splitlines() if line.endswith("bye")]
    assert farewells == ["jobs", "web", "valkey"]


async def test_a_child_that_ignores_the_request_to_end_is_killed_after_its_bound(stage, monkeypatch):
    monkeypatch.setattr("console.launcher.supervisor.STOP_WITHIN_S", 0.3)
    await stage.supervisor.start([spec("web", STUBBORN)])

    await stage.supervisor.stop()

    assert "did not end within" in stage.said()


async def test_a_second_request_to_stop_kills_at_once(stage):
    await stage.supervisor.start([spec("web", STUBBORN)])
    stage.supervisor.request_stop()
    stage.supervisor.request_stop()

    await until(lambda: not is_running(stage.pids()[0]))


async def test_a_line_without_end_and_broken_bytes_do_not_stop_the_reading(stage):
    noisy = (
        "import sys, time; sys.stdout.buffer.write(b'x' * 200_000 + b'\\n' + b'\\xff\\xfe\\n');"
        "print('up', flush=True); time.sleep(60)"
    )
    await stage.supervisor.start([spec("web", noisy)])

    assert "up" in (stage.folder / "web.log").read_text()


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
