"""Ticks through the whole desk and the simulated exchanges, beside a sequential legger on the same ticks."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from trading.simulation.replay.fault_rates import BadRates, FaultRates
from trading.simulation.replay.floor import Floor
from trading.simulation.replay.run import replay
from trading.simulation.replay.setup import BadReplay, set_up
from trading.simulation.replay.traders import DeskTrader, SequentialLegger
from trading.venues.simulated.config import Recorded

NOWHERE = Path("nowhere.json")


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return replay(set_up("SAMPLE-COPPER", NOWHERE, {}), minutes=4, grid_minutes=0.5, delays_ms=(20, 200))


def test_it_says_which_side_is_generated_and_by_which_parameters(figures: dict) -> None:
    shanghai, london, rate = figures["sources"]
    assert shanghai["is"].startswith("generated, model ")
    assert london["is"].startswith("generated from SHFE.cu, model ")
    assert london["parameters"]["basis_sigma"] > 0
    assert london["parameters"]["parity"]["premium"] == "60"
    assert rate["instrument"] == "FX.USDCNH"


def test_legging_together_leaves_less_naked_for_a_shorter_time(figures: dict) -> None:
    for run in figures["delays"]:
        ours, theirs = run["together"], run["sequential"]
        assert min(ours["executions"], theirs["executions"]) >= 5
        assert ours["naked_lot_seconds"] < theirs["naked_lot_seconds"]
        assert ours["leg_gap_ms_p50"] < theirs["leg_gap_ms_p50"] == run["delay_ms"]
        assert run["together_over_sequential"]["naked_lot_seconds"] < 1


def test_nothing_is_refused_halted_or_left_open(figures: dict) -> None:
    for run in figures["delays"]:
        assert (run["together"]["refused"], run["together"]["halts"]) == ({}, 0)


def test_without_delay_and_faults_both_ways_of_legging_tie_exactly() -> None:
    """If they did not, the comparison would measure something else than the way of legging."""
    found = replay(set_up("SAMPLE-COPPER", NOWHERE, {}), minutes=10, grid_minutes=0, delays_ms=(0,))

    [run] = found["delays"]
    assert run["together"]["executions"] > 30
    assert run["together"] == run["sequential"]
    assert (run["together"]["capture"], run["together"]["naked_lot_seconds"]) == (1.0, 0.0)


def test_faults_happen_at_their_rates_and_the_desk_leaves_less_naked() -> None:
    rates = FaultRates.parse("reject=0.05,partial=0.1,silence=0.04")
    found = replay(set_up("SAMPLE-COPPER", NOWHERE, {}), minutes=10, grid_minutes=0, delays_ms=(20,), rates=rates)

    [run] = found["faults"]["delays"]
    ours, theirs = run["together"], run["sequential"]
    assert found["faults"]["rates"] == {"reject": "0.05", "partial": "0.1", "silence": "0.04"}
    assert set(ours["faults"]) == {"reject_next", "partial_next", "order_lost", "reports_lost"}
    assert 0.01 < ours["faults"]["reject_next"] / ours["orders"] < 0.12
    assert ours["naked_lot_seconds"] < theirs["naked_lot_seconds"]
    assert found["delays"][0]["together"]["faults"] == {}


@pytest.mark.parametrize("text", ["reject", "reject=x", "reject=2", "storm=0.1"])
def test_rates_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(BadRates, match=text):
        FaultRates.parse(text)


def test_the_grid_moves_one_parameter_at_a_time_beside_the_base(figures: dict) -> None:
    rows = [(row["parameter"], row["factor"]) for row in figures["sensitivity"]["grid"]]
    assert rows == [("none", 1.0)] + [
        (name, factor)
        for name in ("basis_sigma", "basis_half_life_s", "latency_ms", "depth_lots")
        for factor in (0.5, 2.0)
    ]


def test_the_same_replay_gives_the_same_figures() -> None:
    first, second = (replay(set_up("SAMPLE-COPPER", NOWHERE, {}), 1, 0, (20,)) for _ in range(2))
    assert first["delays"] == second["delays"]


def test_both_traders_end_with_what_the_exchanges_say() -> None:
    setup = set_up("SAMPLE-COPPER", NOWHERE, {})
    ticks = setup.ticks(2)
    for trader in (
        DeskTrader(setup.config, ticks[0].exchange_ns),
        SequentialLegger(setup.config, ticks[0].exchange_ns),
    ):
        floor = Floor(setup.config, 20)
        floor.call(trader, trader.start(ticks[0].exchange_ns), ticks[0].exchange_ns)
        floor.run(trader, ticks)
        held = {
            name: exchange.register.positions.of("REPLAY", symbol).net_lots
            for name, exchange in floor.exchanges.items()
            for symbol in exchange.listed
            if not exchange.listed[symbol].is_pricing_only
        }
        assert held["SHFE"] == -5 * held["LME"] != 0


def test_the_desks_journal_holds_every_order_that_reached_an_exchange() -> None:
    setup = set_up("SAMPLE-COPPER", NOWHERE, {})
    ticks = setup.ticks(2)
    trader, floor = DeskTrader(setup.config, ticks[0].exchange_ns), Floor(setup.config, 2)
    floor.call(trader, trader.start(ticks[0].exchange_ns), ticks[0].exchange_ns)
    floor.run(trader, ticks)

    at_venues = {order_id for exchange in floor.exchanges.values() for _, order_id in exchange.register.orders}
    assert at_venues
    assert at_venues <= set(trader.execution_of)


def recording(folder: Path) -> Path:
    path = folder / "cu.csv"
    rows = "".join(f"{n * 500},{79470 + 10 * (n // 40 % 3)},20,{79480 + 10 * (n // 40 % 3)},20\n" for n in range(600))
    path.write_text("t,b,bq,a,aq\n" + rows)
    return path


NO_DESK = "never-exported"  # the sample programs must do without a desk, whatever other tests exported
COLUMNS = {"time": "t", "bid_price_1": "b", "bid_lots_1": "bq", "ask_price_1": "a", "ask_lots_1": "aq"}


def test_a_users_own_csv_replays_through_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = json.dumps({"time_unit": "ms", "columns": COLUMNS})
    call_command(
        "replay", str(recording(tmp_path)), program="SAMPLE-COPPER", recording=settings, minutes=4, grid_minutes=0,
        delays="20", json=True, desk=NO_DESK,
    )  # fmt: skip
    found = json.loads(capsys.readouterr().out)
    assert found["sources"][0]["is"] == "recorded: cu.csv"
    assert found["sources"][1]["is"].startswith("generated from SHFE.cu")
    assert found["delays"][0]["together"]["executions"] > 0
    assert found["times_real_time"] > 1


def test_without_json_it_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    call_command(
        "replay", generated=True, program="SAMPLE-COPPER", minutes=1, grid_minutes=0, delays="20", desk=NO_DESK
    )
    printed = capsys.readouterr().out
    assert "together" in printed and "sequential" in printed


@pytest.mark.parametrize(
    ("files", "options", "reason"),
    [
        ([], {"program": "SAMPLE-COPPER"}, "name recordings, or use --generated"),
        (["x.csv"], {"program": "SAMPLE-COPPER", "generated": True}, "name recordings, or use --generated"),
        ([], {"program": "NICKEL", "generated": True}, "no program is named NICKEL; there are: .*SAMPLE-COPPER"),
        (["x.csv"], {"program": "SAMPLE-COPPER", "layout": "tqsdk_depth"}, "x.csv: no such file"),
        (["x.csv", "y.csv"], {"program": "SAMPLE-COPPER"}, "give every FILE its --leg"),
        (["x.csv"], {"program": "SAMPLE-COPPER", "recording": "{"}, "--recording"),
    ],
)
def test_a_replay_that_cannot_be_is_refused_in_one_line(
    files: list[str], options: dict, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECORDED_TICKS", raising=False)
    with pytest.raises(CommandError, match=reason):
        call_command("replay", *files, desk=NO_DESK, **options)


def test_an_instrument_that_the_program_does_not_trade_is_refused(tmp_path: Path) -> None:
    made = Recorded(str(recording(tmp_path)))
    with pytest.raises(BadReplay, match=r"does not trade CME.HGH7; it has SHFE.cu, LME.CA-3M"):
        set_up("SAMPLE-COPPER", NOWHERE, {"CME.HGH7": made})


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("program", "leg", "recorded"),
    [
        ("SAMPLE-INDEX", "", {"path": "CFFEX.IF_tick_20210104.csv.gz", "layout": "wondertrader_ticks"}),
        ("SAMPLE-COPPER", "", {"path": "SHFE.cu1909_5level_20190916_200ticks.csv", "layout": "tqsdk_depth"}),
        (
            "SAMPLE-GOLD",
            "OTC.XAUUSD",
            {"path": "XAUUSD_tick_quote_20140505.zip", "layout": "lean_quote_ticks", "time_origin": "2014-05-05"},
        ),
    ],
)
def test_real_recordings_replay_against_a_generated_counterpart(program: str, leg: str, recorded: dict) -> None:
    setup = set_up(program, NOWHERE, {leg: Recorded(**recorded)})
    found = replay(setup, minutes=10, grid_minutes=0, delays_ms=(20,))

    [run] = found["delays"]
    assert sum(source["is"].startswith("recorded: ") for source in found["sources"]) == 1
    assert sum(source["is"].startswith("generated from ") for source in found["sources"]) == 1
    assert run["together"]["executions"] > 0
    assert run["together"]["halts"] == 0
    assert run["together"]["naked_lot_seconds"] < run["sequential"]["naked_lot_seconds"]
