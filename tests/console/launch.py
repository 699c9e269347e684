"""`manage.py up` in a terminal of its own, and somebody who uses what it started."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener

import psutil

from console.launcher.ports import free_port
from console.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 120
STOP_WITHIN_S = 60
FOREIGN = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "RECORDED_TICKS", "PYTEST_CURRENT_TEST")


class Launch:
    """`manage.py up` in a folder of its own. Use it as a context: leaving it ends every process."""

    def __init__(self, var: Path, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.paths = Paths(var)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.lines: list[str] = []
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        own = {"CMC_VAR": str(var), "CMC_PORT": str(self.port), "CMC_VENUE_PORTS": "any"}
        self.env = {**kept, **own, **(env or {})}
        self._command = [sys.executable, "manage.py", "up", *arguments]
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Launch":
        self.start()
        self.wait_for_line("The console is ready", READY_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.interrupt()

    def start(self) -> None:
        """Start the launcher and read what it says in a thread, so that it can never block on a full pipe."""
        self.lines.clear()
        self.process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def interrupt(self) -> int:
        """Press Ctrl-C, wait for the end and return the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.wait_for_end()

    def wait_for_end(self) -> int:
        """Return the launcher's exit code; fail, ending everything, when it does not end in time."""
        assert self.process is not None
        try:
            code = self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            for process in self.processes():
                process.kill()
            self.process.kill()
            raise AssertionError(f"the launcher did not end:\n{self.tail()}") from None
        self._reader.join(5)
        return code

    def processes(self) -> list[psutil.Process]:
        """Return everything on this machine that runs with this product's folder, the launcher included."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("CMC_VAR") == self.env["CMC_VAR"]:
                    found.append(process)
            except psutil.Error:
                continue
        return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]

    def child(self, words: str) -> psutil.Process:
        """Return the process whose command line contains the words."""
        for process in self.processes():
            if words in " ".join(process.cmdline()):
                return process
        raise AssertionError(f"no process of the product has {words!r} in its command line")

    def login(self, username: str) -> str:
        """Return the demo password of the user."""
        for row in self.paths.demo_logins.read_text().splitlines():
            if row.split()[:1] == [username]:
                return row.split()[1]
        raise AssertionError(f"no demo login for {username}")

    def person(self, username: str) -> "Person":
        """Return somebody of the demo who has logged in."""
        person = Person(self.address)
        person.log_in(username, self.login(username))
        return person

    def wait_for_line(self, pattern: str, timeout_s: float = 30) -> str:
        """Return the first line that matches; fail when none comes or the product ends."""
        assert self.process is not None
        deadline = time.monotonic() + timeout_s
        while True:
            for line in list(self.lines):
                if re.search(pattern, line):
                    return line
            assert time.monotonic() < deadline, f"no line {pattern!r} in {timeout_s} s:\n{self.tail()}"
            assert self.process.poll() is None, f"the product ended:\n{self.tail()}"
            time.sleep(0.05)

    def tail(self, count: int = 40) -> str:
        return "\n".join(self.lines[-count:])

    def _read(self) -> None:
        assert self.process is not None and self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())


class Person:
    """Somebody who uses the console's API over HTTP with a session and CSRF, as a browser does."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._cookies))

    def log_in(self, username: str, password: str) -> None:
        """Open a session; fail the test when it is refused."""
        self.ask("GET", "/api/me")
        status, answer = self.ask("POST", "/api/auth/login", {"username": username, "password": password})
        assert status == 200, answer

    def get(self, path: str) -> Any:
        """Return the JSON at the path; fail the test when it is refused."""
        status, answer = self.ask("GET", path)
        assert status == 200, f"GET {path}: {status} {answer}"
        return answer

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Send one request and return status and decoded JSON, whatever they are."""
        token = next((cookie.value for cookie in self._cookies if cookie.name == "csrftoken"), "")
        request = Request(
            self._address + path,
            method=method,
            data=None if method == "GET" else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "X-CSRFToken": token or "", **(headers or {})},
        )
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, _decoded(answer.read())
        except HTTPError as refused:
            return refused.code, _decoded(refused.read())


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode("utf-8", "replace")
