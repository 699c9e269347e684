"""Where a drill may end this process, as a `kill -9` would: before or after one named effect. Desks in SIM only.

The environment variable CMC_CRASH_AT names a point: `EFFECT:WHEN`, with WHEN before, after or, for the disk, torn.
Effects: `record.<Event>` (the append, e.g. record.OrderFilled, record.entry, record.repair), `disk.<Event>` (the write
that makes such a record durable), `send.1` and `send.2` (the orders of a decision leave for its first and second
venue), `send_repair.1`, `cancel`, `query`, `query_all`, `reply`. None of this is in the way of an engine without the
variable: the effects are wrapped when the point is planted.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from trading.core.events import OrdersDecided, Purpose
from trading.engine.actions import Submit
from trading.engine.host import Host

VARIABLE = "CMC_CRASH_AT"
WHENS = ("before", "after", "torn")


class BadCrashPoint(ValueError):
    """The point cannot be planted; the text says what is."""


def check(text: str, environment: str) -> None:
    """Raise BadCrashPoint unless `text` is empty or names a point and the desk is a simulation."""
    effect, _, when = text.rpartition(":")
    if text and environment != "SIM":
        raise BadCrashPoint(f"{VARIABLE} is for drills; this desk is {environment}")
    if text and (not effect or when not in WHENS):
        raise BadCrashPoint(f"{VARIABLE} is {text!r}; use EFFECT:before, EFFECT:after or disk.EVENT:torn")


def plant(host: Host, text: str) -> None:
    """Have the process die at the point the first time it is reached."""
    effect, _, when = text.rpartition(":")
    kind, _, event = effect.partition(".")
    if kind == "record":
        _around(host.journal, "append", when, lambda program, fact, *rest, **more: event in _names(fact))
    elif kind == "disk":
        _on_disk(host, event, when)
    elif kind == "reply":
        _around(host, "_reply", when, lambda reply: bool(reply.command_id))


def plant_at_venues(host: Host, text: str) -> None:
    """The points at the venues; their adapters come into being after the journal is folded."""
    effect, _, when = text.rpartition(":")
    kind, _, number = effect.partition(".")
    if effect in ("cancel", "query", "query_all"):
        for venue in host.venues.values():
            _around(venue, effect, when, lambda *rest: True)
    elif kind in ("send", "send_repair"):
        _on_send(host, int(number), when, is_repair=kind == "send_repair")


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit  # never reached: the signal cannot be caught


def _names(fact: object) -> tuple[str, ...]:
    name = type(fact).__name__
    if isinstance(fact, OrdersDecided):
        return name, "entry" if fact.purpose is Purpose.ENTRY else "repair"
    return (name,)


def _around(owner: Any, method: str, when: str, applies: Callable[..., bool]) -> None:
    wrapped = getattr(owner, method)

    def mortal(*args: Any, **more: Any) -> Any:
        is_here = applies(*args, **more)
        if is_here and when == "before":
            die()
        found = wrapped(*args, **more)
        if is_here:
            # What was handed to a socket leaves at the end of the loop's turn: die in the next one.
            asyncio.get_running_loop().call_soon(die)
        return found

    setattr(owner, method, mortal)


def _on_disk(host: Host, event: str, when: str) -> None:
    """Die in the journal's thread: before the bytes are written, with half of them written, or once they are safe."""
    journal: Any = host.journal
    write = journal._write
    needle = {"entry": b'"purpose":"entry"', "repair": b'"options":[{'}.get(event, b'"type":"%s"' % event.encode())

    def mortal(batch: Any) -> None:
        lines = b"".join(item.lines for item in batch)
        if needle not in lines:
            write(batch)
            return
        if when == "torn":
            with batch[-1].path.open("ab", buffering=0) as file:  # nothing says that this much was durable
                file.write(lines[: len(lines) - len(lines.splitlines()[-1]) // 2])
        elif when == "after":
            write([item._replace(on_durable=None) for item in batch])
        die()

    journal._write = mortal


def _on_send(host: Host, number: int, when: str, *, is_repair: bool) -> None:
    """Have the orders leave for the venues before the `number`-th, or up to it, and for none after it."""
    leaving = number if when == "after" else number - 1

    def mortal(submit: Submit) -> None:
        names = list(dict.fromkeys(order.venue for order in submit.orders))
        if len(names) < number or (is_repair and submit.orders[0].purpose is Purpose.ENTRY):
            host_submit(submit)
            return
        for name in names[:leaving]:
            host.venues[name].send([order for order in submit.orders if order.venue == name])
        asyncio.get_running_loop().call_soon(die)

    host_submit = host._submit
    host._submit = mortal
