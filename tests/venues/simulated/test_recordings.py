"""A user's own recording becomes ticks, and a bad one is refused with its place and reason."""

import gzip
import itertools
import os
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from trading.core.events import Level
from trading.core.terms import Instrument, QuoteBasis
from trading.venues.simulated.config import Recorded
from trading.venues.simulated.recordings import Recording, RecordingError, layout_names

HEADER = "when,b,bq,a,aq,last,vol\n"
GOOD = "2026-09-21 09:00:00.500,79470,20,79480,10,79470,5\n"
MAPPING = {
    "time": "when", "bid_price_1": "b", "bid_lots_1": "bq", "ask_price_1": "a", "ask_lots_1": "aq",
    "last": "last", "volume": "vol",
}  # fmt: skip


def instrument(code: str = "SHFE.cu2701", tick: str = "10") -> Instrument:
    venue, symbol = code.split(".")
    return Instrument(code, venue, symbol, Decimal(tick), Decimal(5), "t", "CNY", QuoteBasis.INCL_VAT)


def recording(path: Path | str, **settings: Any) -> Recording:
    of = settings.pop("of", instrument())
    plain = {"columns": MAPPING, "time_unit": "text", "time_zone": "Asia/Shanghai"}
    return Recording(Recorded(str(path), **plain | settings), of)


def csv(folder: Path, text: str = GOOD, name: str = "ticks.csv") -> Path:
    path = folder / name
    path.write_text(HEADER + text)
    return path


def test_a_row_becomes_a_tick_in_whole_ticks_lots_and_utc(tmp_path: Path) -> None:
    [tick] = recording(csv(tmp_path))

    assert (tick.bids, tick.asks) == ((Level(7947, 20),), (Level(7948, 10),))
    assert (tick.last, tick.volume) == (7947, 5)
    assert tick.exchange_ns == 1_789_952_400_500_000_000


def test_the_same_rows_are_read_from_csv_gz_zip_and_parquet(tmp_path: Path) -> None:
    plain = csv(tmp_path)
    (tmp_path / "ticks.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    with zipfile.ZipFile(tmp_path / "ticks.zip", "w") as archive:
        archive.writestr("inside.csv", plain.read_bytes())
    frame = pd.read_csv(plain)
    frame.astype({"b": float, "a": float}).to_parquet(tmp_path / "ticks.parquet")

    ticks = [list(recording(tmp_path / name)) for name in ("ticks.csv", "ticks.csv.gz", "ticks.zip", "ticks.parquet")]
    assert all(found == ticks[0] for found in ticks)


@pytest.mark.parametrize("nothing", ["", "0", "nan", "1.7976931348623157e308"])
def test_an_absent_price_is_an_empty_side_never_a_number(tmp_path: Path, nothing: str) -> None:
    [tick] = recording(csv(tmp_path, GOOD.replace("79480", nothing)))
    assert tick.asks == ()
    assert tick.bids == (Level(7947, 20),)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (
            "2026-09-21 09:00:01,79475,20,79480,10,79470,5\n",
            "line 3: price 79475 is not a multiple of the tick 10",
        ),
        (
            "2026-09-21 09:00:01,79480,20,79480,10,79470,5\n",
            "line 3: its bid 79480 is not below its ask 79480",
        ),
        ("2026-09-21 08:59:00,79470,20,79480,10,79470,5\n", "line 3: its time is before the row above"),
        ("yesterday,79470,20,79480,10,79470,5\n", "line 3: its time cannot be read"),
        ("2026-09-21 09:00:01,abc,20,79480,10,79470,5\n", "line 3: a number cannot be read"),
        ("2026-09-21 09:00:01,79470,x,79480,10,79470,5\n", "line 3: a number cannot be read"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_reason_or_counted(tmp_path: Path, bad: str, reason: str) -> None:
    path = csv(tmp_path, GOOD + bad + GOOD.replace("09:00:00", "09:00:02"))
    with pytest.raises(RecordingError, match=reason) as error:
        list(recording(path))
    assert str(path) in str(error.value)

    skipping = recording(path, bad_rows="skip")
    assert len(list(skipping)) == 2
    assert (skipping.rows, skipping.skipped) == (3, 1)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            {"columns": {**MAPPING, "ask_price_1": "offer"}},
            "ask_price_1 is mapped to column offer, but there are: when, b",
        ),
        ({"columns": {"time": "when"}}, "the column mapping lacks ask_price_1, bid_price_1"),
        ({"columns": {**MAPPING, "time": "date"}}, "there is no time column date"),
        ({"layout": "bloomberg"}, "no layout is named 'bloomberg'; there are: lean_quote_minutes"),
        ({"where": {"code": "IF2101"}}, "there is no column code"),
    ],
)
def test_a_wrong_mapping_is_refused_with_what_there_is(tmp_path: Path, settings: dict, reason: str) -> None:
    path = csv(tmp_path)
    with pytest.raises(RecordingError, match=reason):
        list(recording(path, **settings))


def test_a_missing_or_empty_file_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECORDED_TICKS", raising=False)
    with pytest.raises(RecordingError, match=r"nowhere.csv: no such file; set RECORDED_TICKS"):
        recording("nowhere.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(RecordingError, match="the file is empty"):
        list(recording(tmp_path / "empty.csv"))


def test_a_zip_with_several_files_asks_for_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        archive.writestr("a.csv", HEADER + GOOD)
        archive.writestr("b.csv", HEADER + GOOD)
    with pytest.raises(RecordingError, match=r"name one `member` of: a\.csv, b\.csv"):
        list(recording(tmp_path / "many.zip"))
    assert len(list(recording(tmp_path / "many.zip", member="b.csv"))) == 1


def test_milliseconds_since_a_local_midnight_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1500.25,1300.1,1300.2\n")
    columns = {"time": "0", "bid_price_1": "1", "ask_price_1": "2"}
    settings = {
        "time_unit": "ms",
        "time_origin": "2014-05-05",
        "time_zone": "America/New_York",
        "has_header": False,
    }
    gold = instrument("X.XAU", "0.1")

    [tick] = recording(tmp_path / "t.csv", columns=columns, of=gold, lots_when_missing=7, **settings)

    assert tick.exchange_ns == 1_399_262_400_000_000_000 + 1_500_250_000
    assert tick.bids == (Level(13001, 7),)


def test_only_the_rows_of_one_contract_are_read_and_lines_are_still_right(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("code," + HEADER + f"cu2702,{GOOD}cu2701,{GOOD}cu2701,{GOOD.replace('79470', '1')}")
    with pytest.raises(RecordingError, match="line 4"):
        list(recording(path, where={"code": "cu2701"}))


# --- real recordings ---

REAL = {
    "CFFEX.IF_tick_20210104.csv.gz": (
        {"layout": "wondertrader_ticks"}, instrument("CFFEX.IF2101", "0.2"), 27_955, 1),
    "SHFE.cu1909_5level_20190916_200ticks.csv": ({"layout": "tqsdk_depth"}, instrument("SHFE.cu1909"), 200, 5),
    "XAUUSD_tick_quote_20140505.zip": (
        {"layout": "lean_quote_ticks", "time_origin": "2014-05-05"}, instrument("OTC.XAUUSD", "0.001"), 186_204, 1),
    "COMEX.GC_1min_quote_20131007.zip": (
        {"layout": "lean_quote_minutes", "time_origin": "2013-10-07", "bad_rows": "skip",
         "member": "20131007_gc_minute_quote_201312.csv"}, instrument("CME.GCZ3", "0.1"), 1_200, 1),
}  # fmt: skip


@pytest.mark.recorded
@pytest.mark.parametrize("name", REAL)
def test_a_real_recording_is_read_whole(name: str) -> None:
    settings, of, ticks_min, levels = REAL[name]
    path = Path(os.environ["RECORDED_TICKS"]) / name
    found = Recording(Recorded(str(path), **settings), of)
    ticks = list(found)

    assert len(ticks) >= ticks_min
    assert len(ticks) + found.skipped == found.rows
    assert max(len(tick.bids) for tick in ticks) == levels
    assert all(a.exchange_ns <= b.exchange_ns for a, b in itertools.pairwise(ticks))
    assert all(tick.bids[0].price_ticks < tick.asks[0].price_ticks for tick in ticks if tick.bids and tick.asks)


def test_layouts_are_named_after_where_recordings_come_from() -> None:
    assert layout_names() == ["lean_quote_minutes", "lean_quote_ticks", "tqsdk_depth", "wondertrader_ticks"]


def test_venues_without_a_recording_start_without_pandas() -> None:
    lookup = "import sys, trading.venues.simulated.__main__; print('pandas' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", lookup], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"time_unit": "hours"}, "time_unit is text, ns"), ({"time_zone": "Asia/Shangai"}, "no time zone 'Asia/Shangai'")],
)
def test_a_setting_that_means_nothing_is_refused(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    with pytest.raises(RecordingError, match=words):
        list(recording(csv(tmp_path), **settings))
