"""The API as one person uses it, and what stands at the far end of a command: a real queue, or a listening engine."""

import base64
import json
import socket
import threading
from pathlib import Path

import redis
from celery import current_app
from django.test import Client

KEY = {"Idempotency-Key": "k-00000001"}


class Api:
    """The API as one person uses it."""

    def __init__(self, user) -> None:
        self.client = Client()
        self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def post(self, path: str, body: dict | None = None, headers: dict | None = KEY):
        return self.client.post(path, body or {}, content_type="application/json", headers=headers)

    def get(self, path: str):
        return self.client.get(path)

    def put(self, path: str, body: dict):
        return self.client.put(path, body, content_type="application/json")


def use_broker(url: str) -> None:
    """Send from now on to another queue; Celery keeps its connections until it believes that it was forked."""
    current_app.conf.broker_url = url
    current_app._after_fork()


def sent(broker: redis.Redis) -> list[dict]:
    """Return the commands in the desk's queue, oldest first, but for terms that are brought up to date."""
    tasks = [json.loads(raw) for raw in reversed(broker.lrange("engine.demo", 0, -1))]
    return [task for task in tasks if task["headers"]["task"] != "trading.set_program"]


def command_in(task: dict) -> dict:
    return json.loads(base64.b64decode(task["body"]))[1]["command"]


class ListeningEngine:
    """Answers at the engine's control socket; `told` is what it heard, `answers` says what it gives per `op`."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.told: list[dict] = []
        self.answers: dict[str, dict] = {}
        self._path = path
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(path))
        self._server.listen()
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            with line:
                heard = json.loads(line.makefile().readline())
                self.told.append(heard)
                answer = self.answers.get(heard["op"], {"ok": True, "result": None})
                line.sendall(json.dumps(answer).encode() + b"\n")

    def stop(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)
        self._path.unlink(missing_ok=True)
