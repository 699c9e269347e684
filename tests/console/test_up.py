"""`manage.py up` as a person meets it: it starts, says where, refuses clearly, and leaves nothing behind."""

import json
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

from console.launcher import lock, venue_ports
from console.paths import Paths
from tests.conftest import wait_until_it_answers
from tests.console.launch import ROOT, Launch

# Each starts and stops the whole process tree, which on a busy machine takes more than other tests may.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def product(tmp_path):
    return Launch(tmp_path / "var", "--no-demo")


def attempt(product: Launch) -> subprocess.CompletedProcess[str]:
    """Run the command again to its end, as somebody does who forgot the first one."""
    return subprocess.run(
        product._command, cwd=ROOT, env=product.env, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_starts_answers_refuses_a_second_start_and_ends_on_ctrl_c(product):
    with product:
        with urllib.request.urlopen(f"{product.address}/readyz") as answer:
            assert json.load(answer) == {"ready": True}

        second = attempt(product)

        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert f"already running here as process {product.process.pid}" in second.stderr
        assert len(product.processes()) >= 5

        assert product.interrupt() == 0

    assert product.lines[-1] == "Stopped. Nothing is left running."
    assert product.processes() == []
    assert not product.paths.redis_url.exists()


def test_the_first_start_opens_the_demo_desk_and_the_second_keeps_what_changed(tmp_path):
    product = Launch(tmp_path / "var")
    with product:
        trader = product.person("trader1")
        trader.ask("PATCH", "/api/me/preferences", {"language": "zh-hans"})
        assert product.login("trader1") in "\n".join(product.lines), "the login is printed"
        assert any(line.startswith("demo ") for line in product.lines)

    with product:
        trader = product.person("trader1")
        assert trader.get("/api/me")["preferences"] == {"language": "zh-hans"}
        assert not any(line.startswith("demo ") for line in product.lines)
        assert {pair["pair"] for pair in trader.get("/api/board")["pairs"]} == {"CU-SHFE-LME", "CU-SHFE-CME"}


def test_a_dead_child_is_named_in_one_line_and_ends_the_rest(product):
    with product:
        product.child("daphne").kill()

        assert product.wait_for_end() == 1

        assert product.lines[-1] == (
            f"CommandError: web was killed by SIGKILL; everything else is stopped. Its log: {product.paths.log}/web.log"
        )
        assert product.processes() == []


def test_redis_is_started_again_with_the_same_address_and_what_it_was_told(product):
    with product:
        address = product.paths.redis_url.read_text()
        product.child("valkey-server").kill()

        product.wait_for_line("valkey .*starting it again")

        wait_until_it_answers(address)
        assert product.process.poll() is None
        assert product.paths.redis_url.read_text() == address


def test_a_killed_launcher_leaves_nobody_behind_and_no_lock(product):
    with product:
        product.process.send_signal(signal.SIGKILL)
        product.process.wait()

        wait_until(lambda: product.processes() == [])

    lock.acquire(product.paths.launcher_lock).close()


def test_a_busy_port_is_named_with_a_way_out(product):
    with socket.socket() as other:
        other.bind(("127.0.0.1", product.port))
        other.listen()

        refusal = attempt(product)

    assert refusal.returncode == 1
    assert f"Port {product.port} is in use by" in refusal.stderr
    assert f"CMC_PORT={product.port + 1} make run" in refusal.stderr
    assert refusal.stderr.count("\n") == 1


def test_a_second_launcher_is_told_who_holds_the_folder(tmp_path):
    held = lock.acquire(tmp_path / "launcher.lock")
    with pytest.raises(lock.AlreadyRunning, match="as process"):
        lock.acquire(tmp_path / "launcher.lock")

    held.close()

    lock.acquire(tmp_path / "launcher.lock").close()


@pytest.mark.django_db
def test_a_simulated_venue_moves_away_from_a_busy_port(tmp_path):
    paths = Paths(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        paths.venues_config.write_text(json.dumps({"venues": [{"name": "SHFE", "host": "127.0.0.1", "port": busy}]}))

        [line] = venue_ports.replace_busy(paths)

    moved = json.loads(paths.venues_config.read_text())["venues"][0]["port"]
    assert moved != busy
    assert line == f"The simulated venue SHFE has moved to port {moved}."
    assert venue_ports.replace_busy(paths) == []


def wait_until(condition, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
