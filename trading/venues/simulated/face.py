"""What a protocol face of a simulated venue must do; the local and the FIX face are the two there are."""

import os
from decimal import Decimal
from typing import Any, Protocol

from trading.core.terms import Instrument
from trading.core.units import Nanos, Ticks
from trading.venues.simulated.config import VenueEntry
from trading.venues.simulated.market_data import NO_VALUE_TICKS
from trading.venues.simulated.messages import Message, Request

LARGEST_DOUBLE = "1.7976931348623157E+308"


class Venue(Protocol):
    """What a face needs of the venue behind it."""

    def now(self) -> Nanos: ...

    def submit(self, request: Request) -> None: ...

    def trading_day(self) -> str: ...


class Face(Protocol):
    async def start(self) -> None:
        """Listen; raises PortBusy."""
        ...

    async def close(self) -> None: ...

    def deliver(self, message: Message) -> None:
        """Put one message on the wire of whoever it is for."""
        ...

    def act(self, name: str, params: dict[str, Any]) -> None:
        """Perform a line fault that is an act, such as drop_connection or poss_dup."""
        ...

    @property
    def port(self) -> int: ...

    @property
    def clients(self) -> list[str]:
        """Return the names of the desks that are logged on."""
        ...


class PortBusy(RuntimeError):
    """The venue's port cannot be listened on."""

    @classmethod
    def at(cls, entry: VenueEntry, error: OSError) -> "PortBusy":
        return cls(
            f"venue {entry.name} cannot listen on {entry.host}:{entry.port}: {os.strerror(error.errno or 0).lower()}; "
            "stop what uses the port or give the venue another one"
        )


def price_text(ticks: Ticks, instrument: Instrument) -> str:
    """Return a price as the wire carries it; the absent value as CTP's largest double."""
    if ticks >= NO_VALUE_TICKS:
        return LARGEST_DOUBLE
    price: Decimal = ticks * instrument.tick
    return format(price, "f")
