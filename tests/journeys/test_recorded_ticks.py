"""Recorded ticks in the running product: the desk trades against its recording, and all say which side that is."""

import json
import time
import urllib.request
import uuid
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.journeys.product import Product, eventually
from trading.core import events as e
from trading.core.units import MILLI, SECOND
from trading.venues.simulated import config as venues_config
from trading.venues.simulated.inputs import Inputs
from trading.venues.simulated.messages import Tick

pytestmark = [pytest.mark.recorded, pytest.mark.timeout(240), pytest.mark.xdist_group("recorded ticks")]

PROGRAM, RECORDED, GENERATED = "AU-OTC-SELL", "OTC.XAUUSD", "SHFE.au2706"
FILE, DAY = "XAUUSD_tick_quote_20140505.zip", "2014-05-05"
EXECUTIONS = 2


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Iterator[Product]:
    """The product as a desk starts it that has recordings of its own."""
    if not (recordings / FILE).is_file():
        pytest.skip(f"not run: {FILE} is not among the recordings")
    var = tmp_path_factory.mktemp("recorded") / "var"
    running = Product(var, {"RECORDED_TICKS": str(recordings)})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def decisions(product: Product) -> list[e.OrdersDecided]:
    """Gold armed until it has executed twice: the decisions to enter, from the journal."""
    revision = product.programs()[PROGRAM]["revision"]
    answer = product.control(
        op="arm", program=PROGRAM, command_id=str(uuid.uuid4()), actor="journey", revision=revision,
        expires_at=time.time_ns() + 2 * SECOND,
    )  # fmt: skip
    assert answer["ok"], answer
    eventually(lambda: len(ended(product)) >= EXECUTIONS, 90, "gold to execute twice")
    product.calm_down()
    entries = [x.event for x in product.journal() if isinstance(x.event, e.OrdersDecided)]
    return [decided for decided in entries if decided.purpose is e.Purpose.ENTRY]


def ended(product: Product) -> list[e.ExecutionEnded]:
    return [record.event for record in product.journal() if isinstance(record.event, e.ExecutionEnded)]


def played(product: Product, seconds: float) -> list[Tick]:
    """Return the first ticks of the recording, read from its file, with its breaks as the live venue plays them."""
    inputs = Inputs.of(venues_config.load(product.paths.venues_config))
    ticks = inputs.stream(RECORDED)
    first = next(ticks)
    found = [first]
    for tick in ticks:
        if tick.exchange_ns > first.exchange_ns + seconds * SECOND:
            return found
        found.append(tick)
    return found


def test_every_quote_that_was_traded_on_is_a_tick_of_the_recording_at_its_own_time(
    product: Product, decisions: list[e.OrdersDecided]
) -> None:
    seen = [quote for decided in decisions for quote in decided.quotes if quote.instrument == RECORDED]
    assert len(seen) >= EXECUTIONS
    since_start = time.time() - product.paths.venues_config.stat().st_mtime
    recorded: dict[tuple[int, int], list[Tick]] = {}
    for tick in played(product, since_start):
        recorded.setdefault((tick.bids[0].price_ticks, tick.asks[0].price_ticks), []).append(tick)

    shifts: list[set[int]] = []
    for quote in seen:
        prices = quote.bids[0].price_ticks, quote.asks[0].price_ticks
        assert prices in recorded, f"{prices} was never quoted in {FILE}"
        shifts.append({(quote.exchange_at - tick.exchange_ns) // MILLI for tick in recorded[prices]})

    # One and the same shift from the recording's clock to the venue's explains every quote, to 2 ms.
    assert any(all(any(abs(shift - other) <= 2 for other in others) for others in shifts) for shift in shifts[0])


def test_the_legs_are_hedged_in_their_ratio_and_the_venues_hold_what_the_journal_says(
    product: Product, decisions: list[e.OrdersDecided]
) -> None:
    booked = product.booked_lots()

    assert booked[RECORDED] > 0
    assert 9 * booked[GENERATED] == -28 * booked[RECORDED]
    for venue, code in (("OTC", RECORDED), ("SHFE", GENERATED)):
        assert product.held_lots(venue)[code] == booked[code]


def test_the_fills_of_the_recorded_side_lie_on_the_recorded_book(
    product: Product, decisions: list[e.OrdersDecided]
) -> None:
    orders = {order.client_order_id: order for decided in decisions for order in decided.orders}
    fills = [
        x.event for x in product.journal()
        if isinstance(x.event, e.OrderFilled) and orders[x.event.client_order_id].instrument == RECORDED
    ]  # fmt: skip
    since_start = time.time() - product.paths.venues_config.stat().st_mtime
    asks = {tick.asks[0].price_ticks for tick in played(product, since_start)}

    assert fills
    assert {fill.price_ticks for fill in fills} <= asks


def test_the_console_says_which_side_is_recorded_and_which_is_generated(product: Product) -> None:
    trader = Person(product, "trader1")

    def lines() -> dict[str, dict]:
        return {line["venue"]: line for line in trader.get("/api/venues")["venues"]}

    eventually(lambda: lines()["OTC"]["live"], 30, "the engine's word on its lines")
    venues = lines()
    origins = {one["code"]: one for line in venues.values() for one in line["instruments"]}

    assert venues["OTC"]["input_kind"] == venues["OTC"]["live"]["input_kind"] == "recorded"
    assert venues["OTC"]["live"]["input_label"] == f"XAUUSD recorded: {FILE}, {DAY}"
    assert origins[RECORDED]["input_label"] == f"recorded: {FILE}, {DAY}"
    assert origins[GENERATED]["input_kind"] == "generated"
    assert origins[GENERATED]["input_label"].startswith(f"generated from {RECORDED}, model ")
    said = product.log.read_text()
    assert f"simulated: XAUUSD recorded: {FILE}, {DAY}" in said


class Person:
    """Somebody logged in to the console."""

    def __init__(self, product: Product, username: str) -> None:
        self._address = product.address
        cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        self._opener.open(product.address, timeout=10).close()
        token = next((cookie.value for cookie in cookies if "csrf" in cookie.name), "")
        body = json.dumps({"username": username, "password": product.password_of(username)}).encode()
        headers = {"Content-Type": "application/json", "X-CSRFToken": token or "", "Referer": product.address}
        login = urllib.request.Request(f"{product.address}/api/auth/login", data=body, headers=headers)
        self._opener.open(login, timeout=10).close()

    def get(self, path: str) -> dict:
        with self._opener.open(f"{self._address}{path}", timeout=10) as answer:
            return json.loads(answer.read())
