"""The bad day: the engine is killed, Redis goes away. The legs still pair, and nothing is sent twice."""

import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.product import Product, eventually
from trading.core import events as e
from trading.engine import records as r

pytestmark = pytest.mark.timeout(300)

PROGRAM = "CU-LME-SELL"
OUTAGE_S = 30.0


def arm(product: Product) -> None:
    """Arm the copper program on the engine's own socket, as an operator at the machine can."""
    program = product.programs()[PROGRAM]
    answer = product.control(
        op="arm", program=PROGRAM, command_id=str(uuid.uuid4()), actor="journey", revision=program["revision"],
        expires_at=time.time_ns() + 2_000_000_000,
    )  # fmt: skip
    assert answer["ok"], answer


def sent_more_than_once(product: Product) -> list[str]:
    """Return the ids that reached a venue more than once, by the venues' own record."""
    arrivals = Counter(
        line["id"] for venue in ("SHFE", "LME") for line in product.tap(venue) if "journal_synced_offset_ok" in line
    )
    return [order_id for order_id, times in arrivals.items() if times > 1]


def test_an_engine_killed_between_the_legs_reports_pairs_them_after_its_restart(product: Product) -> None:
    for _ in range(3):
        kill_between_the_legs(product)

        program = eventually(lambda: settled(product), 60, "the pair to be hedged, flat or halted")
        assert sent_more_than_once(product) == []
        if program["state"] == "HALTED":
            alerts = [rec.event for rec in product.journal() if isinstance(rec.event, r.AlertRaised)]
            assert alerts, "a halt without an alert"
        product.wait_until_paired()
        assert program["mode"] == "disarmed", "a restart means disarmed"


def kill_between_the_legs(product: Product) -> None:
    """Hold the foreign leg's reports back, wait for the domestic fill, then kill -9."""
    seen = sum(1 for _ in product.journal())
    epoch = product.engine_status()["epoch"]
    product.venues(op="fault", venue="LME", name="latency_ms", params={"ms": 1500})
    arm(product)

    def domestic_fill() -> bool:
        fresh = list(product.journal())[seen:]
        legs = {o.client_order_id: o.venue for rec in fresh if isinstance(rec.event, e.OrdersDecided)
                for o in rec.event.orders}  # fmt: skip
        return any(isinstance(x.event, e.OrderFilled) and legs.get(x.event.client_order_id) == "SHFE" for x in fresh)

    eventually(domestic_fill, 90, "the domestic leg to fill")
    product.engine_process().send_signal(signal.SIGKILL)
    product.venues(op="clear", venue="LME")
    eventually(lambda: (product.engine_status() or {}).get("epoch", 0) > epoch, 30, "the engine to be restarted")


def settled(product: Product) -> dict | None:
    status = product.engine_status()
    if status is None or status["state"] not in ("RECONCILED", "HALTED"):
        return None
    program = product.programs()[PROGRAM]
    return program if program["state"] == "HALTED" or not program["open"] else None


@pytest.mark.browser
def test_with_redis_stopped_for_30_s_the_legs_pair_and_the_screen_says_so_and_catches_up(
    product: Product, log_in: Callable[..., Page]
) -> None:
    page = log_in("trader1")
    before = len(ended(product))
    product.venues(op="fault", venue="LME", name="latency_ms", params={"ms": 1500})
    arm(product)
    eventually(lambda: product.programs()[PROGRAM]["open"], 90, "an execution to begin")

    stopped_at = time.monotonic()
    with product.without_redis():
        expect(page.get_by_test_id("banner-redis")).to_be_visible(timeout=15_000)
        eventually(lambda: len(ended(product)) > before, 60, "the execution to end without Redis")
        newest = ended(product)[-1].event
        time.sleep(max(0.0, OUTAGE_S - (time.monotonic() - stopped_at)))  # the outage itself lasts 30 s

    expect(page.get_by_test_id("banner-redis")).to_be_hidden(timeout=30_000)
    page.get_by_test_id("nav-executions").click()
    page.get_by_test_id(f"execution-row-{newest.execution}").wait_for(timeout=20_000)
    assert newest.outcome in ("hedged", "topped_up", "rolled_back")
    assert sent_more_than_once(product) == []


def ended(product: Product) -> list[r.Record]:
    return [record for record in product.journal() if isinstance(record.event, e.ExecutionEnded)]
