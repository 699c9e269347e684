"""Speaking to an engine's control socket from another process. Needs nothing but the socket."""

import json
import socket
from pathlib import Path
from typing import Any

ANSWER_TIMEOUT_S = 2.0
ANSWER_BYTES_MAX = 4_194_304


class EngineUnreachable(ConnectionError):
    """No engine answered; whether it took the command is unknown only if `was_sent`."""

    def __init__(self, text: str, *, was_sent: bool) -> None:
        super().__init__(text)
        self.was_sent = was_sent


def call(control_socket: Path | str, command: dict[str, Any], timeout_s: float = ANSWER_TIMEOUT_S) -> dict[str, Any]:
    """Send one command and return its answer. Raises EngineUnreachable."""
    was_sent = False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(timeout_s)
            line.connect(str(control_socket))
            line.sendall(json.dumps(command).encode() + b"\n")
            was_sent = True
            answer = _read_line(line)
    except OSError as error:
        reason = "did not answer in time" if isinstance(error, TimeoutError) else str(error.strerror or error)
        raise EngineUnreachable(f"engine at {control_socket}: {reason}", was_sent=was_sent) from None
    return json.loads(answer)


def _read_line(line: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        chunk = line.recv(65_536)
        if not chunk:
            raise ConnectionResetError("closed without an answer")
        data += chunk
        if len(data) > ANSWER_BYTES_MAX:
            raise ConnectionAbortedError("the answer is too long")
    return data
