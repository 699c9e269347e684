"""A copper project's day as receipts: configured, armed, one hedge, one top-up, one rollback, an alert."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from audit import receipts
from audit.chain import GENESIS, link
from audit.models import Project
from audit.receipts import JournalRecord, Subject

PROJECT, PAIR, PROGRAM = "CU-XMKT-01", "CU-SHFE-LME", "CU-SELL"
SHFE, LME = "SHFE.cu2703", "LME.CA-3M"
AT = datetime(2026, 11, 20, 13, 4, 0, tzinfo=UTC)
START_NS = receipts.nanos(AT)
MS = 1_000_000


class Story:
    """Writes a desk's journal as the engine would, and copies it into the trail."""

    def __init__(self) -> None:
        self.records: list[JournalRecord] = []
        self._head = GENESIS
        self._clock_ns = START_NS

    def after(self, span_ms: float) -> "Story":
        self._clock_ns += int(span_ms * MS)
        return self

    def write(self, kind: str, execution: str = "", /, **event: Any) -> int:
        """Append one event; returns its time."""
        body = msgspec.json.encode(
            {
                "seq": len(self.records) + 1,
                "at": self._clock_ns,
                "epoch": 3,
                "program": PROGRAM,
                "execution": execution,
                "event": {"type": kind, **event},
            }
        )
        self._head = link(self._head, body)
        subject = Subject(project=PROJECT, pair=PAIR, program=PROGRAM, execution=execution, instruments=(SHFE, LME))
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind).strip("_")
        self.records.append(
            JournalRecord(
                len(self.records) + 1,
                self._clock_ns,
                name,
                body,
                self._head.hex(),
                event.get("actor", ""),
                subject,
            )
        )
        return self._clock_ns

    def decide(self, execution: str, purpose: str, orders: list[dict[str, Any]], **more: Any) -> None:
        quotes = [
            {"instrument": SHFE, "bids": [[7947, 42], [7946, 80]], "asks": [[7948, 35]], "exchange_at": 0},
            {"instrument": LME, "bids": [[19496, 12]], "asks": [[19497, 9]], "exchange_at": 0},
        ]
        for quote in quotes:
            quote["exchange_at"] = quote["received_at"] = self._clock_ns - 3 * MS
        self.write(
            "OrdersDecided", execution, execution=execution, purpose=purpose, orders=orders, quotes=quotes,
            measure_value="1463.20", trigger_value="1400", limits_version="1", **more,
        )  # fmt: skip

    def fill(self, execution: str, order: dict[str, Any], number: int, lots: int, ticks: int) -> None:
        self.write(
            "OrderFilled", execution, client_order_id=order["client_order_id"], fill_id=f"F{number}",
            lots=lots, price_ticks=ticks, trading_day="20261123", exchange_at=self._clock_ns - 2 * MS,
        )  # fmt: skip

    def close(self, execution: str, order: dict[str, Any], lots: int, reason: str) -> None:
        self.write(
            "OrderClosed", execution, client_order_id=order["client_order_id"], cumulative_lots=lots,
            reason=reason,
        )  # fmt: skip


def order(number: str, leg: int, side: str, lots: int, ticks: int, purpose: str = "entry") -> dict[str, Any]:
    return {
        "client_order_id": f"DEMO3-1-{number}", "instrument": (SHFE, LME)[leg], "venue": ("SHFE", "LME")[leg],
        "leg": leg, "side": side, "lots": lots, "price_ticks": ticks, "time_in_force": "ioc",
        "purpose": purpose, "offset": "open", "attempt": int(number[-1]),
    }  # fmt: skip


CONFIGURATION = {
    "desk": "demo",
    "config_hash": "c0ffee",
    "environment": "SIM",
    "currency": "CNY",
    "instruments": [
        {"code": SHFE, "venue": "SHFE", "tick": "10", "multiplier": "5", "unit": "t", "currency": "CNY"},
        {"code": LME, "venue": "LME", "tick": "0.5", "multiplier": "25", "unit": "t", "currency": "USD"},
    ],
    "venues": [
        {"name": "SHFE", "is_simulated": True, "side": "domestic", "input_kind": "recorded",
         "input_label": "cu2703, 2026-11-18"},
        {"name": "LME", "is_simulated": True, "side": "foreign", "input_kind": "generated",
         "input_label": "from SHFE.cu2703"},
    ],
}  # fmt: skip


def _hedged(story: Story) -> None:
    name, sell, buy = (
        "X-20261120-CU-SELL-000001",
        order("1-A1", 0, "sell", 5, 7946),
        order("1-B1", 1, "buy", 1, 19498),
    )
    story.decide(name, "entry", [sell, buy])
    story.after(0.4).write(
        "SentToWire", name, client_order_ids=[sell["client_order_id"], buy["client_order_id"]],
        at=story._clock_ns,
    )  # fmt: skip
    story.after(21).fill(name, buy, 1, 1, 19497)
    story.after(0.1).close(name, buy, 1, "filled")
    story.after(12).fill(name, sell, 2, 3, 7947)
    story.after(4).fill(name, sell, 3, 2, 7946)
    story.after(0.1).close(name, sell, 5, "filled")
    story.after(0.1).write("ExecutionEnded", name, execution=name, outcome="hedged", naked=[0, 0])


def _topped_up(story: Story) -> None:
    name, sell, buy = (
        "X-20261120-CU-SELL-000002",
        order("2-A1", 0, "sell", 5, 7946),
        order("2-B1", 1, "buy", 1, 19498),
    )
    story.after(60_000).decide(name, "entry", [sell, buy])
    story.after(0.3).write(
        "SentToWire", name, client_order_ids=[sell["client_order_id"], buy["client_order_id"]],
        at=story._clock_ns,
    )  # fmt: skip
    story.after(18).fill(name, buy, 4, 1, 19498)
    story.after(0.1).close(name, buy, 1, "filled")
    story.after(15).fill(name, sell, 5, 2, 7946)
    story.after(0.1).close(name, sell, 2, "expired")
    story.after(0.5).write(
        "AlertRaised", name, rule="naked_age", severity="P2", text_key="alert.naked_age",
        values={"lots": "3", "age_ms": "16"}, execution=name,
    )  # fmt: skip
    again = order("2-A2", 0, "sell", 3, 7944, "top_up")
    options = [
        {
            "name": "wait",
            "target_units": 1,
            "lots_by_leg": [0, 0],
            "cost": None,
            "reason": "no order works any more",
        },
        {
            "name": "top_up",
            "target_units": 1,
            "lots_by_leg": [-3, 0],
            "cost": "300.00",
            "reason": "cheapest within the limits",
        },
        {
            "name": "unwind",
            "target_units": 0,
            "lots_by_leg": [2, -1],
            "cost": "1120.50",
            "reason": "costs more than top_up",
        },
    ]
    story.after(250).decide(name, "top_up", [again], options=options)
    story.after(0.3).write("SentToWire", name, client_order_ids=[again["client_order_id"]], at=story._clock_ns)
    story.after(22).fill(name, again, 6, 3, 7945)
    story.after(0.1).close(name, again, 3, "filled")
    story.after(0.1).write("ExecutionEnded", name, execution=name, outcome="topped_up", naked=[0, 0])


def _rolled_back(story: Story) -> None:
    name, sell, buy = (
        "X-20261120-CU-SELL-000003",
        order("3-A1", 0, "sell", 5, 7946),
        order("3-B1", 1, "buy", 1, 19498),
    )
    story.after(90_000).decide(name, "entry", [sell, buy])
    story.after(17).write(
        "OrderRejected", name, client_order_id=buy["client_order_id"], reject_class="margin", code="1023",
        text='=HYPERLINK("http://example.invalid","margin")',
    )  # fmt: skip
    story.after(13).fill(name, sell, 7, 5, 7946)
    story.after(0.1).close(name, sell, 5, "filled")
    back = order("3-A2", 0, "buy", 5, 7950, "unwind")
    options = [
        {
            "name": "top_up",
            "target_units": 1,
            "lots_by_leg": [0, 1],
            "cost": None,
            "reason": "<b>margin</b> & no retry",
        },
        {
            "name": "unwind",
            "target_units": 0,
            "lots_by_leg": [5, 0],
            "cost": "500.00",
            "reason": "the only one left",
        },
    ]
    story.after(5).decide(name, "unwind", [back], options=options)
    story.after(25).fill(name, back, 8, 5, 7948)
    story.after(0.1).close(name, back, 5, "filled")
    story.after(0.1).write("ExecutionEnded", name, execution=name, outcome="rolled_back", naked=[0, 0])


def tell() -> tuple[Project, Story]:
    """Store the project and its day; returns both."""
    project = Project.objects.create(
        code=PROJECT, name="Copper, Shanghai against London", name_zh="铜跨市场套利(上海对伦敦)",
        stage="integration", owner="pm1", members=["trader1"],
    )  # fmt: skip
    issue_settings()
    story = Story()
    story.write("EngineStarted", epoch=3, build="b01d", config_hash="c0ffee", environment="SIM")
    story.after(1000).write("Arm", command_id="c-1", actor="trader1", revision=2, expires_at=0)
    _hedged(story)
    _topped_up(story)
    _rolled_back(story)
    story.after(500).write("Disarmed", reason="ttl")
    receipts.copy_batch("desk:demo", story.records)
    receipts.issue(
        kind="alert_acknowledged", actor="risk1", at=story.records[-1].at_ns + MS,
        subject=Subject(project=PROJECT, program=PROGRAM, execution="X-20261120-CU-SELL-000002"),
        body={"alert": 1, "rule": "naked_age", "severity": "P2", "note": "见补单,已核对"},
    )  # fmt: skip
    return project, story


def issue_settings() -> None:
    before = START_NS - 60_000 * MS
    receipts.issue(kind="desk_configured", actor="apply", at=before, body=CONFIGURATION)
    limits = [
        {"kind": "naked_lots_max", "hard": Decimal(5), "warn": Decimal(3), "scope_pair": PAIR},
        {"kind": "price_collar_rate", "hard": Decimal("0.01"), "warn": None},
    ]
    published = {"version": 2, "hash": "5e1f" * 16, "limits": limits}
    receipts.issue(kind="limits_published", actor="risk2", at=before, body={"desk": "demo", "limit_set": published})
    receipts.issue(
        kind="threshold_changed", actor="risk2", at=before,
        body={
            "desk": "demo", "threshold": 1, "limit": limits[0], "before": {"hard": "4", "warn": "3"},
            "reason": "两手试单后放宽", "approval": 1, "requested_by": "risk1",
        },
    )  # fmt: skip
