"""Every way a simulated venue, its line or its market data can be made to fail, by name.

The ids are those of the fault catalogue of the reliability basis (F-VEN, F-SES, F-MD, F-CLK); the README's table is
checked against this one.
"""

from enum import Enum
from typing import Any

import msgspec


class Where(Enum):
    ORDER = "order"  # the next order or cancel
    REPORT = "report"  # what the venue reports
    VENUE = "venue"  # a state of the venue while it is on
    ACTION = "action"  # happens once, at once
    LINE = "line"  # the connection
    MARKET_DATA = "market data"  # the published book


class FaultKind(msgspec.Struct, frozen=True):
    where: Where
    catalogue_ids: str
    does: str
    params: dict[str, Any] = {}


def _kind(where: Where, ids: str, does: str, **params: Any) -> FaultKind:
    return FaultKind(where, ids, does, params)


CATALOGUE: dict[str, FaultKind] = {
    "reject_next": _kind(
        Where.ORDER,
        "F-VEN-01 F-VEN-02 F-VEN-03 F-VEN-25",
        "rejects the order with `code`",
        code="MARGIN",
        text="not enough margin",
    ),
    "throttle_reject": _kind(Where.ORDER, "F-SES-10", "rejects the order as one too many per second"),
    "partial_next": _kind(
        Where.ORDER, "F-VEN-04 F-VEN-05", "fills at most `ratio` of the order, rounded down", ratio="0.5"
    ),
    "no_fill": _kind(Where.ORDER, "F-VEN-04", "accepts the order and fills nothing of it on arrival"),
    "order_lost": _kind(
        Where.ORDER, "F-VEN-07 F-SES-01", "loses the order before the venue; no reply, queries find nothing"
    ),
    "zombie": _kind(
        Where.ORDER,
        "F-VEN-08",
        "holds the order back for `delay_ms`; until then queries find nothing",
        delay_ms=5000,
    ),
    "trade_through": _kind(Where.ORDER, "F-VEN-30", "fills `ticks` worse than the limit price", ticks=2),
    "cancel_reject": _kind(Where.ORDER, "F-VEN-15", "rejects the cancel as too late", text="too late to cancel"),
    "cancel_ignored": _kind(
        Where.ORDER, "F-VEN-28 F-VEN-29", "swallows the cancel: no reply, the order goes on working"
    ),
    "no_cancel_period": _kind(Where.VENUE, "F-VEN-23", "rejects every cancel while it is on"),
    "ack_lost": _kind(Where.REPORT, "F-VEN-06", "does not send the acceptance; the order lives"),
    "reports_lost": _kind(Where.REPORT, "F-SES-07 F-VEN-17", "sends no report of the order at all; queries know it"),
    "fill_lost": _kind(Where.REPORT, "F-VEN-17", "does not send the fill; queries know it"),
    "reject_lost": _kind(Where.REPORT, "F-SES-08", "does not send the reject; queries find no such order"),
    "cancel_ack_lost": _kind(Where.REPORT, "F-VEN-16", "cancels, and does not say so"),
    "fill_before_ack": _kind(Where.REPORT, "F-VEN-09", "sends the acceptance `delay_ms` after the fills", delay_ms=50),
    "status_before_fills": _kind(
        Where.REPORT,
        "F-VEN-10",
        "sends the fills `delay_ms` after the order is reported closed",
        delay_ms=100,
    ),
    "duplicate_fill": _kind(Where.REPORT, "F-VEN-11", "sends the fill `times` more", times=1),
    "late_fill_after_cancel": _kind(
        Where.REPORT,
        "F-VEN-14",
        "reports up to `lots` of the cancelled remainder filled `delay_ms` after the close",
        lots=1,
        delay_ms=300,
    ),
    "reorder": _kind(
        Where.REPORT,
        "F-SES-12",
        "delays each report by a random part of `delay_ms`, so that they overtake",
        delay_ms=200,
    ),
    "latency_ms": _kind(
        Where.VENUE, "F-SES-12", "adds `ms` (and a random part of `jitter_ms`) each way", ms=200, jitter_ms=0
    ),
    "halt": _kind(Where.VENUE, "F-VEN-22", "halts trading: orders are rejected, books show the phase break"),
    "session_break": _kind(Where.VENUE, "F-VEN-24", "puts the venue into a session break"),
    "limit_lock": _kind(
        Where.VENUE,
        "F-VEN-22",
        "locks the book at a limit: only `side` has orders (buy = limit up)",
        side="buy",
    ),
    "clock_offset": _kind(Where.VENUE, "F-VEN-27 F-CLK-01", "shifts the venue's time stamps by `ms`", ms=2000),
    "static_data_change": _kind(
        Where.VENUE,
        "F-VEN-26 F-MD-05",
        "announces another `value` of an instrument's `field`",
        field="multiplier",
        value="10",
    ),
    "roll_trading_day": _kind(
        Where.ACTION,
        "F-VEN-13 F-CLK-02",
        "starts the next trading day: fill ids start again, today's lots become yesterday's",
    ),
    "unsolicited_cancel": _kind(Where.ACTION, "F-VEN-19", "cancels working orders without being asked"),
    "forced_liquidation": _kind(
        Where.ACTION, "F-VEN-20", "trades up to `lots` of the account's position away", lots=1, account=""
    ),
    "foreign_order": _kind(
        Where.ACTION, "F-VEN-21 F-OPS-03", "another terminal of the account trades `lots`", lots=1, account=""
    ),
    "trade_bust": _kind(Where.ACTION, "F-VEN-18", "takes the last fill back"),
    "trade_correct": _kind(
        Where.ACTION,
        "F-VEN-18",
        "corrects the last fill to `lots` (0: as before) and its price by `ticks`",
        lots=0,
        ticks=1,
    ),
    "drop_connection": _kind(Where.LINE, "F-SES-02", "closes the TCP connection"),
    "drop_before_order": _kind(Where.LINE, "F-SES-01", "closes the connection instead of taking the next order"),
    "drop_after_order": _kind(Where.LINE, "F-SES-01", "takes the next order and closes the connection"),
    "half_open": _kind(Where.LINE, "F-SES-03", "keeps the connection and goes silent both ways"),
    "one_way": _kind(Where.LINE, "F-SES-13", "goes on receiving and sends nothing"),
    "seq_gap": _kind(Where.LINE, "F-SES-04", "skips `numbers` sequence numbers of the session", numbers=3),
    "poss_dup": _kind(Where.LINE, "F-SES-05", "sends the last `messages` reports once more", messages=5),
    "replay_day": _kind(Where.LINE, "F-SES-06", "sends every report of the day once more"),
    "kick": _kind(Where.LINE, "F-SES-09", "logs the client out and closes"),
    "refuse_logon": _kind(Where.LINE, "F-SES-09", "refuses logons with `text`", text="password expired"),
    "malformed": _kind(Where.LINE, "F-SES-14", "sends one malformed message"),
    "md_freeze": _kind(Where.MARKET_DATA, "F-MD-01", "publishes no books"),
    "md_delay": _kind(Where.MARKET_DATA, "F-MD-02", "publishes books `ms` late, stamped with their own time", ms=1500),
    "md_zero_price": _kind(Where.MARKET_DATA, "F-MD-03", "publishes zero prices"),
    "md_no_value": _kind(
        Where.MARKET_DATA, "F-MD-03", "publishes the largest double (CTP's 'no value') as best bid and ask"
    ),
    "md_cross": _kind(Where.MARKET_DATA, "F-MD-03", "publishes a crossed book"),
    "md_empty_side": _kind(Where.MARKET_DATA, "F-MD-03", "publishes no orders on `side`", side="sell"),
    "md_spike": _kind(Where.MARKET_DATA, "F-MD-04", "moves one book by `ticks`", ticks=200),
    "md_yesterday": _kind(Where.MARKET_DATA, "F-MD-06", "publishes books stamped a day ago"),
    "md_burst": _kind(Where.MARKET_DATA, "F-MD-07", "publishes every book `times` more", times=20),
    "md_gap": _kind(
        Where.MARKET_DATA,
        "F-SES-04 F-SES-12",
        "loses one publication, so that its sequence number is missing",
    ),
}
# Line faults that are an act, not a state.
AT_ONCE = {"drop_connection", "seq_gap", "poss_dup", "replay_day", "kick", "malformed"}
UNTIL_CLEARED = {
    "no_cancel_period",
    "half_open",
    "one_way",
    "refuse_logon",
    "md_freeze",
    "md_yesterday",
    "md_delay",
    "reorder",
} | {name for name, kind in CATALOGUE.items() if kind.where is Where.VENUE}
