"""A small copper venue for tests: its rules, its books, its desk, and words for what the desk does there."""

from dataclasses import dataclass, field
from decimal import Decimal

from trading.core.events import Level, Offset, TimeInForce
from trading.core.terms import Instrument, QuoteBasis, Session
from trading.core.units import MILLI, Nanos, Side
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.messages import CancelOrder, Delivery, Message, NewOrder, Tick
from trading.venues.simulated.spec import VenueSpec

MORNING = 1_789_952_400_000_000_000  # Monday 2026-09-21 09:00 in Shanghai
SECOND = 1_000_000_000
COPPER = Instrument(
    code="SHFE.cu2701",
    venue="SHFE",
    symbol="cu2701",
    tick=Decimal(10),
    multiplier=Decimal(5),
    unit="t",
    currency="CNY",
    quote_basis=QuoteBasis.INCL_VAT,
    order_lots_max=500,
    sessions=(
        Session("09:00", "10:15"),
        Session("10:30", "11:30"),
        Session("13:30", "15:00"),
        Session("21:00", "01:00"),
    ),
)
SHANGHAI = VenueSpec(
    name="SHFE",
    instruments=(COPPER,),
    latency_in=0,
    latency_out=0,
    tracks_offsets=True,
    closes_today_separately=True,
    one_trade_id_per_match=True,
)


def tick_of(
    bids: str = "7947x20 7946x30",
    asks: str = "7948x10 7949x15 7950x40",
    at: Nanos = MORNING,
    **more: int | None,
) -> Tick:
    """Return a book from words like "7948x10": ten lots at 7948 ticks."""
    return Tick(COPPER.symbol, at, _levels(bids), _levels(asks), **more)


def _levels(words: str) -> tuple[Level, ...]:
    return tuple(Level(*map(int, word.split("x"))) for word in words.split())


@dataclass
class Trader:
    """One desk at one exchange; time stands still unless it is moved."""

    exchange: Exchange
    desk: str = "demo"
    account: str = "A1"
    now: Nanos = MORNING
    sent: list[tuple[Nanos, Message]] = field(default_factory=list)

    def sees(self, tick: Tick) -> list[Message]:
        return self._take(self.exchange.feed(tick, self.now))

    def sends(
        self, order_id: str, side: str = "buy", lots: int = 5, ticks: int = 7948, **more: object
    ) -> list[Message]:
        request = {
            "time_in_force": TimeInForce.IOC,
            "offset": Offset.OPEN,
            "epoch": 1,
            "symbol": COPPER.symbol,
        }
        request |= {"price": ticks * COPPER.tick} | more
        order = NewOrder(self.desk, self.account, order_id, side=Side(side), lots=lots, **request)
        return self._take(self.exchange.handle(order, self.now))

    def rests(self, order_id: str, side: str = "buy", lots: int = 5, ticks: int = 7947) -> list[Message]:
        return self.sends(order_id, side, lots, ticks, time_in_force=TimeInForce.DAY)

    def cancels(self, order_id: str, epoch: int = 1) -> list[Message]:
        return self._take(self.exchange.handle(CancelOrder(self.desk, order_id, epoch), self.now))

    def asks(self, request: object) -> list[Message]:
        return self._take(self.exchange.handle(request, self.now))

    def waits(self, milliseconds: int) -> list[Message]:
        self.now += milliseconds * MILLI
        return self._take(self.exchange.timer(self.now))

    def breaks(self, name: str, **settings: object) -> None:
        """Switch a fault on; count, probability, symbol and side as in the switchboard, the rest are its parameters."""
        outer = {key: settings.pop(key) for key in ("count", "probability", "symbol", "side") if key in settings}
        params = settings.pop("params", settings)
        self.exchange.faults.switch_on(name, params, now=self.now, **outer)

    @property
    def net_lots(self) -> int:
        return self.exchange.register.positions.of(self.account, COPPER.symbol).net_lots

    def _take(self, deliveries: list[Delivery]) -> list[Message]:
        self.sent += deliveries
        return [message for _, message in deliveries]


def said(messages: list[Message]) -> list[str]:
    """Return what was said, in words: "Accepted", "Filled 5 @ 7948", "Closed 5 filled"."""
    words = []
    for message in messages:
        name = type(message).__name__
        match name:
            case "Filled":
                words.append(f"Filled {message.lots} @ {message.price_ticks}")
            case "Closed":
                words.append(f"Closed {message.cumulative_lots} {message.reason}")
            case "Rejected" | "CancelRejected":
                words.append(f"{name} {message.code.value}")
            case "Status":
                words.append(f"Status {message.state} {message.cumulative_lots}")
            case _:
                words.append(name)
    return words
