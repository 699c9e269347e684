"""The venue's own record: every order it ever took, every execution, every id that was used."""

from itertools import count

from trading.core.events import Offset
from trading.core.units import Lots, Nanos, Side, Ticks
from trading.venues.simulated.book import Order
from trading.venues.simulated.messages import Closed, Filled, NewOrder, Status
from trading.venues.simulated.positions import Positions
from trading.venues.simulated.spec import VenueSpec

Key = tuple[str, str]  # desk, client order id


class Register:
    """Orders are never forgotten, ids are never used twice, positions follow executions and nothing else."""

    def __init__(self, spec: VenueSpec) -> None:
        self.positions = Positions(spec.tracks_offsets, spec.closes_today_separately)
        self.orders: dict[Key, Order] = {}
        self.fills: list[Filled] = []
        self.fills_of: dict[Key, list[Filled]] = {}
        self.day = ""
        self._prefix = f"{spec.name}{spec.run}"
        self._used_ids: set[Key] = set()
        self._working: dict[Key, Order] = {}
        self._order_number = count(1)
        self._fill_number = count(1)

    def use_id(self, desk: str, client_order_id: str) -> None:
        self._used_ids.add((desk, client_order_id))

    def is_used(self, desk: str, client_order_id: str) -> bool:
        return (desk, client_order_id) in self._used_ids

    def open(self, request: NewOrder, price_ticks: Ticks, now: Nanos) -> Order:
        """Take an admitted order into the record."""
        number = next(self._order_number)
        order = Order(
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
        )
        key = (order.desk, order.client_order_id)
        self.use_id(*key)
        self.orders[key] = self._working[key] = order
        return order

    def execute(
        self, order: Order, lots: Lots, price_ticks: Ticks, stamp: Nanos, fill_id: str = ""
    ) -> Filled:
        """Book one execution of an order and return its report."""
        order.reported_lots += lots
        self.positions.book(order.account, order.symbol, order.side, lots, order.offset)
        filled = Filled(
            desk=order.desk,
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            fill_id=fill_id or f"{self._prefix}F{next(self._fill_number):07d}",
            symbol=order.symbol,
            side=order.side,
            lots=lots,
            price_ticks=price_ticks,
            cumulative_lots=order.reported_lots,
            trading_day=self.day,
            exchange_ns=stamp,
        )
        self.fills.append(filled)
        self.fills_of.setdefault((order.desk, order.client_order_id), []).append(filled)
        return filled

    def close(self, order: Order, reason: str, stamp: Nanos, cancel_id: str = "") -> Closed:
        order.is_working, order.reason = False, reason
        self._working.pop((order.desk, order.client_order_id), None)
        return Closed(order.desk, order.client_order_id, order.reported_lots, reason, stamp, cancel_id)

    def working(self, desk: str = "") -> list[Order]:
        """Return the working orders of one desk, or of all."""
        return [order for order in self._working.values() if not desk or order.desk == desk]

    def frozen_lots(self, account: str, symbol: str, side: Side, offset: Offset | None) -> Lots:
        """Return the lots that working closing orders of the same kind have claimed already."""
        wanted = (account, symbol, side, offset)
        return sum(
            order.leaves_lots
            for order in self._working.values()
            if order.offset is not Offset.OPEN
            and (order.account, order.symbol, order.side, order.offset) == wanted
        )

    def status(self, desk: str, client_order_id: str, ref: str) -> Status:
        order = self.orders.get((desk, client_order_id))
        if order is None:
            return Status(desk, client_order_id, "not_found", 0, "", ref)
        state = "working" if order.is_working else "closed"
        return Status(desk, client_order_id, state, order.reported_lots, order.venue_order_id, ref)

    def start_day(self, day: str) -> None:
        """Start a trading day: fill ids start again and today's lots become yesterday's."""
        self.day = day
        self._fill_number = count(1)
        self.positions.roll()
