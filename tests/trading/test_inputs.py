"""A desk points at recorded ticks of its own: what cannot be played is refused, and what is played says what it is."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.models import Receipt
from console.launcher import demo as launcher_demo
from tests.trading.conftest import DEMO, DEMO_PROGRAMS
from tests.trading.test_apply import spoil
from trading.engine import config
from trading.models import HedgeProgram
from trading.selectors.venues import venues
from trading.services.declare import DeclarationRefused, declare
from trading.venues.simulated import config as venues_config
from trading.venues.simulated.inputs import Inputs

pytestmark = pytest.mark.django_db

ROWS = (
    "when,bid,bid_qty,ask,ask_qty\n2026-09-21 09:00:00,1300.335,4,1300.799,5\n2026-09-21 09:00:01,1300.4,4,1300.8,5\n"
)
OWN_MAPPING = """path = "mine.csv"
columns = { time = "when", bid_price_1 = "bid", bid_lots_1 = "bid_qty", ask_price_1 = "ask", ask_lots_1 = "ask_qty" }
time_unit = "text"
time_zone = "America/New_York"
"""


@pytest.fixture
def gold(tmp_path, settings) -> Path:
    """The gold of the demo, pointed at a small recording with columns of its own."""
    settings.RECORDED_TICKS = str(tmp_path)
    (tmp_path / "mine.csv").write_text(ROWS)
    lines = (DEMO / "recorded" / "gold.toml").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("#"))
    start, end = text.index('path = "XAUUSD'), text.index('bad_rows = "refuse"\n')
    file = tmp_path / "gold.toml"
    file.write_text(text[:start] + OWN_MAPPING + text[end:].replace("lots_when_missing = 20\n", ""))
    return file


def apply(*files: Path) -> None:
    call_command("apply", *map(str, (*DEMO.glob("*.toml"), *files)), stdout=io.StringIO())


def problems_of(*files: Path) -> list[str]:
    with pytest.raises(DeclarationRefused) as refused:
        declare([*DEMO.glob("*.toml"), *files], actor="tests")
    return [str(problem) for problem in refused.value.problems]


def test_the_venue_plays_the_desks_own_file_with_its_own_columns(gold, settings):
    apply(gold)

    listed = Inputs.of(venues_config.load(settings.CMC_PATHS.venues_config))

    first, second = listed.stream("OTC.XAUUSD")
    assert [(tick.bids[0].price_ticks, tick.asks[0].price_ticks) for tick in (first, second)] == [
        (1_300_335, 1_300_799), (1_300_400, 1_300_800),
    ]  # fmt: skip
    assert first.bids[0].lots == 4
    assert first.exchange_ns == 1_789_995_600_000_000_000  # 09:00 in New York


def test_every_place_that_names_prices_names_the_file_its_day_and_the_model(gold, settings):
    apply(gold)

    by_venue = {line["venue"]: line for line in venues()["venues"]}
    origins = {one["code"]: one for line in by_venue.values() for one in line["instruments"]}
    engine = {venue.name: venue for venue in config.load(settings.CMC_PATHS.desk_config("demo")).venues}

    assert origins["OTC.XAUUSD"]["input_label"] == "recorded: mine.csv, 2026-09-21"
    assert origins["OTC.XAUUSD"]["input_kind"] == "recorded"
    assert origins["SHFE.au2706"]["input_label"].startswith("generated from OTC.XAUUSD, model ")
    assert origins["SHFE.au2706"]["input_kind"] == "generated"
    assert by_venue["OTC"]["input_kind"] == engine["OTC"].input_kind == "recorded"
    assert engine["OTC"].input_label == "XAUUSD recorded: mine.csv, 2026-09-21"
    assert "au2706 generated from OTC.XAUUSD, model " in engine["SHFE"].input_label


def test_the_generated_side_follows_the_parity_of_the_pair(gold, settings, tmp_path):
    programs = tmp_path / "programs.toml"
    programs.write_text((DEMO / "programs.toml").read_text())
    spoil(programs, "premium = 60", "premium = 75")
    others = [path for path in DEMO.glob("*.toml") if path.stem != "programs"]

    call_command("apply", *map(str, (*others, programs, gold)), stdout=io.StringIO())

    listed = venues_config.load(settings.CMC_PATHS.venues_config).venues
    made = {instrument.code: instrument.input for venue in listed for instrument in venue.instruments}
    assert made["LME.CA-3M"].parity.premium == 75
    assert str(made["SHFE.au2706"].parity.units_denominator) == "31.1034768"
    assert made["SHFE.au2706"].fx == "FX.USDCNH"


def test_a_recording_that_is_missing_is_named_and_nothing_is_applied(gold, settings):
    settings.RECORDED_TICKS = ""
    [problem] = problems_of(gold)
    line = gold.read_text().split('path = "mine.csv"')[0].count("\n") + 1

    assert problem == (
        f"gold.toml:{line}: input demo/OTC.XAUUSD replays mine.csv; set RECORDED_TICKS to the folder that holds it"
    )
    assert not HedgeProgram.objects.exists()


def test_a_recording_that_is_gone_at_the_export_is_named(gold, settings, tmp_path):
    apply(gold)
    (tmp_path / "mine.csv").unlink()

    with pytest.raises(CommandError, match=r"not exported: connection demo/OTC replays .*mine\.csv, which does not"):
        call_command("apply", str(DEMO / "people.toml"), stdout=io.StringIO())


WRONG = {
    "a bad row": ("mine.csv", "1300.4,", "1300.40005,", "mine.csv, line 3: "),
    "rows out of order": ("mine.csv", "09:00:01", "08:00:01", "mine.csv, line 3: its time is before the row above"),
    "an unmapped column": ("gold.toml", '= "bid_qty"', '= "bidqty"', "bid_lots_1 is mapped to column bidqty"),
    "an unknown zone": ("gold.toml", '"America/New_York"\nbad', '"America/NewYork"\nbad', "no time zone"),
    "no mapping": ("gold.toml", "columns = {", 'where = {}\nlayout = ""\n#', "lacks its file or its columns"),
    "a setting of another kind": ("gold.toml", 'bad_rows = "refuse"', "seed = 3", "seed means nothing for"),
    "an unknown model": (
        "gold.toml", 'source = "OTC.XAUUSD"\n', 'source = "OTC.XAUUSD"\nmodel = "mine.toml"\n', "mine.toml: No such",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_what_cannot_be_played_is_refused_before_anything_changes(gold, tmp_path, fault):
    name, old, new, words = WRONG[fault]
    spoil(tmp_path / name, old, new)

    found = problems_of(gold)

    assert any(words in problem and problem.startswith("gold.toml:") for problem in found), found


def test_bad_rows_may_be_left_out(gold, tmp_path):
    spoil(tmp_path / "mine.csv", "1300.4,", "1300.40005,")
    spoil(gold, 'bad_rows = "refuse"', 'bad_rows = "skip"')

    apply(gold)


def test_the_demo_takes_recorded_markets_whose_recordings_are_there(settings, tmp_path):
    settings.RECORDED_TICKS = ""
    assert not [path for path in launcher_demo.due_files() if path.parent.name == "recorded"]
    assert launcher_demo.left_out() == []

    settings.RECORDED_TICKS = str(tmp_path)
    (tmp_path / "XAUUSD_tick_quote_20140505.zip").write_bytes(b"")
    assert [path.name for path in launcher_demo.due_files() if path.parent.name == "recorded"] == ["gold.toml"]
    assert launcher_demo.left_out() == [
        "The recorded demo market index is left out: CFFEX.IF_tick_20210104.csv.gz is not in " + str(tmp_path) + "."
    ]


def test_a_recording_that_cannot_be_read_costs_the_demo_that_market_alone(settings, tmp_path, capsys):
    settings.RECORDED_TICKS = str(tmp_path)
    (tmp_path / "XAUUSD_tick_quote_20140505.zip").write_bytes(b"not a zip")

    launcher_demo.apply()

    assert "cannot be read" in (said := capsys.readouterr().err)
    assert "The recorded demo market gold is left out: 1 problem(s); nothing was applied" in said
    assert set(HedgeProgram.objects.values_list("name", flat=True)) == DEMO_PROGRAMS


def test_a_replay_of_a_declared_recording_needs_no_more_than_its_name(gold, settings, capsys):
    apply(gold)
    path = str(Path(settings.RECORDED_TICKS) / "mine.csv")

    call_command("replay", path, program="AU-OTC-SELL", grid_minutes=0, delays="20", json=True)

    shanghai, spot, _ = json.loads(capsys.readouterr().out)["sources"]
    assert (spot["instrument"], spot["is"]) == ("OTC.XAUUSD", "recorded: mine.csv, 2026-09-21")
    assert shanghai["is"].startswith("generated from OTC.XAUUSD, model ")


def test_the_receipt_of_the_configuration_says_which_side_is_recorded(gold, settings):
    apply(gold)

    body = json.loads(Receipt.objects.filter(kind="desk_configured").latest("seq").body)["body"]
    venue = next(venue for venue in body["venues"] if venue["name"] == "OTC")
    assert (venue["input_kind"], venue["input_label"]) == ("recorded", "XAUUSD recorded: mine.csv, 2026-09-21")
