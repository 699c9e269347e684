"""Generated markets: exact ticks from a seed, tied to each other by import parity."""

import bisect
import itertools
import statistics
from pathlib import Path

import msgspec
import pytest

from trading.core.terms import Parity
from trading.venues.simulated.config import ConfigError, ListedInstrument
from trading.venues.simulated.inputs import Inputs
from trading.venues.simulated.messages import Tick
from trading.venues.simulated.model import ModelError, load_model

MINUTE = 60 * 1_000_000_000


def listed(code: str, tick: str, currency: str, **made: object) -> ListedInstrument:
    venue, symbol = code.split(".")
    whole = {"code": code, "venue": venue, "symbol": symbol, "tick": tick, "multiplier": "5", "unit": "t"}
    whole |= {"currency": currency, "quote_basis": "none", "input": made}
    return msgspec.convert(whole, type=ListedInstrument)


SHANGHAI = listed("SHFE.cu2701", "10", "CNY", kind="generated", seed=7)
LONDON = listed("LME.CA-3M", "0.5", "USD", kind="generated_from", source="SHFE.cu2701")
RATE = listed("FX.USDCNH", "0.0001", "CNH", kind="generated", seed=3)


def first_minutes(inputs: Inputs, code: str, minutes: int = 5) -> list[Tick]:
    start = inputs.origins()[code]
    return list(itertools.takewhile(lambda tick: tick.exchange_ns < start + minutes * MINUTE, inputs.stream(code)))


@pytest.fixture
def inputs() -> Inputs:
    return Inputs([SHANGHAI, LONDON, RATE], shortens_gaps=False)


def test_the_same_seed_gives_the_same_ticks_and_another_gives_others(inputs: Inputs) -> None:
    assert first_minutes(inputs, "LME.CA-3M") == first_minutes(inputs, "LME.CA-3M")
    other = listed("SHFE.cu2701", "10", "CNY", kind="generated", seed=8)
    assert first_minutes(Inputs([other], False), "SHFE.cu2701") != first_minutes(inputs, "SHFE.cu2701")


@pytest.mark.parametrize("code", ["SHFE.cu2701", "LME.CA-3M", "FX.USDCNH"])
def test_every_tick_is_a_book_that_a_market_could_show(inputs: Inputs, code: str) -> None:
    for tick in first_minutes(inputs, code):
        for side, direction in ((tick.bids, -1), (tick.asks, 1)):
            assert len(side) == 5
            steps = [(b.price_ticks - a.price_ticks) * direction for a, b in itertools.pairwise(side)]
            assert all(step > 0 for step in steps)
            assert all(level.lots >= 1 and isinstance(level.price_ticks, int) for level in side)
        assert tick.bids[0].price_ticks < tick.asks[0].price_ticks
        assert tick.lower <= tick.bids[0].price_ticks and tick.asks[0].price_ticks <= tick.upper


def test_the_domestic_side_lies_on_a_grid_of_half_seconds_and_volume_only_grows(inputs: Inputs) -> None:
    ticks = first_minutes(inputs, "SHFE.cu2701")
    assert {b.exchange_ns - a.exchange_ns for a, b in itertools.pairwise(ticks)} == {500_000_000}
    assert all(a.volume <= b.volume for a, b in itertools.pairwise(ticks))


def test_the_other_side_is_parity_plus_a_basis_of_the_stated_size(inputs: Inputs) -> None:
    model = load_model().counterpart_of("LME.CA-3M")
    basis = _basis(inputs, model.parity, minutes=60)
    assert statistics.mean(basis) == pytest.approx(model.basis_mean, abs=12)
    assert statistics.stdev(basis) == pytest.approx(model.basis_sigma, rel=0.25)


def _basis(inputs: Inputs, parity: Parity, minutes: int) -> list[float]:
    mids = {code: _mids(first_minutes(inputs, code, minutes)) for code in ("SHFE.cu2701", "LME.CA-3M", "FX.USDCNH")}
    found = []
    for second in range(10, minutes * 60, 3):
        at = second * 1_000_000_000
        shanghai, london, rate = (_last(mids[code], at) for code in mids)
        cost = (london * 0.5 + float(parity.premium)) * rate * 0.0001 * float(1 + parity.vat_rate) + float(parity.misc)
        found.append(shanghai * 10 - cost)
    return found


def _mids(ticks: list[Tick]) -> list[tuple[int, float]]:
    return [(tick.exchange_ns, (tick.bids[0].price_ticks + tick.asks[0].price_ticks) / 2) for tick in ticks]


def _last(mids: list[tuple[int, float]], at: int) -> float:
    return mids[bisect.bisect_right(mids, (at, float("inf"))) - 1][1]


def test_a_recording_leads_and_the_other_side_follows_on_its_own_clock(tmp_path: Path) -> None:
    rows = "".join(f"{100_000 + n * 500},79470,20,79480,10\n" for n in range(600) if not 200 < n < 500)
    (tmp_path / "cu.csv").write_text("t,b,bq,a,aq\n" + rows)
    columns = {"time": "t", "bid_price_1": "b", "bid_lots_1": "bq", "ask_price_1": "a", "ask_lots_1": "aq"}
    made = {"kind": "recorded", "path": str(tmp_path / "cu.csv"), "time_unit": "ms", "columns": columns}
    inputs = Inputs([listed("SHFE.cu2701", "10", "CNY", **made), LONDON, RATE], shortens_gaps=False)

    ticks = list(inputs.stream("LME.CA-3M"))

    latency = load_model().counterpart_of("LME.CA-3M").latency_ms * 1_000_000
    assert ticks[0].exchange_ns >= 100_000_000_000 + latency
    assert ticks[-1].exchange_ns <= (100_000 + 599 * 500) * 1_000_000 + latency
    pauses = [b.exchange_ns - a.exchange_ns for a, b in itertools.pairwise(ticks)]
    assert max(pauses) > 85 * 1_000_000_000  # the recording's break is the other side's break
    assert inputs.label("SHFE.cu2701") == "recorded: cu.csv"
    assert inputs.label("LME.CA-3M").startswith("generated from SHFE.cu2701, model ")


def test_live_breaks_are_shortened_the_same_way_on_both_sides(tmp_path: Path) -> None:
    (tmp_path / "cu.csv").write_text("t,b,a\n0,79470,79480\n3600000,79470,79480\n3601000,79470,79480\n")
    columns = {"time": "t", "bid_price_1": "b", "ask_price_1": "a"}
    made = {"kind": "recorded", "path": str(tmp_path / "cu.csv"), "time_unit": "ms", "columns": columns}
    inputs = Inputs([listed("SHFE.cu2701", "10", "CNY", **made), LONDON, RATE], shortens_gaps=True)
    assert [tick.exchange_ns for tick in inputs.stream("SHFE.cu2701")] == [0, 5_000_000_000, 6_000_000_000]


def test_an_instrument_without_a_model_says_what_there_is() -> None:
    with pytest.raises(ModelError, match=r"no \[prices\] entry for DCE.i2701; there are: SHFE.cu"):
        Inputs([listed("DCE.i2701", "0.5", "CNY", kind="generated")], False).stream("DCE.i2701")


def test_a_pair_in_two_currencies_needs_one_rate() -> None:
    with pytest.raises(ConfigError, match="name its FX instrument"):
        Inputs([SHANGHAI, LONDON], False).stream("LME.CA-3M")


def test_the_models_parity_can_be_the_pairs_own(inputs: Inputs) -> None:
    made = {
        "kind": "generated_from",
        "source": "SHFE.cu2701",
        "parity": {"premium": "100", "vat_rate": "0.13"},
    }
    dearer = Inputs([SHANGHAI, listed("LME.CA-3M", "0.5", "USD", **made), RATE], shortens_gaps=False)
    plain, shifted = (first_minutes(found, "LME.CA-3M", 1)[0].bids[0].price_ticks for found in (inputs, dearer))
    assert shifted < plain  # a higher premium leaves less for the metal
