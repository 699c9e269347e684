"""A day at the copper desk, through the browser, with every process real."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.journeys.product import Product, eventually

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PROGRAM = "CU-LME-SELL"
PAIR = "CU-SHFE-LME"
PROJECT = "CU-XMKT-01"
AFTER_ARMING = re.compile("ARMED|EXECUTING|COOLDOWN")  # the market may meet the trigger at once
LogIn = Callable[..., Page]


def arm(page: Page) -> None:
    """Arm the copper program as a trader does: read the summary, then confirm."""
    page.get_by_test_id("nav-board").click()
    page.get_by_test_id(f"arm-{PROGRAM}").click()
    page.get_by_test_id("arm-sentences").wait_for()
    page.get_by_test_id("arm-confirm").click()


def latest_execution(page: Page, outcome: str) -> Page:
    """Open the newest execution that ended as `outcome`, waiting until there is one."""
    page.get_by_test_id("nav-executions").click()
    rows = page.locator('[data-testid^="execution-row-"]')
    row = rows.filter(has=page.locator(f'[data-outcome="{outcome}"]')).first
    row.wait_for(timeout=60_000)
    row.click()
    expect(page.get_by_test_id("execution-outcome")).to_have_attribute("data-outcome", outcome)
    return page


def test_a_trader_sees_both_markets_arms_the_pair_and_it_ends_hedged(product: Product, log_in: LogIn) -> None:
    page = log_in("trader1")
    row = page.get_by_test_id(f"board-row-{PAIR}").first
    row.wait_for()

    expect(page.get_by_test_id(f"quote-domestic-{PAIR}").first).to_contain_text("79,")
    expect(page.get_by_test_id(f"quote-foreign-{PAIR}").first).to_contain_text("9,")
    arm(page)
    expect(page.get_by_test_id(f"state-{PROGRAM}")).to_have_attribute("data-state", AFTER_ARMING, timeout=5_000)

    latest_execution(page, "hedged")
    product.calm_down()
    product.wait_until_paired()


def test_a_partial_fill_shows_a_naked_band_and_is_topped_up(product: Product, log_in: LogIn) -> None:
    page = log_in("trader1")
    product.venues(op="fault", venue="SHFE", name="partial_next", params={"ratio": "0.6"}, count=1)
    arm(page)

    latest_execution(page, "topped_up")
    expect(page.get_by_test_id("naked-band")).to_be_visible()
    expect(page.get_by_test_id("repair-group").first).to_be_visible()


def test_a_rejected_leg_is_rolled_back_and_the_risk_officer_is_told(product: Product, log_in: LogIn) -> None:
    risk = log_in("risk1")
    risk.get_by_test_id("nav-alerts").click()
    known = risk.locator('[data-testid^="alert-row-"]').count()
    product.venues(
        op="fault", venue="LME", name="reject_next", params={"code": "PERMISSION", "text": "not permitted"}, count=0
    )
    page = log_in("trader1")
    arm(page)

    latest_execution(page, "rolled_back")
    expect(page.get_by_test_id("repair-group").first).to_be_visible()
    eventually(lambda: risk.locator('[data-testid^="alert-row-"]').count() > known, 10, "an alert to be pushed")
    product.calm_down()
    product.wait_until_paired()


def test_a_frozen_market_cannot_be_armed_until_its_prices_are_fresh_again(product: Product, log_in: LogIn) -> None:
    page = log_in("trader1")
    expect(page.get_by_test_id(f"arm-{PROGRAM}")).to_be_enabled()

    product.venues(op="fault", venue="LME", name="md_freeze")
    expect(page.get_by_test_id(f"arm-{PROGRAM}")).to_be_disabled(timeout=15_000)

    product.venues(op="clear", venue="LME")
    expect(page.get_by_test_id(f"arm-{PROGRAM}")).to_be_enabled(timeout=15_000)


def test_the_auditor_downloads_a_chinese_pdf_and_a_csv_of_the_project(product: Product, log_in: LogIn) -> None:
    page = log_in("auditor1", locale="zh-CN")
    page.get_by_test_id("nav-projects").click()
    page.get_by_text(PROJECT).first.click()
    with page.expect_download(timeout=60_000) as pdf:
        page.get_by_test_id("export-pdf").click()
    with page.expect_download(timeout=60_000) as table:
        page.get_by_test_id("export-csv").click()

    text = "".join(sheet.extract_text() for sheet in PdfReader(pdf.value.path()).pages)
    assert PROJECT in text
    assert "仿真" in text
    assert "verify_trail" in text
    lines = table.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert "event_type" in lines[0]
    assert any("OrderFilled" in line for line in lines)


def test_the_quantities_on_both_venues_are_the_journals(product: Product) -> None:
    booked = {code: lots for code, lots in product.booked_lots().items() if lots}
    held = {code: lots for venue in ("SHFE", "LME", "CME") for code, lots in product.held_lots(venue).items() if lots}

    assert held == booked
    assert held, "the journeys before this one traded"


def test_every_order_on_the_wire_was_durable_before(product: Product) -> None:
    arrivals = [line for venue in ("SHFE", "LME") for line in product.tap(venue) if "journal_synced_offset_ok" in line]

    assert arrivals
    assert [line["id"] for line in arrivals if line["journal_synced_offset_ok"] is not True] == []
