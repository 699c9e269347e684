"""A trader at a quiet copper venue with a two-sided book."""

import pytest

from tests.venues.simulated.market import SHANGHAI, Trader, tick_of
from trading.venues.simulated.exchange import Exchange


@pytest.fixture
def trader() -> Trader:
    trader = Trader(Exchange(SHANGHAI))
    trader.sees(tick_of())
    return trader
