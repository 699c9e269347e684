"""The market data of one FIX session: its subscriptions, its books and the quotes they give. Pure."""

import logging
from collections.abc import Iterable

from trading.core.terms import Instrument
from trading.core.units import Nanos
from trading.market.book import Quote
from trading.venues.fix import messages
from trading.venues.fix.codec import Message
from trading.venues.fix.codes import EntryType, SubscriptionType
from trading.venues.fix.market_data import BadPrice, Book, entries, exchange_time

READY_TO_TRADE = 17  # SecurityTradingStatus(326)
BOTH_SIDES = (
    messages.EntryTypeWanted(entry_type=EntryType.BID),
    messages.EntryTypeWanted(entry_type=EntryType.OFFER),
)
MSG_TYPES = frozenset({b"W", b"X", b"Y", b"f"})

log = logging.getLogger(__name__)


class Feed:
    """Books by symbol. After each message, `stale` names the symbols that need a snapshot."""

    def __init__(self, venue: str, instruments: Iterable[Instrument]) -> None:
        self._venue = venue
        self._books = {i.symbol: Book(i) for i in instruments}
        self._halted: set[str] = set()
        self._asked: set[str] = set()
        self._requests = 0
        self.subscribed: set[str] = set()

    def subscription(self) -> messages.MarketDataRequest | None:
        """Return the request for everything subscribed, or None; books are unknown until it is answered."""
        for symbol in self.subscribed:
            self._books[symbol].lose()
        self._asked = set(self.subscribed)
        return self._request(SubscriptionType.SUBSCRIBE, self.subscribed) if self.subscribed else None

    def repair(self) -> messages.MarketDataRequest | None:
        """Return the request for snapshots of the books that lost a change, or None; each is asked for once."""
        stale = {s for s in self.subscribed if self._books[s].is_stale} - self._asked
        self._asked |= stale
        return self._request(SubscriptionType.SNAPSHOT, stale) if stale else None

    def read(self, message: Message, received_at: Nanos) -> list[Quote]:
        """Take a market data message; return the quotes it changes, one for each instrument."""
        changed: dict[str, Book] = {}
        if message.msg_type == b"W":
            self._replace(message, changed)
        elif message.msg_type == b"X":
            self._change(message, changed)
        elif message.msg_type == b"f":
            self._trading_status(messages.SecurityStatus.parse(message), changed)
        else:
            refusal = messages.MarketDataRequestReject.parse(message)
            log.error("%s refuses market data: %s %s", self._venue, refusal.reason, refusal.text or "")
        exchange_at = exchange_time(message)
        return [self._quote(symbol, book, exchange_at, received_at) for symbol, book in changed.items()]

    def _request(self, kind: SubscriptionType, symbols: Iterable[str]) -> messages.MarketDataRequest:
        self._requests += 1
        return messages.MarketDataRequest(
            request_id=f"MD{self._requests}",
            subscription=kind,
            depth=0,
            update_type=1 if kind is SubscriptionType.SUBSCRIBE else None,
            entry_types=BOTH_SIDES,
            symbols=tuple(messages.SymbolWanted(symbol=s) for s in sorted(symbols)),
        )

    def _replace(self, message: Message, changed: dict[str, Book]) -> None:
        symbol = message.text(55)
        book = self._books.get(symbol)
        if book is None:
            log.error("%s sent a book of %r, which was not asked for", self._venue, symbol)
            return
        try:
            book.replace(message)
        except BadPrice as fault:
            book.lose()
            log.error("%s: book of %s ignored: %s", self._venue, symbol, fault)
        else:
            self._asked.discard(symbol)
        changed[symbol] = book

    def _change(self, message: Message, changed: dict[str, Book]) -> None:
        symbol = ""
        for entry in entries(message, first_tag=279):
            symbol = entry[55].decode() if 55 in entry else symbol
            book = self._books.get(symbol)
            if book is None:
                continue
            try:
                book.change(entry)
            except BadPrice as fault:
                book.lose()
                log.error("%s: change of %s ignored: %s", self._venue, symbol, fault)
            changed[symbol] = book

    def _trading_status(self, status: messages.SecurityStatus, changed: dict[str, Book]) -> None:
        if status.symbol in self._books and status.trading_status is not None:
            is_open = status.trading_status == READY_TO_TRADE
            (self._halted.discard if is_open else self._halted.add)(status.symbol)
            changed[status.symbol] = self._books[status.symbol]

    def _quote(self, symbol: str, book: Book, exchange_at: Nanos, received_at: Nanos) -> Quote:
        return Quote(
            instrument=book.instrument.code,
            bids=book.bids,
            asks=book.asks,
            exchange_at=exchange_at,
            received_at=received_at,
            is_trading=symbol not in self._halted,
        )
