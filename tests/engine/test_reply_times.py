"""How long each venue takes to answer is measured, and the wait before an order is presumed dead follows it."""

import msgspec
import pytest

from risk.gate import review
from tests.engine.desk_rig import DeskRig, ready
from trading.core import events as e
from trading.core.units import MILLI, SECOND, Side
from trading.engine import checkpoints
from trading.engine.desk import Desk
from trading.engine.reply_times import SAMPLES_MIN, Histogram, ReplyClock, measure
from trading.simulation.copper import REPLY_TIMES, copper_terms

CONFIGURED = REPLY_TIMES.presumed_dead
AN_ORDER = e.OrderIntent(
    "S0", "LME.CA-3M", "LME", 1, Side.BUY, 1, 19_600, e.TimeInForce.IOC, e.Purpose.ENTRY, e.Offset.OPEN, 0
)


def replies(rig: DeskRig, delay: int, count: int = SAMPLES_MIN) -> None:
    """LME answers so many orders, each after `delay`."""
    for number in range(count):
        order = msgspec.structs.replace(AN_ORDER, client_order_id=f"S{rig.journal.seq}-{number}")
        rig.desk.reply_clock.note_sent(order, rig.now)
        report = e.OrderAccepted(order.client_order_id, "V1")
        if (found := measure(rig.desk, report, rig.now + delay)) is not None:
            rig.desk.record("", found, rig.now, [])


def wait_of(rig: DeskRig, venue: str = "LME") -> int:
    return rig.program.state.reply_times[venue].presumed_dead


@pytest.mark.parametrize("duration", [1, 7, 8, 1_000, 999_999, MILLI, 250 * MILLI, 3 * SECOND, 86_400 * SECOND])
def test_a_duration_is_known_to_within_an_eighth(duration: int) -> None:
    histogram = Histogram()
    histogram.note(duration)

    assert duration <= histogram.per_mille(999) <= duration + max(1, duration // 8)


def test_one_slow_reply_in_a_thousand_does_not_make_the_wait() -> None:
    histogram = Histogram()
    for duration in (*[5 * MILLI] * 1999, 60 * SECOND):
        histogram.note(duration)

    assert histogram.per_mille(999) < 6 * MILLI
    assert histogram.per_mille(1000) >= 60 * SECOND


def test_what_was_slow_long_ago_wears_off() -> None:
    histogram = Histogram()
    for duration in (*[9 * SECOND] * 100, *[5 * MILLI] * 200_000):
        histogram.note(duration)

    assert histogram.per_mille(999) < 6 * MILLI
    assert histogram.total <= 20_000


def test_a_venue_that_answers_in_time_keeps_the_configured_wait() -> None:
    rig = DeskRig()
    replies(rig, 20 * MILLI, 1000)

    assert wait_of(rig) == CONFIGURED
    assert rig.events(e.ReplyTimesMeasured) == []


def test_too_few_replies_say_nothing() -> None:
    rig = DeskRig()
    replies(rig, 6 * SECOND, SAMPLES_MIN - 1)

    assert wait_of(rig) == CONFIGURED


def test_a_slow_venue_gets_a_longer_wait_and_the_record_says_so() -> None:
    rig = DeskRig()
    replies(rig, 6 * SECOND)
    [fact] = rig.events(e.ReplyTimesMeasured)

    assert (fact.venue, fact.samples) == ("LME", SAMPLES_MIN)
    assert 12 * SECOND <= fact.presumed_dead <= 14 * SECOND
    assert (wait_of(rig), wait_of(rig, "SHFE")) == (fact.presumed_dead, CONFIGURED)


def test_the_wait_never_grows_beyond_its_longest() -> None:
    rig = DeskRig()
    replies(rig, 300 * SECOND)

    assert wait_of(rig) == 12 * CONFIGURED


def test_terms_may_set_a_longest_of_their_own() -> None:
    times = {"LME": msgspec.structs.replace(REPLY_TIMES, presumed_dead_max=8 * SECOND), "SHFE": REPLY_TIMES}
    rig = DeskRig(msgspec.structs.replace(copper_terms(), reply_times=times))
    replies(rig, 300 * SECOND)

    assert wait_of(rig) == 8 * SECOND


def test_a_small_change_leaves_the_wait_alone() -> None:
    rig = DeskRig()
    replies(rig, 6 * SECOND)
    replies(rig, 7 * SECOND)

    assert len(rig.events(e.ReplyTimesMeasured)) == 1


def test_a_venue_that_becomes_quick_again_gets_its_configured_wait_back() -> None:
    rig = DeskRig()
    replies(rig, 6 * SECOND)
    replies(rig, 20 * MILLI, 300_000)

    assert wait_of(rig) == CONFIGURED


def test_what_a_lost_line_delayed_is_not_the_venues_slowness() -> None:
    clock = ReplyClock()
    clock.note_sent(AN_ORDER, 0)
    clock.forget("LME")

    assert clock.note_report(e.OrderAccepted("S0", "V1"), 60 * SECOND) == ""
    assert clock.shown("LME")["reply_samples"] == 0


def test_only_the_first_report_counts_and_an_answer_to_a_question_never_does() -> None:
    clock = ReplyClock()
    clock.note_sent(AN_ORDER, 0)
    clock.note_report(e.OrderStatus("S0", "not_found", 0, "", 1), SECOND)
    clock.note_report(e.OrderStatus("S0", "working", 0, "V1", 1), SECOND)
    for at in (2, 3, 4):
        clock.note_report(e.OrderFilled("S0", f"F{at}", 1, 19_600, "D1"), at * SECOND)

    assert clock.shown("LME")["reply_samples"] == 1


def test_the_desk_times_its_own_orders() -> None:
    rig = ready()
    rig.market()
    rig.synced()
    domestic, foreign = rig.sent
    rig.now += 40 * MILLI
    rig.tell(e.OrderAccepted(domestic.client_order_id, "V1"))
    rig.tell(e.OrderFilled(domestic.client_order_id, "F1", 1, domestic.price_ticks, "D1"))
    rig.tell(e.VenueDown("LME", "dropped"))
    rig.tell(e.OrderAccepted(foreign.client_order_id, "V2"))

    assert rig.desk.reply_clock.shown("SHFE")["reply_samples"] == 1
    assert rig.desk.reply_clock.shown("LME")["reply_samples"] == 0


def missing_after(rig: DeskRig, wait: int) -> str:
    """LME says, asked `wait` after the order left, that it does not know it; return what the order is then."""
    order = rig.program.state.orders[rig.sent[1].client_order_id]
    rig.now = order.sent_at + wait
    rig.tell(e.OrderStatus(order.intent.client_order_id, "not_found", 0, "", rig.now))
    return order.state.value


def test_an_order_is_presumed_dead_only_after_the_measured_wait() -> None:
    rig = ready()
    replies(rig, 6 * SECOND)
    rig.market()
    rig.synced()

    assert missing_after(rig, CONFIGURED) != "presumed_dead"
    assert missing_after(rig, 11 * SECOND) != "presumed_dead"
    assert missing_after(rig, 14 * SECOND) == "presumed_dead"


def test_a_restart_and_a_snapshot_know_the_measured_wait() -> None:
    rig = ready()
    replies(rig, 6 * SECOND)
    measured = wait_of(rig)
    again = DeskRig(history=rig.journal.records, epoch=2)
    thawed = Desk(rig.config, rig.journal, review, 1, rig.now)
    checkpoints.thaw(thawed, checkpoints.freeze(rig.desk))

    assert measured > CONFIGURED
    assert wait_of(again) == measured
    assert thawed.programs["CU-SELL"].snapshot() == rig.program.snapshot()
    assert thawed.programs["CU-SELL"].state.reply_times["LME"].presumed_dead == measured
    replies(again, 6 * SECOND)
    assert again.events(e.ReplyTimesMeasured) == [], "what is in use already is recorded once"


def test_a_program_that_comes_later_waits_as_long() -> None:
    rig = ready()
    replies(rig, 6 * SECOND)
    later = msgspec.structs.replace(copper_terms(), program="CU-LATER")
    rig.desk.record("CU-LATER", e.TermsChanged(later), rig.now, [])

    assert rig.desk.programs["CU-LATER"].state.reply_times["LME"].presumed_dead == wait_of(rig)


def test_new_terms_keep_what_was_measured() -> None:
    rig = ready()
    replies(rig, 6 * SECOND)
    measured = wait_of(rig)
    rig.desk.record("CU-SELL", e.TermsChanged(msgspec.structs.replace(copper_terms(), revision=2)), rig.now, [])

    assert wait_of(rig) == measured


def test_a_program_that_the_snapshot_does_not_know_waits_as_long() -> None:
    rig = ready()
    replies(rig, 6 * SECOND)
    later = msgspec.structs.replace(copper_terms(), program="CU-LATER")
    config = msgspec.structs.replace(rig.config, programs=(*rig.config.programs, later))
    again = Desk(config, rig.journal, review, 2, rig.now)
    checkpoints.thaw(again, checkpoints.freeze(rig.desk))

    assert again.programs["CU-LATER"].state.reply_times["LME"].presumed_dead == wait_of(rig)
