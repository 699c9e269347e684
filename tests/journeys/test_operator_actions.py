"""Taking risk off by hand: a residual is accepted by name, and held units are traded back by two people."""

import time
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.product import Product, eventually
from trading.core import events as e

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PROGRAM = "CU-LME-SELL"
PAIR = "CU-SHFE-LME"
UNITS = 3  # one more than one person may flatten in the demo
LogIn = Callable[..., Page]


def open_pair(page: Page) -> None:
    page.get_by_test_id("nav-board").click()
    page.goto(f"{page.url.split('/board')[0]}/pairs/{PAIR}?program={PROGRAM}")
    page.get_by_test_id(f"takedown-{PROGRAM}").wait_for()


def arm(product: Product) -> None:
    """Arm what was last reviewed, on the engine's own socket."""
    answer = product.control(
        op="arm", program=PROGRAM, command_id=str(uuid.uuid4()), actor="trader1",
        revision=product.programs()[PROGRAM]["revision"], expires_at=time.time_ns() + 2_000_000_000,
    )  # fmt: skip
    assert answer["ok"], answer


def ended(product: Product, outcome: str) -> list[e.ExecutionEnded]:
    facts = [record.event for record in product.journal() if isinstance(record.event, e.ExecutionEnded)]
    return [fact for fact in facts if fact.outcome == outcome]


def test_a_trader_revises_terms_and_the_engine_takes_them(product: Product, log_in: LogIn) -> None:
    page = log_in("trader1")
    open_pair(page)
    page.get_by_test_id(f"edit-terms-{PROGRAM}").click()
    page.get_by_test_id("term-trigger_value").fill("-5000")
    page.get_by_test_id("term-cooldown_ms").fill("200")
    page.get_by_test_id("term-collar_rate").fill("0.5")
    page.get_by_test_id("terms-reason").fill("the market is quiet")
    page.get_by_test_id("terms-save").click()
    expect(page.get_by_text("collar_rate 0.5 is wider than the limit")).to_be_visible()

    page.get_by_test_id("term-collar_rate").fill("0.02")
    page.get_by_test_id("terms-save").click()
    expect(page.get_by_test_id("terms-save")).to_be_hidden()

    eventually(lambda: product.programs()[PROGRAM]["revision"] == 2, 10, "the engine to take revision 2")


def test_held_units_above_the_limit_are_traded_back_by_two_people(product: Product, log_in: LogIn) -> None:
    trader, risk = log_in("trader1"), log_in("risk1")
    open_pair(trader)
    arm(product)
    eventually(lambda: len(ended(product, "hedged")) >= UNITS, 90, "enough units to be held")
    trader.get_by_test_id(f"takedown-{PROGRAM}").click()
    trader.get_by_test_id(f"disarm-finish-{PROGRAM}").click()
    product.calm_down()
    held = len(ended(product, "hedged")) + len(ended(product, "topped_up"))
    before = product.wait_until_paired()

    trader.get_by_test_id(f"takedown-{PROGRAM}").click()
    trader.get_by_test_id(f"flatten-{PROGRAM}").click()
    expect(trader.get_by_test_id("preview-cost")).to_be_visible()
    trader.get_by_test_id("flatten-units").fill(str(UNITS))
    expect(trader.get_by_test_id("flatten-authority")).to_contain_text("second person")
    trader.get_by_test_id("flatten-reason").fill("books close for the month")
    trader.get_by_test_id("flatten-confirm").click()
    expect(trader.get_by_test_id("flatten-confirm")).to_be_hidden()
    assert ended(product, "flattened") == [], "nothing leaves before the second person"

    risk.get_by_test_id("nav-risk").click()
    risk.get_by_test_id("tab-approvals").click()
    asked = risk.locator('[data-testid^="approval-row-"][data-state="pending"]').first
    expect(asked).to_contain_text(f"{UNITS} units of {held} held")
    asked.locator('[data-testid^="approval-approve-"]').click()

    eventually(lambda: len(ended(product, "flattened")) == UNITS, 60, "the units to be traded back")
    after = product.wait_until_paired()
    assert after["LME.CA-3M"] == before["LME.CA-3M"] - UNITS
    request = next(record.event for record in product.journal() if isinstance(record.event, e.FlattenRequested))
    assert (request.actor, request.approved_by) == ("trader1", "risk1")


def test_a_naked_leg_that_nobody_can_hedge_is_accepted_by_name(product: Product, log_in: LogIn) -> None:
    """Shanghai fills, London keeps silent, a kill of level cancel stops repairs, and London then rejects."""
    risk = log_in("risk1")
    product.venues(op="fault", venue="LME", name="latency_ms", params={"ms": 2500})
    product.venues(op="fault", venue="LME", name="reject_next", params={"code": "PERMISSION", "text": "no"}, count=0)
    arm(product)
    eventually(lambda: product.programs()[PROGRAM]["open"], 60, "an execution to begin")
    kill = {"op": "kill", "level": "cancel", "scope": f"program:{PROGRAM}", "actor": "risk1", "reason": "drill"}
    assert product.control(**kill, command_id=str(uuid.uuid4()))["ok"]
    case = eventually(lambda: naked_and_settled(product), 30, "the foreign leg to be rejected")

    risk.goto(f"{product.address}/executions/{case['id']}")
    risk.get_by_test_id("execution-accept").click()
    expect(risk.get_by_test_id("accept-naked")).to_contain_text("SHFE.cu2703")
    risk.get_by_test_id("accept-reason").fill("sold to the broker by phone")
    risk.get_by_test_id("accept-confirm").click()

    expect(risk.get_by_test_id("execution-outcome")).to_have_attribute("data-outcome", "accepted", timeout=20_000)
    expect(risk.get_by_test_id("execution-residual")).to_contain_text("risk1")
    [accepted] = ended(product, "accepted")
    assert accepted.naked == (-5, 0)
    lift = {"op": "lift_kill", "requested_by": "risk1", "approved_by": "risk2", "reason": "the drill is over"}
    assert product.control(**lift, command_id=str(uuid.uuid4()), scope=f"program:{PROGRAM}")["ok"]
    assert product.programs()[PROGRAM]["accepted"][0]["residual"] == [-5, 0]


def naked_and_settled(product: Product) -> dict | None:
    """Return the open case once a leg is naked and no order of it may trade any more."""
    for case in product.programs()[PROGRAM]["open"]:
        if any(case["naked"]) and all(order["state"] in ("settled", "rejected") for order in case["orders"]):
            return case
    return None
