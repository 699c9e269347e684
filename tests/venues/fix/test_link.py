"""What holds between two sessions whatever the link does, and that the checker sees it when it does not."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.venues.fix.counterparty import NOW, SECOND, order_fields
from tests.venues.fix.link import Link
from trading.venues.fix.codec import Message, encode
from trading.venues.fix.inbound import Inbound
from trading.venues.fix.outputs import Deliver, GapDetected, Send, StaleOrderNotResent
from trading.venues.fix.session import Session
from trading.venues.fix.store import FileStore, MemoryStore, MessageStore
from trading.venues.fix.timestamps import format_utc

STEPS: dict[str, Callable[[Link], None]] = {
    "order": Link.send_order,
    "report": Link.send_report,
    "connect": Link.connect,
    "cut": Link.cut,
    "a little to the desk": lambda link: link.carry(link.desk, 97),
    "a little to the broker": lambda link: link.carry(link.broker, 97),
    "all to the desk": lambda link: link.carry(link.desk, 1 << 20),
    "all to the broker": lambda link: link.carry(link.broker, 1 << 20),
    "the desk dies": lambda link: link.carry(link.desk, 1 << 20, dies=True),
    "the broker dies": lambda link: link.carry(link.broker, 1 << 20, dies=True),
    "a minute passes": lambda link: link.pass_time(60),
}
histories = st.lists(st.sampled_from(sorted(STEPS)), max_size=40)


def play(link: Link, history: list[str]) -> list[str]:
    link.settle()
    for step in history:
        STEPS[step](link)
    link.settle()
    assert link.desk.session.is_logged_on and link.broker.session.is_logged_on
    return link.violations()


@given(histories)
@settings(max_examples=200, deadline=None)
def test_no_order_is_doubled_and_no_report_is_lost_whatever_happens(history: list[str]) -> None:
    assert play(Link(), history) == []


@given(histories)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_survive_a_restart_from_files_at_any_point(
    tmp_path_factory: pytest.TempPathFactory, history: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("stores")

    def reopen(store: MessageStore) -> MessageStore:
        assert isinstance(store, FileStore)
        store.close()
        return FileStore(store.path)

    link = Link(stores=(FileStore(folder / "desk"), FileStore(folder / "broker")), reopen=reopen)
    try:
        assert play(link, history) == []
    finally:
        for process in (link.desk, link.broker):
            assert isinstance(process.store, FileStore)
            process.store.close()


def lose_an_order(link: Link) -> None:
    link.settle()
    link.send_order()
    link.cut()
    link.settle()


def lose_a_report(link: Link) -> None:
    link.settle()
    link.send_report()
    link.carry(link.desk, 1 << 20, dies=True)
    link.settle()


def test_an_order_lost_on_the_way_is_reported_and_not_sent_again() -> None:
    link = Link()

    lose_an_order(link)

    assert [o.client_order_id for o in link.desk.told if isinstance(o, StaleOrderNotResent)] == ["C0"]
    assert link.violations() == []


def test_a_report_whose_reader_died_arrives_again() -> None:
    link = Link()

    lose_a_report(link)

    assert [o.is_poss_dup for o in link.desk.told if isinstance(o, Deliver)] == [True]
    assert link.violations() == []


def test_both_sides_miss_messages_at_once_and_both_recover() -> None:
    link = Link()
    link.settle()
    for _ in range(3):
        link.send_order()
        link.send_report()
    link.cut()

    link.settle()

    for process in (link.desk, link.broker):
        assert any(isinstance(output, GapDetected) for output in process.told)
    assert link.violations() == []


class ResendsOrders(Session):
    """A planted bug: answers a ResendRequest with everything it has, orders included."""

    def _on_resend_request(self, message: Message, now: int) -> None:
        for _, raw in self._store.outbound(message.integer(7) or 1, self._store.next_out - 1):
            self._outputs.append(Send(raw))


class RecordsBeforeHanded(Session):
    """A planted bug: notes a message as handled before its owner has heard of it."""

    def _use_up(self, message: Message) -> None:
        super()._use_up(message)
        self._record_handled()


class ForgetsToReport(Session):
    """A planted bug: fills over its stale orders without a word."""

    def receive(self, data: bytes, now: int) -> list:  # type: ignore[type-arg]
        return [o for o in super().receive(data, now) if not isinstance(o, StaleOrderNotResent)]


class ExecutesWhatWasFilledOver(Session):
    """A planted bug: a message that waits behind a gap is served although its sender has filled over it."""

    def _on_too_high(self, seq_num: int, message: Message, now: int) -> None:
        if message.msg_type == b"D":
            self._outputs.append(Deliver(message, False, False))
        super()._on_too_high(seq_num, message, now)


class ForgetfulStore(MemoryStore):
    """A planted bug: a restart forgets the numbers."""

    def forget(self) -> "ForgetfulStore":
        self.next_out = 1
        return self


def order_behind_a_gap(link: Link) -> None:
    link.settle()
    link.send_order()
    link.on_wire[id(link.broker)].clear()
    link.send_order()
    link.settle()


@pytest.mark.parametrize(
    ("bug", "history", "words"),
    [
        (ResendsOrders, lose_an_order, "order C0 was written"),
        (ForgetsToReport, lose_an_order, "order C0 vanished without a word"),
        (RecordsBeforeHanded, lose_a_report, "report E0 never arrived"),
    ],
)
def test_the_checker_sees_a_planted_bug(bug: type[Session], history: Callable[[Link], None], words: str) -> None:
    link = Link(kind=bug)

    history(link)

    assert any(words in violation for violation in link.violations())


def test_the_checker_sees_numbers_that_do_not_survive() -> None:
    def forget(store: MessageStore) -> MessageStore:
        return store.forget() if isinstance(store, ForgetfulStore) else store

    link = Link(stores=(ForgetfulStore(), MemoryStore()), reopen=forget)
    link.settle()
    link.desk.die()
    link.cut()

    link.settle()

    assert any("the sides disagreed" in words for words in link.violations())


def test_an_order_behind_a_gap_is_reported_stale_and_never_executed() -> None:
    link, broken = Link(), Link(kind=ExecutesWhatWasFilledOver)

    order_behind_a_gap(link)
    order_behind_a_gap(broken)

    def contradictions(played: Link) -> set[str]:
        stale = {o.client_order_id for o in played.desk.told if isinstance(o, StaleOrderNotResent)}
        executed = {o.message.text(11) for o in played.broker.told if isinstance(o, Deliver)}
        return stale & executed

    assert contradictions(link) == set()
    assert contradictions(broken) == {"C1"}


@given(st.binary(max_size=400), st.lists(st.integers(1, 60), max_size=30), st.data())
@settings(max_examples=300, deadline=None)
def test_noise_never_raises_in_any_state(noise: bytes, cuts: list[int], data: st.DataObject) -> None:
    link = Link()
    if data.draw(st.booleans()):
        link.settle()
        link.send_order()
        stream = bytes(link.on_wire[id(link.broker)])
        at = data.draw(st.integers(0, len(stream)))
        noise = stream[:at] + noise + stream[at:]
    else:
        link.broker.session.start(NOW)
    for size in [*cuts, len(noise)]:
        link.broker.session.receive(noise[:size], NOW)
        noise = noise[size:]
        link.broker.session.timer(NOW + SECOND)


@given(st.lists(st.integers(1, 80), max_size=60), st.binary(max_size=40))
@settings(max_examples=200, deadline=None)
def test_outputs_do_not_depend_on_how_the_stream_is_cut(cuts: list[int], noise: bytes) -> None:
    whole, cut = Link(), Link()
    for link in (whole, cut):
        link.settle()
    for link in (whole, cut):
        for number in range(3):
            outputs = link.desk.session.send_app(b"D", order_fields(f"C{number}"), link.now)
            link.perform(link.desk, outputs)
            link.on_wire[id(link.broker)] += noise
    stream = bytes(whole.on_wire[id(whole.broker)])

    at_once = whole.broker.session.receive(stream, whole.now)
    in_pieces = []
    for size in [*cuts, len(stream)]:
        in_pieces += cut.broker.session.receive(stream[:size], cut.now)
        stream = stream[size:]

    assert list(map(_words, in_pieces)) == list(map(_words, at_once))


def _words(output: object) -> str:
    return repr(output.message.raw) if isinstance(output, Deliver) else repr(output)


def test_the_planted_bugs_override_what_exists() -> None:
    for name in ("_on_resend_request", "_use_up", "_on_too_high"):
        assert hasattr(Inbound, name)


session_tags = st.sampled_from([7, 16, 34, 36, 43, 45, 49, 52, 56, 58, 95, 96, 97, 98, 108, 112, 115, 122, 123, 141])
odd_values = st.one_of(
    st.sampled_from(
        [b"Y", b"N", b"0", b"1", b"2", b"-1", b"9" * 18, b"9" * 40, b"BROKER", b"DESK", b"20260931-10:13:20"]
    ),
    st.binary(max_size=6),
)


@given(
    st.lists(
        st.tuples(st.sampled_from(b"0 1 2 3 4 5 A D 8 j ZZ".split()), st.lists(st.tuples(session_tags, odd_values))),
        max_size=12,
    ),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_well_formed_nonsense_never_raises(said: list[tuple[bytes, list[tuple[int, bytes]]]], is_up: bool) -> None:
    link = Link()
    link.settle() if is_up else link.connect()
    for msg_type, fields in said:
        number = b"34=%d\x01" % link.broker.session.next_in
        head = b"35=%b\x0149=DESK\x0156=BROKER\x01%b52=%b\x01" % (msg_type, number, format_utc(link.now))
        body = head + b"".join(b"%d=%b\x01" % field for field in fields)
        link.broker.session.receive(encode(b"FIX.4.4", body), link.now)
        link.broker.session.timer(link.now)
