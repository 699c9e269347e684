"""Declarations are applied whole or not at all, twice is once, and a wrong one names file, line, reason and
remedy.
"""

import io
import json
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from audit.models import Receipt
from risk.models import Threshold
from tests.trading.conftest import DEMO, DEMO_PROGRAMS
from trading.engine import config
from trading.models import HedgeProgram, Instrument, Pair, ProgramRevision
from trading.services.declare import DeclarationRefused, declare
from trading.venues.simulated import config as venues_config

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    """The demo's files, copied so that a test may spoil them."""
    copies = {}
    for source in DEMO.glob("*.toml"):
        copies[source.stem] = tmp_path / source.name
        copies[source.stem].write_text(source.read_text())
    return copies


def apply(files: dict[str, Path]) -> list[str]:
    return [str(change) for change in declare(files.values(), actor="tests")]


def spoil(path: Path, old: str, new: str) -> int:
    """Replace the first `old` in the file and return the number of the line where it stood."""
    text = path.read_text()
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def problems_of(files: dict[str, Path]) -> list[str]:
    with pytest.raises(DeclarationRefused) as refused:
        apply(files)
    return [str(problem) for problem in refused.value.problems]


# (file, what stands there, what is written instead, lines below it where the fault is named, the words of the refusal)
WRONG = {
    "inverted ratio": (
        "programs", "ratio_lots = 5\n", "ratio_lots = 1\n", 0,
        "the legs do not match: 1 lot of SHFE.cu2703 = 5 t against 1 lot of LME.CA-3M = 25 t",
    ),
    "unknown instrument": (
        "programs", 'instrument = "LME.CA-3M"', 'instrument = "LME.CU-3M"', 0, "unknown instrument 'LME.CU-3M'",
    ),
    "unknown venue": (
        "markets", 'venue = "SHFE"\nsymbol', 'venue = "SHEF"\nsymbol', 0, "unknown venue 'SHEF'",
    ),
    "unknown pair": ("programs", 'pair = "CU-SHFE-LME"', 'pair = "CU-SHFE-XXX"', 0, "unknown pair 'CU-SHFE-XXX'"),
    "unknown project": ("programs", 'project = "CU-XMKT-01"', 'project = "CU-1"', 0, "unknown project 'CU-1'"),
    "unknown key": ("markets", "tick = 10\n", "tick = 10\nticksize = 10\n", 1, "unknown key 'ticksize'"),
    "missing key": ("markets", "tick = 10\n", "", -4, "instrument SHFE.cu2703 has no tick"),
    "unknown table": ("limits", "[[threshold]]", "[[treshold]]", 0, "unknown table 'treshold'"),
    "unknown unit": ("markets", 'unit = "t"', 'unit = "tonne"', 0, "unknown unit 'tonne'"),
    "wrong unit": (
        "markets", 'unit = "lb"', 'unit = "bbl"', None, "SHFE.cu2703 is in t and CME.HGH7 in bbl",
    ),
    "wrong unit conversion": (
        "programs", "units_denominator = 0.45359237", "units_denominator = 0.5", -1,
        "wrong unit conversion: 2000.00 lb per t, not 2204.62",
    ),
    "wrong currency": (
        "markets", 'currency = "CNY"\nquote_basis', 'currency = "USD"\nquote_basis', 0,
        "currency USD is not SHFE's CNY",
    ),
    "wrong basis": (
        "markets", 'quote_basis = "incl_vat"', 'quote_basis = "bonded"', None,
        "SHFE.cu2703 is quoted bonded but the conversion adds VAT 0.13",
    ),
    "unknown basis": ("markets", 'quote_basis = "incl_vat"', 'quote_basis = "gross"', 0, "quote_basis = 'gross'"),
    "text for a number": ("markets", "multiplier = 5\n", 'multiplier = "five"\n', 0, "multiplier = 'five'"),
    "fraction of a lot": ("programs", "ratio_lots = 5\n", "ratio_lots = 5.5\n", 0, "ratio_lots = 5.5"),
    "tick of zero": ("markets", "tick = 10\n", "tick = 0\n", 0, "tick is 0"),
    "missing limit": (
        "limits", 'kind = "naked_lots_max"\ninstrument = "LME.CA-3M"',
        'kind = "latency_max_ms"\ninstrument = "LME.CA-3M"',
        None, "missing limit naked_lots_max for LME.CA-3M",
    ),
    "unknown limit": (
        "limits", 'kind = "order_lots_max"', 'kind = "order_max"', 0, "unknown threshold kind 'order_max'",
    ),
    "warning behind its limit": ("limits", "warn = 15\n", "warn = 25\n", 0, "warn 25 comes after hard 20"),
    "clip over its limit": (
        "programs", "clip_units = 1\n", "clip_units = 3\n", 0,
        "one clip is 15 lots of SHFE.cu2703, over the limit naked_lots_max = 10",
    ),
    "collar wider than its limit": (
        "programs", "collar_rate = 0.02", "collar_rate = 0.2", 0, "collar_rate 0.2 is wider than the limit 0.03",
    ),
    "inverted comparator": ("programs", 'comparator = ">="', 'comparator = "<="', 0, "trades when it is dearest"),
    "number taken": ("programs", "number = 2", "number = 1", 0, "program CU-LME-BUY: number 1 belongs to CU-LME-SELL"),
    "no reply times": (
        "programs", "[program.reply_times.LME]", "[program.reply_times.LMEX]", None, "no reply_times for LME",
    ),
    "no FX": ("programs", 'fx_instrument = "FX.USDCNH"\n', "", None, "no fx_instrument between USD and CNY"),
    "FX that can be traded": (
        "programs", 'fx_instrument = "FX.USDCNH"', 'fx_instrument = "LME.CA-3M"', 0, "LME.CA-3M quotes USD per t",
    ),
    "legs swapped": (
        "programs", 'instrument = "SHFE.cu2703"\nrole', 'instrument = "LME.CA-3M"\nrole', 0,
        "LME.CA-3M is the domestic leg but LME is a foreign venue",
    ),
    "session on no weekday": (
        "markets", '"16:00", "sun-thu"]', '"16:00", "weekdays"]', 0, "phase 17:00-16:00-weekdays",
    ),
    "phase that never ends": ("markets", '["01:00", "19:00"]', '["01:00", "25:00"]', 0, "phase 01:00-25:00"),
    "unknown time zone": ("markets", "Europe/London", "Europe/Londn", 0, "unknown time zone 'Europe/Londn'"),
    "port that does not exist": ("markets", "port = 17001", "port = 70000", 0, "port 70000 does not exist"),
    "FIX without names": ("markets", 'sender_comp_id = "CMCDEMO"\n', "", None, "speaks FIX and lacks a comp id"),
    "price from nowhere": (
        "markets", 'source = "SHFE.cu2703"', 'source = "SHFE.cu9999"', 0, "generated from unknown 'SHFE.cu9999'",
    ),
    "unknown role": ("people", 'roles = ["trader"]', 'roles = ["boss"]', 0, "unknown role 'boss'"),
    "administrator who trades": (
        "people", 'roles = ["admin"]', 'roles = ["admin", "trader"]', 0, "is an administrator and more",
    ),
    "declared twice": (
        "people", 'username = "risk2"', 'username = "risk1"', -1, "user risk1 was declared before, at people.toml:",
    ),
    "not TOML": ("markets", "tick = 10\n", "tick = = 10\n", 0, "is not TOML"),
}  # fmt: skip


def check_refused(files: dict[str, Path], name: str, old: str, new: str, below: int | None, words: str) -> None:
    """Spoil one file and see that the refusal names file, line, reason and remedy, and that nothing was applied."""
    at = spoil(files[name], old, new)

    found = problems_of(files)

    naming = [problem for problem in found if words in problem]
    assert naming, f"nobody said {words!r} but\n" + "\n".join(found)
    if below is not None:
        assert naming[0].startswith(f"{name}.toml:{at + below}: ")
    assert "; " in naming[0]  # the remedy
    assert not Instrument.objects.exists()


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_file_is_refused_with_file_line_and_reason(files, fault):
    check_refused(files, *WRONG[fault])


def test_an_inverted_ratio_says_how_it_should_stand(files):
    spoil(files["programs"], "ratio_lots = 5\n", "ratio_lots = 1\n")
    at = spoil(files["programs"], 'role = "foreign"\nratio_lots = 1\n', 'role = "foreign"\nratio_lots = 5\n')

    [problem] = [line for line in problems_of(files) if "inverted" in line]

    assert "1 lot of SHFE.cu2703 = 5 t against 5 lots of LME.CA-3M = 125 t" in problem
    assert "use ratio_lots 5 for SHFE.cu2703 and 1 for LME.CA-3M" in problem
    assert at > 0


def test_every_problem_is_told_at_once(files):
    spoil(files["markets"], "tick = 10\n", "tick = 0\n")
    spoil(files["programs"], 'comparator = ">="', 'comparator = "<="')
    spoil(files["people"], 'roles = ["trader"]', 'roles = ["boss"]')

    assert [problem.split(":")[0] for problem in problems_of(files)] == [
        "markets.toml", "people.toml", "programs.toml",
    ]  # fmt: skip


def test_what_stands_wrong_is_not_called_unknown(files):
    spoil(files["markets"], "tick = 10\n", 'tick = "ten"\n')

    assert [problem for problem in problems_of(files) if "unknown" in problem] == []


def test_a_file_that_is_not_there_is_one_clear_line(files, tmp_path):
    files["more"] = tmp_path / "more.toml"

    assert problems_of(files) == ["more.toml:1: cannot be read: No such file or directory; check the path"]


def test_the_first_time_creates_and_the_second_changes_nothing(files):
    assert {line.split()[0] for line in apply(files)} == {"created"}
    receipts = Receipt.objects.count()

    assert {line.split()[0] for line in apply(files)} == {"unchanged"}
    assert Receipt.objects.count() == receipts


def test_a_change_is_told_old_to_new_and_leaves_a_receipt(files):
    apply(files)
    spoil(files["markets"], "open_rate = 0.00005", "open_rate = 0.00006")

    [changed] = [line for line in apply(files) if line.startswith("changed")]

    assert "instrument SHFE.cu2703: fee[0].open_rate 0.00005 -> 0.00006" in changed
    body = json.loads(Receipt.objects.filter(kind="settings_applied").last().body)["body"]
    assert body["fields"] == {"fee[0].open_rate": {"from": "0.00005", "to": "0.00006"}}


def test_changed_terms_are_the_next_revision_and_the_old_one_stays(files):
    apply(files)
    spoil(files["programs"], "trigger_value = 185", "trigger_value = 186")

    apply(files)

    assert HedgeProgram.objects.get(name="CU-LME-SELL").revision == 2
    values = ProgramRevision.objects.filter(program__name="CU-LME-SELL").values_list("trigger_value", flat=True)
    assert [str(value) for value in values] == ["185", "186"]


def test_a_file_never_undoes_a_risk_officers_change(files):
    apply(files)
    Threshold.objects.filter(kind="order_lots_max", scope_instrument="LME.CA-3M").update(hard="2")

    lines = [line for line in apply(files) if line.startswith("kept")]

    assert lines == ["kept      threshold demo: order_lots_max of LME.CA-3M: hard 4 -> stands at 2"]
    assert Threshold.objects.get(kind="order_lots_max", scope_instrument="LME.CA-3M").hard == "2"


def test_a_later_file_may_lean_on_what_is_stored(files, tmp_path):
    apply(files)
    extra = tmp_path / "extra.toml"
    extra.write_text('[[threshold]]\ndesk = "demo"\nkind = "margin_use_max"\nhard = 0.7\n')

    assert [str(change) for change in declare([extra], actor="tests")] == [
        "created   threshold demo: margin_use_max of everything"
    ]


def test_a_vat_neutral_ratio_is_not_called_a_mistake(files):
    spoil(files["programs"], 'routes = ["CU-SHFE-CME"]\n', "")  # its clip would be four times as large there
    spoil(files["limits"], 'kind = "order_lots_max"\ninstrument = "SHFE.cu2703"\nhard = 20',
          'kind = "order_lots_max"\ninstrument = "SHFE.cu2703"\nhard = 50')  # fmt: skip
    spoil(files["limits"], 'kind = "order_lots_max"\ninstrument = "LME.CA-3M"\nhard = 4',
          'kind = "order_lots_max"\ninstrument = "LME.CA-3M"\nhard = 10')  # fmt: skip
    spoil(files["limits"], 'kind = "naked_lots_max"\ninstrument = "SHFE.cu2703"\nhard = 10',
          'kind = "naked_lots_max"\ninstrument = "SHFE.cu2703"\nhard = 50')  # fmt: skip
    spoil(files["limits"], 'kind = "naked_lots_max"\ninstrument = "LME.CA-3M"\nhard = 2',
          'kind = "naked_lots_max"\ninstrument = "LME.CA-3M"\nhard = 10')  # fmt: skip
    for hard in (8, 4):  # the same clip on the other route of a program
        spoil(files["limits"], f'instrument = "CME.HGH7"\nhard = {hard}\n', 'instrument = "CME.HGH7"\nhard = 20\n')
    spoil(files["programs"], "ratio_lots = 5\n", "ratio_lots = 22\n")
    spoil(files["programs"], 'role = "foreign"\nratio_lots = 1\n', 'role = "foreign"\nratio_lots = 5\n')

    apply(files)

    assert [leg.ratio_lots for leg in Pair.objects.get(code="CU-SHFE-LME").legs.all()] == [22, 5]


def test_the_command_prints_exports_and_ends_with_two_on_a_bad_file(files, settings):
    out = io.StringIO()
    call_command("apply", *map(str, files.values()), stdout=out)
    assert "created   pair CU-SHFE-LME" in out.getvalue()

    spoil(files["markets"], "tick = 10\n", "tick = 0\n")
    errors = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("apply", *map(str, files.values()), stderr=errors)
    assert refused.value.returncode == 2
    assert "markets.toml:" in errors.getvalue()


def test_the_engine_reads_what_is_exported(files, settings):
    call_command("apply", *map(str, files.values()), stdout=io.StringIO())

    desk = config.load(settings.CMC_PATHS.desk_config("demo"))

    assert {program.program for program in desk.programs} == DEMO_PROGRAMS
    assert desk.instrument("SHFE.cu2703").fees[0].source.startswith("secondary article")
    assert desk.instrument("SHFE.cu2703").sessions == ()  # the simulated venue is open around the clock
    assert desk.limits.version == 1


def test_the_simulated_venues_read_what_is_exported(files, settings):
    call_command("apply", *map(str, files.values()), stdout=io.StringIO())

    venues = venues_config.load(settings.CMC_PATHS.venues_config)

    faces = {venue.name: (venue.face, venue.port) for venue in venues.venues}
    assert faces == {"SHFE": ("local", 17001), "LME": ("fix", 17002), "CME": ("fix", 17003)}
    assert venues.journal_dirs == {"demo": str(settings.CMC_PATHS.journal("demo"))}


def test_generated_logins_work_and_are_readable_by_the_owner_alone(files, tmp_path, client):
    logins = tmp_path / "logins.txt"
    call_command("apply", "--generate-logins", str(logins), *map(str, files.values()), stdout=io.StringIO())

    lines = [line.split() for line in logins.read_text().splitlines() if not line.startswith("#")]

    assert oct(logins.stat().st_mode)[-3:] == "600"
    assert {line[0]: line[2] for line in lines}["trader1"] == "trader"
    for name, password, _ in lines:
        assert get_user_model().objects.get(username=name).check_password(password)


def test_a_second_run_keeps_the_logins_there_are(files, tmp_path):
    logins = tmp_path / "logins.txt"
    apply_again = ("apply", "--generate-logins", str(logins), *map(str, files.values()))
    call_command(*apply_again, stdout=io.StringIO())
    first = logins.read_text()

    call_command(*apply_again, stdout=io.StringIO())

    assert logins.read_text() == first
