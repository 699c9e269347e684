"""The venue's own record: every order it ever took, every execution, every id that was used."""

from collections.abc import Callable, Iterable
from itertools import count

import msgspec

from trading.core.events import Offset
from trading.core.prompts import prompt_of
from trading.core.units import Lots, Nanos, Side, Ticks
from trading.venues.simulated.book import Order
from trading.venues.simulated.messages import Busted, Closed, Corrected, Filled, NewOrder, PositionLine, Status
from trading.venues.simulated.positions import Book, Positions
from trading.venues.simulated.record import (
    Bust,
    Correction,
    DayStarted,
    Entry,
    Executed,
    IdUsed,
    OrderEnded,
    OrderOpened,
)
from trading.venues.simulated.spec import VenueSpec

Key = tuple[str, str]  # desk, client order id


class Register:
    """Orders are never forgotten, ids are never used twice, positions follow executions and nothing else."""

    def __init__(self, spec: VenueSpec) -> None:
        self.positions = Positions(spec.tracks_offsets, spec.closes_today_separately)
        self._instruments = {instrument.symbol: instrument for instrument in spec.instruments}
        self.orders: dict[Key, Order] = {}
        self.fills: list[Filled] = []
        self.fills_of: dict[Key, list[Filled]] = {}
        self.amendments_of: dict[Key, list[Busted | Corrected]] = {}
        self.day = ""
        self._prefix = f"{spec.name}{spec.run}"
        self._used_ids: set[Key] = set()
        self._working: dict[Key, Order] = {}
        self.on_entry: Callable[[Entry], None] = lambda entry: None
        self._order_number = count(1)
        self._fill_number = count(1)

    def use_id(self, desk: str, client_order_id: str) -> None:
        self._note(IdUsed(desk, client_order_id))

    def is_used(self, desk: str, client_order_id: str) -> bool:
        return (desk, client_order_id) in self._used_ids

    def open(self, request: NewOrder, price_ticks: Ticks, now: Nanos) -> Order:
        """Take an admitted order into the record."""
        number = next(self._order_number)
        self._note(
            OrderOpened(
                desk=request.desk,
                account=request.account,
                client_order_id=request.client_order_id,
                venue_order_id=f"{self._prefix}-{number:07d}",
                symbol=request.symbol,
                side=request.side,
                lots=request.lots,
                price_ticks=price_ticks,
                time_in_force=request.time_in_force,
                offset=request.offset,
                accepted_ns=now,
                sequence=number,
                hedge_flag=request.hedge_flag,
                prompt=request.prompt or self._prompt(request.symbol),
            )
        )
        return self.orders[request.desk, request.client_order_id]

    def execute(self, order: Order, lots: Lots, price_ticks: Ticks, stamp: Nanos, fill_id: str = "") -> Filled:
        """Book one execution of an order and return its report."""
        filled = Filled(
            desk=order.desk,
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            fill_id=fill_id or f"{self._prefix}F{next(self._fill_number):07d}",
            symbol=order.symbol,
            side=order.side,
            lots=lots,
            price_ticks=price_ticks,
            cumulative_lots=order.reported_lots + lots,
            trading_day=self.day,
            exchange_ns=stamp,
            prompt=order.prompt,
        )
        self._note(Executed(filled))
        return filled

    def bust(self, fill: Filled) -> Busted:
        """Take an execution back and return the report of it."""
        self._note(Bust(fill))
        return _bust_of(fill)

    def correct(self, fill: Filled, lots: Lots, price_ticks: Ticks) -> Corrected:
        """Change an execution's figures and return the report of it."""
        self._note(Correction(fill, lots, price_ticks))
        return _correction_of(fill, lots, price_ticks)

    def close(self, order: Order, reason: str, stamp: Nanos, cancel_id: str = "") -> Closed:
        self._note(OrderEnded(order.desk, order.client_order_id, reason))
        return Closed(order.desk, order.client_order_id, order.reported_lots, reason, stamp, cancel_id)

    # --- the record: every change is an entry, and the same entries give the same register again ---

    def restore(self, entries: Iterable[Entry]) -> None:
        """Fold what an earlier run recorded; orders that worked then are cancelled, for their queue is gone."""
        for entry in entries:
            self._apply(entry)
            if isinstance(entry, Executed):
                order = self.orders[entry.fill.desk, entry.fill.client_order_id]
                order.filled_lots = max(order.filled_lots, order.reported_lots)
        for order in self.working():
            self._note(OrderEnded(order.desk, order.client_order_id, "venue_cancelled"))

    def _note(self, entry: Entry) -> None:
        self._apply(entry)
        self.on_entry(entry)

    def _apply(self, entry: Entry) -> None:
        match entry:
            case OrderOpened():
                order = Order(*(getattr(entry, name) for name in entry.__struct_fields__))
                key = (order.desk, order.client_order_id)
                self._used_ids.add(key)
                self.orders[key] = self._working[key] = order
            case Executed(fill):
                key = (fill.desk, fill.client_order_id)
                self.orders[key].reported_lots += fill.lots
                self.fills.append(fill)
                self.fills_of.setdefault(key, []).append(fill)
                self._book(self.orders[key], fill.lots)
            case Bust(fill):
                key = (fill.desk, fill.client_order_id)
                self.orders[key].reported_lots -= fill.lots
                self.fills.remove(fill)
                self.fills_of[key].remove(fill)
                self.amendments_of.setdefault(key, []).append(_bust_of(fill))
                self._book(self.orders[key], -fill.lots)
            case Correction(fill, lots, price_ticks):
                key = (fill.desk, fill.client_order_id)
                corrected = msgspec.structs.replace(fill, lots=lots, price_ticks=price_ticks)
                for fills in (self.fills, self.fills_of[key]):
                    fills[fills.index(fill)] = corrected
                self.orders[key].reported_lots += lots - fill.lots
                self.amendments_of.setdefault(key, []).append(_correction_of(fill, lots, price_ticks))
                self._book(self.orders[key], lots - fill.lots)
            case OrderEnded(desk, order_id, reason):
                order = self.orders[desk, order_id]
                order.is_working, order.reason = False, reason
                self._working.pop((desk, order_id), None)
            case IdUsed(desk, order_id):
                self._used_ids.add((desk, order_id))
            case DayStarted(day):
                self.day = day
                self.positions.roll()

    def _book(self, order: Order, lots: Lots) -> None:
        book = Book(order.account, order.symbol, order.hedge_flag, order.prompt)
        self.positions.book(book, order.side, lots, order.offset)

    def _prompt(self, symbol: str) -> str:
        """Return the prompt date of a trade made today: 3M is another date every day."""
        known = self._instruments.get(symbol)
        return prompt_of(known, self.day) if known is not None else ""

    def working(self, desk: str = "") -> list[Order]:
        """Return the working orders of one desk, or of all."""
        return [order for order in self._working.values() if not desk or order.desk == desk]

    def frozen_lots(self, book: Book, side: Side, offset: Offset | None = None) -> Lots:
        """Return the lots that working closing orders of `side` have claimed already, of one kind or of any."""
        return sum(
            order.leaves_lots
            for order in self._working.values()
            if order.offset not in (None, Offset.OPEN)
            and order.side is side
            and offset in (None, order.offset)
            and Book(order.account, order.symbol, order.hedge_flag, order.prompt) == book
        )

    def lines(self, account: str) -> tuple[PositionLine, ...]:
        """Return the account's positions, one line for each side of each book that holds something."""
        found = []
        for book, holding in self.positions.of_account(account).items():
            for side, today, yesterday in holding.sides():
                if today or yesterday:
                    frozen = self.frozen_lots(book, side.opposite)
                    line = PositionLine(book.symbol, side, today, yesterday, frozen, book.hedge_flag, book.prompt)
                    found.append(line)
        return tuple(found)

    def status(self, desk: str, client_order_id: str, ref: str) -> Status:
        order = self.orders.get((desk, client_order_id))
        if order is None:
            return Status(desk, client_order_id, "not_found", 0, "", ref)
        state = "working" if order.is_working else "closed"
        return Status(desk, client_order_id, state, order.reported_lots, order.venue_order_id, ref)

    def start_day(self, day: str) -> None:
        """Start a trading day: fill ids start again and today's lots become yesterday's."""
        self._fill_number = count(1)
        self._note(DayStarted(day))


def _bust_of(fill: Filled) -> Busted:
    return Busted(fill.desk, fill.client_order_id, fill.fill_id, fill.lots, fill.exchange_ns, fill.trading_day)


def _correction_of(fill: Filled, lots: Lots, price_ticks: Ticks) -> Corrected:
    order = (fill.desk, fill.client_order_id, fill.fill_id, fill.symbol)
    return Corrected(*order, lots, price_ticks, fill.trading_day, fill.exchange_ns)
