"""Quotes that cannot be true, sequence numbers that skip, and clocks that differ."""

from decimal import Decimal

import msgspec
import pytest

from trading.core.events import Level
from trading.core.units import MILLI, SECOND, OffGridPrice
from trading.market.book import BadQuote, age, fault, has_jumped, levels
from trading.market.feed import GapDetector, VenueClock
from trading.simulation.copper import CU, quote

NOW = 1_800_000_000 * SECOND
GOOD = quote(CU, "79490", "79500", NOW)
DBL_MAX = Decimal("1.7976931348623157E+308")


def test_a_sound_quote_has_no_fault():
    assert fault(GOOD) == ""


def test_an_empty_side_is_no_fault():
    assert fault(quote(CU, None, "79500", NOW)) == fault(quote(CU, "79490", None, NOW)) == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bids": (Level(7950, 1),)}, "crossed"),
        ({"bids": (Level(7960, 1),)}, "crossed"),
        ({"bids": (Level(0, 5),)}, "must be left out"),
        ({"asks": (Level(7950, 0),)}, "must be left out"),
        ({"asks": (Level(10**15, 1),)}, "absurd"),
        ({"bids": (Level(7948, 1), Level(7949, 1))}, "not in order"),
        ({"asks": tuple(Level(7950 + n, 1) for n in range(6))}, "at most 5"),
    ],
)
def test_a_quote_that_cannot_be_true_is_refused(change, says):
    assert says in fault(msgspec.structs.replace(GOOD, **change))


def test_empty_levels_are_left_out_and_never_become_zero():
    found = levels([(Decimal("79490"), 3), (None, 4), (Decimal("79480"), 0)], CU.tick)

    assert found == (Level(7949, 3),)


def test_the_sentinel_of_an_empty_price_is_no_price():
    with pytest.raises(BadQuote):
        levels([(DBL_MAX, 1)], CU.tick)
    with pytest.raises(BadQuote):
        levels([(Decimal("NaN"), 1)], CU.tick)


def test_a_price_between_ticks_is_refused():
    with pytest.raises(OffGridPrice):
        levels([(Decimal("79495"), 1)], CU.tick)


def test_a_jump_of_a_fifth_is_noticed():
    assert has_jumped(GOOD, quote(CU, "99490", "99500", NOW))
    assert not has_jumped(GOOD, quote(CU, "79590", "79600", NOW))
    assert not has_jumped(None, GOOD)


def test_age_is_time_since_we_received_it():
    assert age(GOOD, NOW + 5 * MILLI) == 5 * MILLI


def test_a_skipped_number_waits_for_a_snapshot():
    gaps = GapDetector()
    gaps.note_snapshot("cu", 10)

    assert gaps.note_update("cu", 11)
    assert not gaps.note_update("cu", 13)
    assert not gaps.note_update("cu", 14)
    assert gaps.is_gapped("cu")
    gaps.note_snapshot("cu", 15)
    assert gaps.note_update("cu", 16)


def test_an_old_update_is_not_applied_twice():
    gaps = GapDetector()
    gaps.note_snapshot("cu", 10)

    assert not gaps.note_update("cu", 10)
    assert not gaps.is_gapped("cu")


def test_the_venue_clock_trusts_its_best_recent_sample():
    clock = VenueClock()
    assert clock.to_ours(NOW, NOW) == NOW
    clock.note(2 * SECOND, 5 * MILLI, NOW)
    clock.note(2 * SECOND + MILLI, MILLI, NOW)

    assert clock.offset(NOW) == (2 * SECOND + MILLI, MILLI)
    assert clock.to_ours(NOW + 2 * SECOND + MILLI, NOW) == NOW
