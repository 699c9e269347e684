"""The one door between the desk and a venue: what a venue can do, how it is reached, and what it tells us.

An adapter speaks one protocol. It never decides: it sends what the gate approved, reports what the venue said as
core events, and says honestly what it does not know. It never sends an order twice.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol

import msgspec

from trading.core.books import OffsetRule
from trading.core.events import OrderIntent, OrderNotSent
from trading.core.terms import Instrument
from trading.core.units import Nanos


class Capabilities(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the venue does for us and what it forbids."""

    cancel_on_disconnect: Literal["cancel", "hold", "none"] = "none"
    supports_fok: bool = False
    supports_order_query: bool = True
    message_rate_per_s: int = 50
    closes_today_separately: bool = False  # the older way to say offset_rule = close_today_separate
    offset_rule: OffsetRule = OffsetRule.NET
    supports_position_query: bool = False  # then its positions are compared with our books

    @property
    def closing(self) -> OffsetRule:
        """How a position is closed there, whichever way the configuration says it."""
        return OffsetRule.CLOSE_TODAY_SEPARATE if self.closes_today_separately else self.offset_rule


class VenueConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one venue is reached. A `host` that starts with "/" is a Unix socket; the password itself is never here."""

    name: str
    kind: Literal["local", "fix"]
    host: str
    port: int
    account: str
    capabilities: Capabilities
    currency: str
    is_simulated: bool
    side: Literal["domestic", "foreign"]
    input_kind: Literal["recorded", "generated", "venue"]
    input_label: str = ""
    sender_comp_id: str = ""
    target_comp_id: str = ""
    begin_string: str = "FIX.4.4"
    heartbeat_s: int = 10
    username: str = ""
    password_env: str = ""  # name of the environment variable that holds the password


class ClockSample(msgspec.Struct, frozen=True):
    """One look at the venue's clock: venue time minus ours, known to within `error_ns` either way."""

    venue: str
    offset_ns: int
    error_ns: int
    at: Nanos


class LineState(msgspec.Struct, frozen=True):
    """What the health page shows of a connection."""

    venue: str
    is_up: bool
    reason: str
    changed_at: Nanos
    trading_day: str = ""


class Venue(Protocol):
    """One venue connection, driven by the desk's loop. Its event sink gets core events, quotes and clock samples."""

    name: str
    capabilities: Capabilities
    state: LineState

    async def connect(self) -> None:
        """Start; returns at once. The line is usable after a VenueUp event, and comes back by itself."""
        ...

    async def close(self) -> None: ...

    def send(self, orders: Sequence[OrderIntent]) -> list[OrderNotSent]:
        """Put orders on the wire now; return those of which no byte left this process."""
        ...

    def hold(self) -> None:
        """Keep in this process what is sent from now on, so that legs on several venues leave back to back."""
        ...

    def release(self) -> None:
        """Let go what was held; in the same turn, before the loop runs again."""
        ...

    def cancel(self, client_order_id: str) -> bool:
        """Ask the venue to cancel; False when the line is down and nothing was asked."""
        ...

    def query(self, client_order_id: str, at: Nanos) -> bool:
        """Ask what became of an order; the OrderStatus that answers repeats `at` as `queried_at`."""
        ...

    def query_all(self, at: Nanos) -> bool:
        """Ask for every order of the day; the answer ends with a StatusEnded that repeats `at`."""
        ...

    def query_positions(self, at: Nanos) -> bool:
        """Ask for all positions of the account; the PositionsReported that answers repeats `at`."""
        ...

    def adopt(self, orders: Iterable[OrderIntent]) -> None:
        """Know orders of earlier runs, so that what the venue says of them can be read."""
        ...

    def subscribe(self, instruments: Sequence[Instrument]) -> None: ...


EventSink = Callable[[object], None]
