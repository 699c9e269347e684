"""What every screen of this process sees, kept once: rows by key, and which of them changed since the last push."""

import time
from typing import Any

ENGINE_SILENCE_MAX_S = 3.0
ALERTS_KEPT = 200
EXECUTIONS_KEPT = 50


class Rows:
    """One channel's rows by key, in order of first appearance, at most `kept` of them."""

    def __init__(self, key: str, kept: int | None = None) -> None:
        self._key, self._kept = key, kept
        self._rows: dict[Any, dict[str, Any]] = {}
        self._changed: dict[Any, None] = {}

    def put(self, items: list[dict[str, Any]]) -> None:
        """Take rows in; those that are new or different will be in the next delta."""
        for item in items:
            key = item.get(self._key)
            if key is None or self._rows.get(key) == item:
                continue
            self._rows[key] = item
            self._changed[key] = None
        while self._kept is not None and len(self._rows) > self._kept:
            del self._rows[next(iter(self._rows))]

    def all(self) -> list[dict[str, Any]]:
        return list(self._rows.values())

    def get(self, key: Any) -> dict[str, Any] | None:
        return self._rows.get(key)

    def take_changed(self) -> list[dict[str, Any]]:
        """Return the rows that changed since the last call."""
        changed, self._changed = self._changed, {}
        return [self._rows[key] for key in changed if key in self._rows]


class LiveState:
    """Board, programs, executions, alerts and venues of all desks."""

    def __init__(self) -> None:
        self.board = Rows("program")
        self.ladders: dict[str, list[dict[str, Any]]] = {}  # pair -> items of its ladder channel
        self.changed_ladders: set[str] = set()
        self.programs = Rows("program")
        self.executions = Rows("id", EXECUTIONS_KEPT)
        self.alerts = Rows("seq", ALERTS_KEPT)
        self.venues = Rows("key")
        self.heard_at: dict[str, float] = {}  # desk -> monotonic seconds of its last frame
        self.health: dict[str, dict[str, Any]] = {}
        self._declared: dict[str, dict[str, Any]] = {}

    def declare(self, rows: dict[str, dict[str, Any]]) -> None:
        """Take the declared part of the board rows; live figures stay on top of it."""
        for program, row in rows.items():
            if self._declared.get(program) == row:
                continue
            self._declared[program] = row
            shown = self.board.get(program) or {"live": False}
            self.board.put([{**shown, **row}] if not shown["live"] else [{**row, **shown}])

    def take_frame(self, desk: str, channel: str, items: list[dict[str, Any]]) -> None:
        """Take an engine's frame."""
        self.heard_at[desk] = time.monotonic()
        if channel == "board":
            self.board.put([self._live_row(desk, item) for item in items])
        elif channel.startswith("ladder:"):
            pair = channel.removeprefix("ladder:")
            self.ladders[pair] = items
            self.changed_ladders.add(pair)
        elif channel == "health" and items:
            self.health[desk] = items[0]
            self.venues.put(_venue_rows(desk, items[0]))

    def _live_row(self, desk: str, item: dict[str, Any]) -> dict[str, Any]:
        declared = self._declared.get(item.get("program", ""), {})
        return {**declared, "desk": desk, **item, "live": True}

    def is_engine_up(self, desk: str) -> bool:
        heard_at = self.heard_at.get(desk)
        return heard_at is not None and time.monotonic() - heard_at < ENGINE_SILENCE_MAX_S

    def doubt_silent_engines(self) -> None:
        """Mark the rows of engines that fell silent: the last figures stay, and say that they are not live."""
        for row in self.board.all():
            if row.get("live") and not self.is_engine_up(row["desk"]):
                self.board.put([{**row, "live": False}])

    def links(self, desks: dict[str, tuple[int, int]], *, is_redis_up: bool) -> dict[str, Any]:
        """Return the state of the links behind the screen; `desks` gives the last copied record of each journal."""
        engines = {desk: "up" if self.is_engine_up(desk) else "unknown" for desk in desks}
        lags = [self._journal_lag_ms(desk, *copied) for desk, copied in desks.items()]
        known = [lag for lag in lags if lag is not None]
        return {
            "engine": "up" if engines and set(engines.values()) == {"up"} else "unknown",
            "engines": engines,
            "redis": "up" if is_redis_up else "down",
            "journal_lag_ms": max(known) if known else None,
        }

    def _journal_lag_ms(self, desk: str, copied_seq: int, copied_at_ns: int) -> int | None:
        """Return how far the tables are behind the engine: 0 when they hold all that it had made durable."""
        health = self.health.get(desk)
        durable = None if health is None or not self.is_engine_up(desk) else health.get("journal_durable_seq")
        if durable is None:
            return None
        return 0 if copied_seq >= durable else max(0, (time.time_ns() - copied_at_ns) // 1_000_000)


def _venue_rows(desk: str, health: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [{"key": f"engine {desk}", "desk": desk, "kind": "engine", **_without_venues(health)}]
    for venue in health.get("venues") or []:
        rows.append({"key": f"{desk} {venue.get('venue')}", "desk": desk, "kind": "venue", **venue})
    return rows


def _without_venues(health: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in health.items() if name != "venues"}
