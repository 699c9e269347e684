"""A trader at a quiet copper venue with a two-sided book, and clients of venues on real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.venues.simulated.fault_desk import Desk
from tests.venues.simulated.market import SHANGHAI, Trader, tick_of
from tests.venues.simulated.wire import FixClient, config_in, running
from trading.venues.simulated.exchange import Exchange


@pytest.fixture
def trader() -> Trader:
    trader = Trader(Exchange(SHANGHAI))
    trader.sees(tick_of())
    return trader


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    config = config_in(tmp_path)
    async with running(config) as venues:
        desk = await Desk.connect(venues.by_name["SHFE"].face.port)
        desk.config = config
        yield desk
        desk.close()


@pytest.fixture
async def broker_client(tmp_path: Path) -> AsyncIterator[FixClient]:
    config = config_in(tmp_path)
    async with running(config) as venues:
        client = await (await FixClient().connect(venues.by_name["LME"].face.port)).logged_on()
        client.config = config
        client.port = venues.by_name["LME"].face.port
        yield client
        await client.close()
