"""The switchboard of a venue's faults.

A switch acts `count` times (0 = until cleared or until its `seconds` have passed), with a probability, and only on the
symbol and side it names. What each one does is said in `fault_catalogue.py`.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from trading.core.units import SECOND, Nanos, Side
from trading.venues.simulated.fault_catalogue import CATALOGUE, UNTIL_CLEARED


class UnknownFault(ValueError):
    """A fault or parameter name that does not exist; the text lists those that do."""


@dataclass(slots=True)
class Switch:
    """One fault that is on; `left` None means until cleared."""

    name: str
    params: dict[str, Any]
    left: int | None
    probability: float
    symbol: str
    side: Side | None
    until: Nanos | None

    def matches(self, symbol: str, side: Side | None, now: Nanos) -> bool:
        if self.until is not None and now >= self.until:
            return False
        if self.symbol and symbol and self.symbol != symbol:
            return False
        return self.side is None or side is None or self.side is side


@dataclass(slots=True)
class Faults:
    """The switchboard of one venue. Chance comes from its own seeded source, so a run repeats exactly."""

    seed: int = 0
    occurred: Counter[str] = field(default_factory=Counter)
    _on: list[Switch] = field(default_factory=list)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def switch_on(
        self,
        name: str,
        params: dict[str, Any] | None = None,
        count: int | None = None,
        *,
        now: Nanos,
        probability: float = 1.0,
        symbol: str = "",
        side: str = "",
    ) -> Switch:
        """Turn a fault on; `count` None takes the kind's own default. Raises UnknownFault."""
        kind = CATALOGUE.get(name)
        if kind is None:
            raise UnknownFault(f"no fault is named {name!r}; there are: {', '.join(sorted(CATALOGUE))}")
        given = dict(params or {})
        seconds = given.pop("seconds", None)
        strange = set(given) - set(kind.params)
        if strange:
            raise UnknownFault(
                f"{name} takes {sorted(kind.params) or 'no parameters'} and seconds, not {sorted(strange)}"
            )
        if count is None:
            count = 0 if name in UNTIL_CLEARED or seconds is not None else 1
        switch = Switch(
            name,
            {**kind.params, **given},
            count or None,
            probability,
            symbol,
            Side(side) if side else None,
            None if seconds is None else now + int(seconds * SECOND),
        )
        self._on.append(switch)
        return switch

    def clear(self, name: str = "") -> int:
        """Turn one fault or all of them off; returns how many switches were on."""
        before = len(self._on)
        self._on = [switch for switch in self._on if name and switch.name != name]
        return before - len(self._on)

    def take(self, name: str, now: Nanos, symbol: str = "", side: Side | None = None) -> dict[str, Any] | None:
        """Use a fault once and return its parameters, or None when it is not on for this symbol and side."""
        for switch in self._on:
            if switch.name != name or not switch.matches(symbol, side, now):
                continue
            if switch.probability < 1.0 and self._chance.random() >= switch.probability:
                continue
            if switch.left is not None:
                switch.left -= 1
                if switch.left == 0:
                    self._on.remove(switch)
            self.occurred[name] += 1
            return switch.params
        return None

    def is_on(self, name: str, now: Nanos, symbol: str = "", side: Side | None = None) -> bool:
        """Return whether a state-like fault is on, without using it up."""
        return any(switch.name == name and switch.matches(symbol, side, now) for switch in self._on)

    def random_part(self, span: Nanos) -> Nanos:
        return self._chance.randrange(span + 1) if span > 0 else 0

    def listing(self) -> list[dict[str, Any]]:
        """Return the switches that are on, for the control socket."""
        return [
            {
                "name": switch.name,
                "params": switch.params,
                "left": switch.left,
                "probability": switch.probability,
                "symbol": switch.symbol,
                "side": switch.side.value if switch.side else "",
                "until_ns": switch.until,
            }
            for switch in self._on
        ]
