"""Terms of pair integrity in a declaration: each wrong one is refused with file, line, reason and remedy."""

import datetime
from decimal import Decimal

import pytest

from tests.trading.test_apply import apply, check_refused, files, spoil
from trading.core import terms
from trading.core.units import MILLI, SECOND
from trading.models import HedgeProgram, Instrument
from trading.services.export import instrument_terms, program_terms

__all__ = ["files"]

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 11, 23)
SELL_LEAD = 'priority = 50\ndirection = "sell_domestic"\nmeasure = '
QUOTE = "quote_rest_ms = 30000\n"
CU = 'code = "SHFE.cu2703"\n'

# (file, what stands there, what is written instead, lines below it where the fault is named, the words of the refusal)
WRONG = {
    "unknown mode": ("programs", 'mode = "lead_first"', 'mode = "follow"', 0, "mode = 'follow'"),
    "unknown lead": ("programs", 'lead = "foreign"', 'lead = "london"', 0, "lead = 'london'"),
    "re-quote on nothing": ("programs", "requote_ticks = 4", "requote_ticks = 0", 0, "requote_ticks is 0"),
    "budget of one message": (
        "programs", "messages_per_minute_max = 60", "messages_per_minute_max = 1", 0, "messages_per_minute_max is 1",
    ),
    "quote that cannot rest": ("programs", "quote_rest_ms = 30000", "quote_rest_ms = 5", 0, "quote_rest_ms is 5"),
    "cap under a clip": (
        "programs", "units_per_day_max = 100", "units_per_day_max = 1", 0, "units_per_day_max 1 is less than one clip",
    ),
    "negative cap": ("programs", "units_per_day_max = 100", "units_per_day_max = -1", 0, "units_per_day_max is -1"),
    "window that is no time": (
        "programs", QUOTE, QUOTE + 'windows = [["9.30", "11:00"]]\n', 1, "window 9.30-11:00 is no time of day",
    ),
    "window of one time": ("programs", QUOTE, QUOTE + 'windows = ["09:30"]\n', 1, "windows = ['09:30'] is not usable"),
    "window in no zone": (
        "programs", QUOTE, QUOTE + 'windows_time_zone = "London"\n', 1, "unknown time zone 'London'",
    ),
    "yes for true": ("programs", "is_repeating = true", 'is_repeating = "yes"', 0, "is_repeating = 'yes'"),
    "priority out of range": ("programs", "priority = 50", "priority = 5000", 0, "priority is 5000"),
    "negative residual": ("programs", "residual_max = 25", "residual_max = -1", 0, "residual_max is -1"),
    "negative naked quantity": ("programs", "naked_quantity_max = 50", "naked_quantity_max = -2", 0,
                                "naked_quantity_max is -2"),
    "unknown route": ("programs", 'routes = ["CU-SHFE-CME"]', 'routes = ["CU-X"]', 0, "unknown route 'CU-X'"),
    "route to itself": (
        "programs", 'routes = ["CU-SHFE-CME"]', 'routes = ["CU-SHFE-LME"]', 0, "route CU-SHFE-LME is there already",
    ),
    "route in other units": (
        "programs", SELL_LEAD + '"spread"', SELL_LEAD + '"ratio"', 2, "quotes in other units",
    ),
    "route larger than a clip": (
        "programs", "clip_units = 2\n", "clip_units = 1\n", None,
        "route CU-SHFE-CME needs 9 domestic lots a unit, a clip has 5",
    ),
    "route without reply times": (
        "programs", "clip_units = 1\nexecutions_max = 10\n",
        'clip_units = 2\nroutes = ["CU-SHFE-CME"]\nexecutions_max = 10\n', None,
        "program CU-LME-QUOTE has no reply_times for CME",
    ),
    "longest wait under the least": (
        "programs", "presumed_dead_ms = 10000\n\n[program.reply_times.LME]",
        "presumed_dead_ms = 10000\npresumed_dead_max_ms = 500\n\n[program.reply_times.LME]", None,
        "SHFE has presumed_dead_max_ms 500, less than presumed_dead_ms 10000",
    ),
    "unknown proxy": (
        "programs", 'instrument = "CME.HGH7"\nreplaces', 'instrument = "CME.HGZ9"\nreplaces', 0,
        "proxy CME.HGZ9 is an unknown instrument",
    ),
    "proxy of nothing traded": (
        "programs", 'replaces = "LME.CA-3M"', 'replaces = "LME.CA-15M"', 0, "which is no leg of the program",
    ),
    "proxy that does not fit": (
        "programs", "lots = 2\nreplaces_lots = 1", "lots = 1\nreplaces_lots = 2", 0, "does not fit: 1 lot of CME.HGH7",
    ),
    "proxy for pricing only": (
        "programs", 'instrument = "CME.HGH7"\nreplaces', 'instrument = "FX.USDCNH"\nreplaces', 0,
        "proxy FX.USDCNH cannot stand in",
    ),
    "proxy of no lots": ("programs", "lots = 2\nreplaces", "lots = 0\nreplaces", -3, "0 lots for 1"),
    "unknown hedge flag": (
        "programs", "ratio_lots = 5\n", 'ratio_lots = 5\nhedge_flag = "cover"\n', 1, "hedge_flag = 'cover'",
    ),
    "hedge flag abroad": (
        "programs", 'role = "foreign"\nratio_lots = 1\n',
        'role = "foreign"\nratio_lots = 1\nhedge_flag = "hedge"\n', 2, "hedge_flag hedge on the foreign leg",
    ),
    "hedgeable for ever": (
        "programs", "hedgeable_min_s = 120", "hedgeable_min_s = 100000", 0, "hedgeable_min_s is 100000",
    ),
    "minimum over maximum": (
        "markets", CU, CU + "order_lots_max = 3\norder_lots_min = 5\n", 1,
        "order_lots_max 3 is under order_lots_min 5",
    ),
    "minimum off the multiple": (
        "markets", CU, CU + "order_lots_min = 4\norder_lots_multiple = 5\n", 1,
        "order_lots_min 4 is no multiple of 5",
    ),
    "clip under the minimum": (
        "markets", CU, CU + "order_lots_min = 6\n", None, "one clip is 5 lots of SHFE.cu2703, the venue takes 6",
    ),
    "clip off the multiple": (
        "markets", CU, CU + "order_lots_min = 2\norder_lots_multiple = 2\n", None, "the venue takes multiples of 2",
    ),
    "delivery multiple without a day": (
        "markets", CU, CU + "delivery_lots_multiple = 5\n", 1, "delivery_from and delivery_lots_multiple go together",
    ),
    "unknown prompt": ("markets", 'prompt = "3M"', 'prompt = "3MTH"', 0, "prompt is '3MTH'"),
    "closed day that is no date": (
        "markets", CU, CU + 'closed_days = ["tomorrow"]\n', 1, "closed_days = ['tomorrow'] is not usable",
    ),
    "closed day without a source": (
        "markets", CU, CU + "closed_days = [2027-02-15]\n", 1, "closed_days has no source",
    ),
    "night off twice": (
        "markets", CU, CU + 'no_night_days = [2027-02-05, 2027-02-05]\ncalendar_source = "x"\n', 1,
        "no_night_days names a day twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_term_is_refused_with_file_line_and_reason(files, fault):
    check_refused(files, *WRONG[fault])


def test_what_is_declared_reaches_the_core_exactly(files):
    spoil(files["programs"], QUOTE, QUOTE + 'windows = [["21:30", "00:30"], ["09:05", "11:20"]]\n')
    spoil(files["programs"], "ratio_lots = 5\n", 'ratio_lots = 5\nhedge_flag = "hedge"\n')
    wait = "presumed_dead_ms = 10000\n"
    spoil(files["programs"], wait, wait + "presumed_dead_max_ms = 30000\n")
    apply(files)

    lead = program_terms(HedgeProgram.objects.get(name="CU-LME-LEAD"), TODAY)
    quote = program_terms(HedgeProgram.objects.get(name="CU-LME-QUOTE"), TODAY)

    assert (lead.mode, lead.working.lead) == (terms.ExecutionMode.LEAD_FIRST, terms.LeadChoice.FOREIGN)
    assert [route.code for route in lead.routes] == ["CU-SHFE-CME"]
    assert lead.repair.proxies == (terms.Proxy("CME.HGH7", "LME.CA-3M", 2, 1),)
    assert (lead.priority, lead.slicing.units_per_day_max, lead.repair.naked_quantity_max) == (50, 100, Decimal(50))
    assert quote.working == terms.Working(terms.LeadChoice.FOREIGN, 4, 60, 30_000 * MILLI)
    assert quote.slicing.windows == (terms.Session("21:30", "00:30"), terms.Session("09:05", "11:20"))
    assert quote.pair.hedgeable_min == 120 * SECOND
    declared = HedgeProgram.objects.get(name="CU-LME-SELL")
    assert program_terms(declared, TODAY).reply_times["SHFE"].clamp(99 * SECOND) == 30 * SECOND
    assert lead.reply_times["LME"].clamp(999 * SECOND) == 120 * SECOND, "twelve times the least unless told"
    assert [leg.hedge_flag.value for leg in quote.pair.legs] == ["hedge", "speculation"]
    assert program_terms(HedgeProgram.objects.get(name="CU-CME-SELL"), TODAY).residual_max == Decimal(25)


def test_calendar_and_lot_rules_of_an_instrument_reach_the_core_unless_the_venue_never_closes(files):
    rules = (
        'closed_days = [2027-02-15]\nno_night_days = [2027-02-05]\ncalendar_source = "an exchange notice"\n'
        "delivery_from = 2027-03-01\ndelivery_lots_multiple = 5\norder_lots_min = 5\n"
    )
    spoil(files["markets"], CU, CU + rules)
    apply(files)
    row = Instrument.objects.get(code="SHFE.cu2703")

    real = instrument_terms(row, TODAY, is_around_the_clock=False)
    demo = instrument_terms(row, TODAY, is_around_the_clock=True)

    assert (real.closed_days, real.no_night_days) == (("20270215",), ("20270205",))
    assert (real.order_lots_min, real.order_lots_multiple) == (5, 1)
    assert (real.delivery_from, real.delivery_lots_multiple) == ("20270301", 5)
    assert len(real.sessions) == 4
    assert (demo.sessions, demo.closed_days, demo.no_night_days) == ((), (), ())


def test_structured_terms_applied_twice_change_nothing(files):
    spoil(files["programs"], QUOTE, QUOTE + 'windows = [["21:30", "00:30"]]\n')
    apply(files)

    assert {line.split()[0] for line in apply(files)} == {"unchanged"}


def test_a_changed_route_is_told_old_to_new(files):
    apply(files)
    spoil(files["programs"], 'routes = ["CU-SHFE-CME"]', "routes = []")

    [changed] = [line for line in apply(files) if line.startswith("changed")]

    assert changed == "changed   program CU-LME-LEAD: routes ['CU-SHFE-CME'] -> []"
    assert program_terms(HedgeProgram.objects.get(name="CU-LME-LEAD"), TODAY).routes == ()
