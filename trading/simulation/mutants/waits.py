"""Mistakes about how long an order may be missing before it is presumed dead."""

from typing import Any

import msgspec

from trading.core import events as e
from trading.core import waits
from trading.core.program import HedgeProgram
from trading.core.terms import ReplyTimes
from trading.core.units import MILLI, SECOND, Nanos, Side
from trading.engine import reply_times
from trading.engine.reply_times import SAMPLES_MIN, Histogram, ReplyClock
from trading.simulation.copper import INSTRUMENTS, copper_terms
from trading.simulation.mutants import mutant

AN_ORDER = e.OrderIntent(
    "D1", "LME.CA-3M", "LME", 1, Side.BUY, 3, 19_600, e.TimeInForce.IOC, e.Purpose.ENTRY, e.Offset.OPEN, 0
)


def _after(*waits_measured: Nanos) -> HedgeProgram:
    """Return a program that heard of these waits at LME, and then got new terms."""
    program = HedgeProgram(copper_terms(), INSTRUMENTS)
    for wait in waits_measured:
        program.handle(e.ReplyTimesMeasured("LME", wait, SAMPLES_MIN), 0)
    program.handle(e.TermsChanged(msgspec.structs.replace(copper_terms(), revision=2)), 0)
    return program


def a_program_waits_as_long_as_was_measured() -> None:
    """A measured wait holds for its venue, also under new terms, and stays between the configured limits."""
    configured = copper_terms().reply_times["LME"].presumed_dead
    for measured, used in ((2 * configured, 2 * configured), (MILLI, configured), (99 * configured, 12 * configured)):
        times = _after(measured).state.reply_times
        assert (times["LME"].presumed_dead, times["SHFE"].presumed_dead) == (used, configured)


def slow_replies_are_measured(delay: Nanos = 6 * SECOND) -> None:
    """A venue that took six seconds each time is given more than that; its quick start does not hide it."""
    clock = ReplyClock()
    for number in range(2 * SAMPLES_MIN):
        order = msgspec.structs.replace(AN_ORDER, client_order_id=f"D{number}")
        clock.note_sent(order, 0)
        clock.note_report(e.OrderStatus(f"D{number}", "working", 0, "V1", 1), MILLI)
        clock.note_report(e.OrderAccepted(f"D{number}", "V1"), delay if number % 2 else MILLI)
    found = clock.judge("LME", [copper_terms()])
    assert found is not None
    assert found.presumed_dead >= 2 * delay


def what_a_lost_line_delayed_is_no_sample() -> None:
    """A report that comes after the line was lost tells of the line."""
    clock = ReplyClock()
    clock.note_sent(AN_ORDER, 0)
    clock.forget("LME")
    clock.note_report(e.OrderAccepted("D1", "V1"), 60 * SECOND)
    assert clock.shown("LME")["reply_samples"] == 0


@mutant(specification=a_program_waits_as_long_as_was_measured)
def ignores_measured_waits(put: Any) -> None:
    put(waits, "in_use", lambda configured, measured: configured)


@mutant(specification=a_program_waits_as_long_as_was_measured)
def forgets_measured_waits_with_new_terms(put: Any) -> None:
    adopt = HedgeProgram._adopt

    def fresh(self: Any, terms: Any) -> None:
        self.state.measured_waits = {}
        adopt(self, terms)

    put(HedgeProgram, "_adopt", fresh)


@mutant(specification=a_program_waits_as_long_as_was_measured)
def lets_a_measured_wait_grow_without_end(put: Any) -> None:
    put(ReplyTimes, "clamp", lambda self, wait: max(self.presumed_dead, wait))


@mutant(specification=a_program_waits_as_long_as_was_measured)
def waits_shorter_than_configured(put: Any) -> None:
    put(ReplyTimes, "clamp", lambda self, wait: min(wait or self.presumed_dead, 12 * self.presumed_dead))


@mutant(specification=slow_replies_are_measured)
def waits_for_the_median_reply(put: Any) -> None:
    per_mille = Histogram.per_mille
    put(Histogram, "per_mille", lambda self, share: per_mille(self, 500))


@mutant(specification=slow_replies_are_measured)
def takes_an_answer_for_a_report(put: Any) -> None:
    put(reply_times, "FIRST_REPORTS", (*reply_times.FIRST_REPORTS, e.OrderStatus))


@mutant(specification=what_a_lost_line_delayed_is_no_sample)
def blames_the_venue_for_the_line(put: Any) -> None:
    put(ReplyClock, "forget", lambda self, venue: None)
