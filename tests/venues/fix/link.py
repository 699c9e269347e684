"""Two real sessions on a link that delays, cuts and loses, with processes that die; and what must hold
throughout.

The checker knows nothing of the sessions' insides: it reads the bytes on the wire and what the owners were
told.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.venues.fix.counterparty import NOW, SECOND, order_fields, report_fields
from trading.venues.fix.codec import Decoder, Message
from trading.venues.fix.outputs import (
    Deliver,
    Disconnect,
    LoggedOut,
    Output,
    Role,
    Send,
    SessionConfig,
    StaleOrderNotResent,
    State,
)  # fmt: skip
from trading.venues.fix.session import Session
from trading.venues.fix.store import MemoryStore, MessageStore

Reopen = Callable[[MessageStore], MessageStore]


@dataclass
class Process:
    """One side: its session, its store, and what its owner has been told and has safely noted."""

    config: SessionConfig
    store: MessageStore
    kind: type[Session] = Session
    reopen: Reopen = lambda store: store
    told: list[Output] = field(default_factory=list)
    wrote: bytearray = field(default_factory=bytearray)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.session = self.kind(self.config, self.store)

    def die(self) -> None:
        """End the process and start another on the same store."""
        self.store = self.reopen(self.store)
        self.session = self.kind(self.config, self.store)


class Link:
    """A desk (initiator) and a broker (acceptor), and the bytes between them."""

    def __init__(self, kind: type[Session] = Session, stores: tuple[MessageStore, MessageStore] | None = None,
                 reopen: Reopen = lambda store: store) -> None:  # fmt: skip
        desk_store, broker_store = stores or (MemoryStore(), MemoryStore())
        self.desk = Process(SessionConfig(Role.INITIATOR, "DESK", "BROKER"), desk_store, kind, reopen)
        self.broker = Process(SessionConfig(Role.ACCEPTOR, "BROKER", "DESK"), broker_store, kind, reopen)
        self.now = NOW
        self.on_wire = {id(self.desk): bytearray(), id(self.broker): bytearray()}
        self.orders: list[str] = []
        self.reports: list[str] = []

    def other(self, process: Process) -> Process:
        """Return the other side."""
        return self.broker if process is self.desk else self.desk

    def perform(self, process: Process, outputs: list[Output]) -> None:
        """Do what a host does with outputs."""
        for output in outputs:
            process.told.append(output)
            if isinstance(output, Send):
                process.wrote += output.data
                self.on_wire[id(self.other(process))] += output.data
            elif isinstance(output, Disconnect):
                self.cut()

    def cut(self) -> None:
        """Break the connection; what was under way is lost."""
        for process in (self.desk, self.broker):
            self.on_wire[id(process)].clear()
            process.told += process.session.connection_lost(self.now)

    def connect(self) -> None:
        """Open a connection if there is none."""
        if self.desk.session.state is self.broker.session.state is State.DISCONNECTED:
            self.perform(self.broker, self.broker.session.start(self.now))
            self.perform(self.desk, self.desk.session.start(self.now))

    def carry(self, process: Process, size: int, dies: bool = False) -> None:
        """Bring up to `size` bytes to one side. If it dies, its owner never hears what they said."""
        waiting = self.on_wire[id(process)]
        data = bytes(waiting[:size])
        del waiting[:size]
        outputs = process.session.receive(data, self.now)
        if dies:
            process.die()
            self.cut()
        else:
            self.perform(process, outputs)

    def send_order(self) -> None:
        """Let the desk send an order if it can."""
        if self.desk.session.is_logged_on:
            name = f"C{len(self.orders)}"
            self.orders.append(name)
            self.perform(self.desk, self.desk.session.send_app(b"D", order_fields(name), self.now))

    def send_report(self) -> None:
        """Let the broker report a fill if it can."""
        if self.broker.session.is_logged_on:
            name = f"E{len(self.reports)}"
            self.reports.append(name)
            self.perform(self.broker, self.broker.session.send_app(b"8", report_fields(name), self.now))

    def pass_time(self, seconds: int) -> None:
        """Move the clock and fire what is due."""
        self.now += seconds * SECOND
        for process in (self.desk, self.broker):
            due = process.session.deadline()
            if due is not None and due <= self.now:
                self.perform(process, process.session.timer(self.now))

    def settle(self) -> None:
        """Connect, and carry everything both ways until nothing moves."""
        for _ in range(60):
            self.connect()
            for process in (self.desk, self.broker):
                self.carry(process, 1 << 20)
            is_quiet = not any(self.on_wire.values())
            if is_quiet and not self.desk.session.has_gap and not self.broker.session.has_gap:
                # A heartbeat shows the other side anything it missed since the last message it saw.
                self.pass_time(30)
                if not any(self.on_wire.values()):
                    return
            elif is_quiet:
                self.pass_time(30)

    def violations(self) -> list[str]:
        """Return what must never be, in words; empty when all is well."""
        return [*self._of_orders(), *self._of_reports(), *self._of_numbers()]

    def _of_orders(self) -> list[str]:
        written = Counter(m.text(11) for m in _messages(bytes(self.desk.wrote)) if m.msg_type == b"D")
        delivered = Counter(_delivered(self.broker, b"D", 11))
        stale = {o.client_order_id for o in self.desk.told if isinstance(o, StaleOrderNotResent)}
        return [
            *(f"order {name} was written {count} times" for name, count in written.items() if count > 1),
            *(f"order {name} was executed {count} times" for name, count in delivered.items() if count > 1),
            *(f"order {name} vanished without a word" for name in self.orders
              if name in written and name not in delivered and name not in stale),
        ]  # fmt: skip

    def _of_reports(self) -> list[str]:
        first_seen = list(dict.fromkeys(_delivered(self.desk, b"8", 17)))
        missing = [name for name in self.reports if name not in first_seen]
        order = [name for name in self.reports if name in first_seen]
        return [
            *(f"report {name} never arrived" for name in missing),
            *(["reports arrived out of order"] if first_seen != order else []),
        ]

    def _of_numbers(self) -> list[str]:
        ends = [o for p in (self.desk, self.broker) for o in p.told if isinstance(o, LoggedOut | Disconnect)]
        return [f"the sides disagreed: {end.reason}" for end in ends if "too low" in end.reason]


def _messages(data: bytes) -> list[Message]:
    return [item for item in Decoder().feed(data) if isinstance(item, Message)]


def _delivered(process: Process, msg_type: bytes, tag: int) -> list[str]:
    given = [output.message for output in process.told if isinstance(output, Deliver)]
    return [message.text(tag) for message in given if message.msg_type == msg_type]
