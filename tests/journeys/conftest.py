"""One running product for all journeys, and a browser for each person in them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.product import Product

SCREEN = {"width": 1920, "height": 1080}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with its demo desk, started once; each journey leaves it disarmed and without faults."""
    running = Product(tmp_path_factory.mktemp("product") / "var")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium_path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield opened
        opened.close()


@pytest.fixture
def log_in(browser: Browser, product: Product, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open the console as somebody: a browser of their own, logged in through the page."""
    contexts = []

    def open_as(username: str, locale: str = "en-US") -> Page:
        context = browser.new_context(locale=locale, viewport=SCREEN, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(product.address)
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(product.password_of(username))
        page.get_by_test_id("login-submit").click()
        page.get_by_test_id("user-name").wait_for()
        return page

    yield open_as
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=Path(product.paths.log) / f"{request.node.name}-{number}.png")
        context.close()


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest) -> Iterator[None]:
    """Before and after a journey: no fault is on, nothing is armed, no leg is naked."""
    if "product" not in request.fixturenames:
        yield
        return
    product: Product = request.getfixturevalue("product")
    product.calm_down()
    yield
    product.calm_down()
