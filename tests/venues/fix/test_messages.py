"""Orders, reports and market data: written and read without loss, refused when they do not fit."""

from dataclasses import fields as columns
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.venues.fix.counterparty import NOW, Counterparty
from trading.venues.fix import messages
from trading.venues.fix.body import Body, MalformedMessage
from trading.venues.fix.codec import Decoder, Message, Value, encode, encode_fields
from trading.venues.fix.codes import (
    EntryType,
    ExecType,
    OrderStatus,
    OrderType,
    Side,
    SubscriptionType,
    TimeInForce,
    UpdateAction,
)
from trading.venues.fix.outputs import Deliver, RejectSent

ORDER = messages.NewOrderSingle(
    client_order_id="desk-7-1-0-1",
    symbol="CA-3M",
    side=Side.SELL,
    lots=5,
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.IOC,
    sent_at=NOW,
    price=Decimal("9123.50"),
    account="A1",
    maturity_date="20270219",
)
EXAMPLES: list[Body] = [
    ORDER,
    messages.OrderCancelRequest(
        client_order_id="C2", orig_client_order_id="C1", symbol="CA-3M", side=Side.BUY, sent_at=NOW
    ),
    messages.OrderStatusRequest(client_order_id="C1", symbol="CA-3M", side=Side.BUY, request_id="Q1"),
    messages.OrderMassStatusRequest(request_id="Q2"),
    messages.ExecutionReport(
        venue_order_id="V1",
        exec_id="E1",
        exec_type=ExecType.TRADE,
        symbol="CA-3M",
        status=OrderStatus.PARTIALLY_FILLED,
        side=Side.SELL,
        leaves_lots=2,
        filled_lots=3,
        average_price=Decimal("9123.5"),
        client_order_id="C1",
        last_lots=3,
        last_price=Decimal("9123.5"),
        reported_at=NOW,
        is_last_report=True,
        reports_total=1,
        mass_status_id="Q2",
    ),
    messages.OrderCancelReject(
        venue_order_id="NONE",
        client_order_id="C2",
        orig_client_order_id="C1",
        status=OrderStatus.FILLED,
        response_to=1,
        reason=0,
        text="too late",
    ),
    messages.BusinessMessageReject(ref_msg_type="D", reason=3, ref_seq_num=7, ref_id="C1", text="no"),
    messages.MarketDataRequest(
        request_id="M1",
        subscription=SubscriptionType.SUBSCRIBE,
        depth=5,
        update_type=1,
        entry_types=tuple(messages.EntryTypeWanted(entry_type=kind) for kind in (EntryType.BID, EntryType.OFFER)),
        symbols=(messages.SymbolWanted(symbol="CA-3M"), messages.SymbolWanted(symbol="FX")),
    ),
    messages.MarketDataSnapshot(
        request_id="M1",
        symbol="CA-3M",
        report_seq_num=41,
        entries=(
            messages.SnapshotEntry(entry_type=EntryType.BID, price=Decimal("9123.5"), lots=7, position=1),
            messages.SnapshotEntry(entry_type=EntryType.OFFER, price=Decimal("-0.005"), lots=2, position=1),
        ),
    ),
    messages.MarketDataSnapshot(symbol="CA-3M"),
    messages.MarketDataIncremental(
        request_id="M1",
        entries=(
            messages.IncrementalEntry(
                action=UpdateAction.CHANGE,
                entry_type=EntryType.BID,
                symbol="CA-3M",
                report_seq_num=42,
                price=Decimal("9124"),
                lots=1,
                position=1,
            ),
            messages.IncrementalEntry(action=UpdateAction.DELETE, symbol="CA-3M", report_seq_num=43, entry_id="x"),
        ),
    ),
    messages.MarketDataRequestReject(request_id="M1", reason="0", text="unknown symbol"),
    messages.SecurityStatus(symbol="CA-3M", trading_status=2, changed_at=NOW),
]


def wire(body: Body, extra: tuple[tuple[int, Value], ...] = ()) -> Message:
    [item] = Decoder().feed(encode(b"FIX.4.4", encode_fields([(35, body.MSG_TYPE or b"W"), *body.fields(extra)])))
    assert isinstance(item, Message)
    return item


@pytest.mark.parametrize("body", EXAMPLES, ids=lambda body: type(body).__name__)
def test_what_was_written_is_read(body: Body) -> None:
    assert type(body).parse(wire(body)) == body


@pytest.mark.parametrize("body", EXAMPLES, ids=lambda body: type(body).__name__)
def test_our_own_messages_pass_the_strict_dictionary(body: Body) -> None:
    peer = Counterparty()
    peer.log_on()

    replies = peer.say(body.MSG_TYPE.decode(), *body.fields())

    assert replies == [] and len(peer.said(Deliver)) == 1, peer.said(RejectSent)


def test_every_message_has_an_example() -> None:
    written = {type(example) for example in EXAMPLES}
    defined = {
        item for item in vars(messages).values() if isinstance(item, type) and issubclass(item, Body) and item.MSG_TYPE
    }

    assert defined == written


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8), st.integers(0, 10**9))
def test_prices_and_lots_are_exact(price: Decimal, lots: int) -> None:
    body = messages.SnapshotEntry(entry_type=EntryType.BID, price=price, lots=lots)

    read = messages.SnapshotEntry.parse(wire(body))

    assert (read.price, read.lots) == (price, lots)


@pytest.mark.parametrize(
    ("tag", "value"),
    [(38, "2.5"), (38, "x"), (44, "1e3"), (44, "NaN"), (54, "Z"), (60, "now"), (38, "+5"), (44, "1_0")],
)
def test_what_does_not_fit_is_refused_naming_the_tag(tag: int, value: str) -> None:
    changed = [(known, value if known == tag else old) for known, old in ORDER.fields()]
    [message] = Decoder().feed(encode(b"FIX.4.4", encode_fields([(35, "D"), *changed])))
    assert isinstance(message, Message)

    with pytest.raises(MalformedMessage, match=f"D message: tag {tag} must be") as refusal:
        messages.NewOrderSingle.parse(message)
    assert refusal.value.tag == tag


def test_a_missing_field_is_named() -> None:
    [message] = Decoder().feed(encode(b"FIX.4.4", encode_fields([(35, "9"), (37, "V1")])))
    assert isinstance(message, Message)

    with pytest.raises(MalformedMessage, match="tag 11 is missing"):
        messages.OrderCancelReject.parse(message)


def test_whole_lots_may_be_written_with_zeros_behind_the_point() -> None:
    changed = [(known, "5.000" if known == 38 else old) for known, old in ORDER.fields()]
    [message] = Decoder().feed(encode(b"FIX.4.4", encode_fields([(35, "D"), *changed])))
    assert isinstance(message, Message)

    assert messages.NewOrderSingle.parse(message).lots == 5


def test_a_brokers_extra_fields_follow_the_body() -> None:
    assert wire(ORDER, ((9702, "1"),)).text(9702) == "1"


def test_no_field_is_a_float() -> None:
    for body in {type(example) for example in EXAMPLES}:
        assert "float" not in str([column.type for column in columns(body)])
