"""What others got wrong on the line to a venue: subscriptions that break it, orders sent twice, reports thrown away."""

from pathlib import Path

import msgspec
import pytest

from tests.venues.fix.counterparty import NOW, Counterparty, order_fields, report_fields
from tests.venues.recorder import Recorder
from tests.venues.simulated.wire import config_in, running
from tests.venues.test_resting_orders import FACES, adapter_of
from trading.core.events import VenueDown, VenueUp
from trading.market.book import Quote
from trading.venues.fix.codec import Decoder
from trading.venues.fix.outputs import Deliver, Role, Send, StaleOrderNotResent


@pytest.mark.parametrize("name", FACES)
async def test_rt22_a_subscription_names_the_desk_s_instruments_and_an_unlisted_one_costs_no_line(
    tmp_path: Path, name: str
):
    """openctp #30: subscribing everything made the front disconnect (8193), and so on for ever."""
    async with running(config_in(tmp_path)) as venues:
        venue, heard = venues.by_name[name], Recorder()
        [listed] = venue.entry.instruments
        unlisted = msgspec.structs.replace(listed, code="X.NONE", symbol="NONE")
        adapter = adapter_of(venue, heard, tmp_path, unlisted)
        adapter.subscribe([listed, unlisted])
        await adapter.connect()
        await heard.gets(VenueUp)
        await heard.gets(Quote)
        adapter.subscribe([listed])
        await heard.gets(Quote)
        lost = heard.of(VenueDown)
        await adapter.close()

    assert {quote.instrument for quote in heard.of(Quote)} == {listed.code}
    assert lost == []
    assert len(heard.of(VenueUp)) == 1


def written(peer: Counterparty, msg_type: bytes, fields: list) -> None:
    """Let our session send an application message."""
    peer.outputs = peer.session.send_app(msg_type, fields, peer.now)


def test_rt24_an_order_that_is_asked_for_again_is_never_sent_again():
    """QuickFIX #268: in a resend race message 167 went out twice, the second time without PossDup."""
    peer = Counterparty(Role.INITIATOR)
    peer.log_on()
    written(peer, b"D", order_fields("C1"))
    replies = peer.say("2", (7, 2), (16, 0))
    told = peer.said(StaleOrderNotResent)
    again = peer.say("2", (7, 2), (16, 0))

    assert [message.text(35) for message in (*replies, *again)] == ["4", "4"], "a gap is filled, no order"
    assert told == [StaleOrderNotResent("D", "C1", 2)], "and its owner learns it, once"


def test_rt24_what_does_go_out_again_always_says_so():
    """QuickFIX #268: every message under an old number carries PossDup (43) and its first sending time (122)."""
    peer = Counterparty()
    peer.log_on()
    for number in range(3):
        written(peer, b"8", report_fields(f"E{number}"))
    peer.wait(5)
    first = peer.say("2", (7, 2), (16, 0))
    second = peer.say("2", (7, 3), (16, 3))

    assert [message.text(17) for message in first] == ["E0", "E1", "E2"]
    assert [message.text(17) for message in second] == ["E1"]
    assert all(message.text(43) == "Y" and message.get(122) for message in (*first, *second))


def test_rt25_a_missed_report_comes_itself_and_not_as_a_filled_gap():
    """QuickFIX/n #502: GapFill was sent instead of the messages, and the fills in them were lost for good."""
    peer = Counterparty()
    peer.log_on()
    written(peer, b"8", report_fields("E7"))
    [sent] = [output for output in peer.outputs if isinstance(output, Send)]
    [resent] = peer.say("2", (7, 2), (16, 2))

    original = Decoder().feed(sent.data)[0]
    assert (resent.text(35), resent.text(34)) == ("8", "2")
    for tag in (17, 37, 14, 31, 32, 39, 150, 151):
        assert resent.get(tag) == original.get(tag)


def test_rt25_a_possible_duplicate_that_is_new_to_us_is_delivered():
    """QuickFIX/n #825, QF/J #1254: PossDup messages were discarded although they had never been seen."""
    peer = Counterparty(Role.INITIATOR)
    peer.log_on()
    peer.say("8", *report_fields("E9"), seq=4)  # 2 and 3 are missing
    delivered = []
    for seq, name in ((2, "E7"), (3, "E8")):
        peer.repeat("8", seq, *report_fields(name), first_sent_at=NOW)
        delivered += [output.message.text(17) for output in peer.said(Deliver)]

    assert delivered[:2] == ["E7", "E8"]
    assert "E9" in delivered
