"""The engine worker: what a Celery worker of a queue `engine.<desk>` does besides running tasks.

It starts the desk's engine process, restarts it when it dies, and stops it when the worker stops. Two threads beside
it carry news outward: the publisher relays the engine's stream to Redis, the projector follows its journal. Either
may fail without the engine noticing. The step hangs on the worker, not on its consumer, so a broker outage leaves
the engine alone.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import bootsteps
from django.conf import settings

from trading.publisher import follow_stream

QUEUE_PREFIX = "engine."
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 15.0
# A life longer than this was a good start: the next restart is quick again.
GOOD_LIFE_S = 30.0
STOP_TIMEOUT_S = 15.0

log = logging.getLogger(__name__)


class EngineStep(bootsteps.StartStopStep):
    """Runs the engines of the desks whose queues this worker consumes."""

    label = "Engine"

    def __init__(self, parent: Any, **options: Any) -> None:
        self.supervisors: list[EngineSupervisor] = []

    def include_if(self, parent: Any) -> bool:
        return bool(desks_of(parent))

    def start(self, parent: Any) -> None:
        self.supervisors = [EngineSupervisor(desk) for desk in desks_of(parent)]
        for supervisor in self.supervisors:
            supervisor.start()

    def stop(self, parent: Any) -> None:
        for supervisor in self.supervisors:
            supervisor.stop()

    terminate = stop


def desks_of(worker: Any) -> list[str]:
    """Return the desks whose command queues the worker consumes."""
    queues = worker.app.amqp.queues.consume_from
    return sorted(name.removeprefix(QUEUE_PREFIX) for name in queues if name.startswith(QUEUE_PREFIX))


class EngineSupervisor:
    """Keeps one desk's engine process alive, and the two threads that carry its news."""

    def __init__(self, desk: str) -> None:
        self.desk = desk
        self._stopping = threading.Event()
        self._engine: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()  # between starting the process and stopping it
        stream = settings.CMC_PATHS.stream_socket(desk)
        self._threads = [
            _thread(f"engine-{desk}", self._supervise),
            _thread(f"publisher-{desk}", lambda: follow_stream(desk, stream, self._stopping)),
            _thread(f"projector-{desk}", lambda: self._keep_running("projector", _projector(desk, self._stopping))),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the engine, then the threads; returns when all have ended or the time for it is over."""
        self._stopping.set()
        with self._guard:
            engine = self._engine
        if engine is not None:
            _end(engine, self.desk)
        for thread in self._threads:
            thread.join(STOP_TIMEOUT_S)

    def _supervise(self) -> None:
        backoff_s = BACKOFF_FIRST_S
        while not self._stopping.is_set():
            started = time.monotonic()
            outcome = self._run_once()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > GOOD_LIFE_S:
                backoff_s = BACKOFF_FIRST_S
            log.error("engine of desk %s ended: %s; starting it again in %.1f s", self.desk, outcome, backoff_s)
            self._stopping.wait(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_MAX_S)

    def _run_once(self) -> str:
        """Export the configuration, run the engine until it ends and say how it ended."""
        try:
            config = _exported(self.desk)
        except Exception as error:
            # The last exported file is still a whole configuration; a desk must start without the database.
            config = settings.CMC_PATHS.desk_config(self.desk)
            if not config.exists():
                return f"no configuration: {error}"
            log.warning("desk %s starts on its last exported configuration: %s", self.desk, error)
        with self._guard:
            if self._stopping.is_set():
                return "stopping"
            self._engine = start_engine(config)
        code = self._engine.wait()
        return f"killed by signal {-code}" if code < 0 else f"exit code {code}"

    def _keep_running(self, what: str, run: Callable[[], None]) -> None:
        backoff_s = BACKOFF_FIRST_S
        while not self._stopping.is_set():
            try:
                run()
            except Exception:
                log.exception("%s of desk %s failed; starting it again in %.1f s", what, self.desk, backoff_s)
            self._stopping.wait(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_MAX_S)


def start_engine(config: Path) -> subprocess.Popen[bytes]:
    """Start an engine that ends when this process does: it watches the pipe that is its standard input."""
    command = [sys.executable, "-m", "trading.engine", "--config", str(config), "--stay-with-parent", "--stand-by"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, cwd=settings.BASE_DIR)


def _end(engine: subprocess.Popen[bytes], desk: str) -> None:
    engine.terminate()
    try:
        engine.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        log.error("engine of desk %s did not stop within %.0f s and is killed", desk, STOP_TIMEOUT_S)
        engine.kill()
        engine.wait()


def _exported(desk: str) -> Path:
    from trading.services import export_desk_config

    return Path(export_desk_config(desk))


def _projector(desk: str, stopping: threading.Event) -> Callable[[], None]:
    def run() -> None:
        from django.db import connection

        from trading.projector import follow

        try:
            follow(desk, stopping)
        finally:
            connection.close()

    return run


def _thread(name: str, run: Callable[[], None]) -> threading.Thread:
    return threading.Thread(target=run, name=name, daemon=True)
