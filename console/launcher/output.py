"""One readable stream out of many processes: each line says who said it, and each process has a log."""

import sys
from pathlib import Path
from typing import TextIO

# Bright terminal colors that stay legible on dark and light backgrounds; each child keeps its own.
COLORS = (36, 33, 32, 35, 34, 96, 93, 92)
NAME_WIDTH = 12
LOG_BYTES_MAX = 20_000_000


class Log:
    """One process's log file; when it is full, one older file is kept beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8")

    def write(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()
        if self._file.tell() > LOG_BYTES_MAX:
            self._file.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self._file = self.path.open("a", encoding="utf-8")

    def close(self) -> None:
        self._file.close()


class Output:
    """The launcher's terminal. Colors only where somebody looks at them."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream: TextIO | None = stream
        self._colored = stream.isatty()
        self._color_of: dict[str, int] = {}

    def say(self, name: str, line: str) -> None:
        """Print one line of one process."""
        color = self._color_of.setdefault(name, COLORS[len(self._color_of) % len(COLORS)])
        prefix = f"{name:<{NAME_WIDTH}}|"
        self._print(f"\x1b[{color}m{prefix}\x1b[0m {line}" if self._colored else f"{prefix} {line}")

    def plain(self, text: str) -> None:
        """Print words of the launcher itself that stand for themselves."""
        self._print(text)

    def _print(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            print(text, file=self._stream, flush=True)
        except (BrokenPipeError, OSError):
            # The terminal is gone; the processes live on and their logs go on telling.
            self._stream = None
