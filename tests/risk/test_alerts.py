"""Alerts: one row per cause, counted once per record, owned by whoever acknowledges."""

from datetime import UTC, datetime

import pytest

from audit.models import Receipt
from risk import alerts, selectors
from risk.alerts import AlreadyAcknowledged, Cause, acknowledge, raise_alert, resolve
from risk.models import Alert

pytestmark = [pytest.mark.django_db, pytest.mark.database]

AT = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
FIRST, SECOND = "X-20261120-CU-SELL-000001", "X-20261120-CU-SELL-000002"


def naked(stream_seq: int, execution: str = FIRST, severity: str = "P2") -> Alert:
    return raise_alert(
        rule="naked_age",
        severity=severity,
        text_key="alert.naked_age",
        values={"lots": "5"},
        at_ns=1_000 + stream_seq,
        cause=Cause(desk="demo", program="CU-SELL", execution=execution),
        source=("desk:demo", stream_seq),
    )


def test_a_storm_of_one_cause_is_one_row_with_a_counter() -> None:
    for stream_seq in range(1, 51):
        naked(stream_seq)

    alert = Alert.objects.get()
    assert (alert.count, alert.raised_at_ns, alert.last_at_ns) == (50, 1_001, 1_050)


def test_the_same_record_counts_once_however_often_it_is_projected() -> None:
    naked(1)
    naked(2)
    naked(1)

    assert Alert.objects.get().count == 2


def test_a_repeat_can_only_make_an_alert_more_severe() -> None:
    naked(1, severity="P2")
    naked(2, severity="P1")
    naked(3, severity="P3")

    assert Alert.objects.get().severity == "P1"


def test_acknowledging_names_the_owner_and_leaves_a_receipt() -> None:
    alert = acknowledge(seq=naked(1).seq, note="watching it", by="risk1", at=AT)

    assert (alert.state, alert.acked_by, alert.ack_note) == ("acked", "risk1", "watching it")
    assert Receipt.objects.get(kind="alert_acknowledged").execution == FIRST
    with pytest.raises(AlreadyAcknowledged, match="risk1"):
        acknowledge(seq=alert.seq, note="", by="trader1", at=AT)


def test_an_acknowledged_alert_counts_its_own_execution_and_hides_no_other() -> None:
    acknowledge(seq=naked(1).seq, note="", by="risk1", at=AT)

    naked(2)
    naked(3, execution=SECOND)

    acked, fresh = Alert.objects.all()
    assert (acked.state, acked.count) == ("acked", 2)
    assert (fresh.state, fresh.execution) == ("open", SECOND)


def test_a_cause_that_returns_after_it_was_resolved_is_a_new_alert() -> None:
    naked(1)
    assert resolve(rule="naked_age", program="CU-SELL", at_ns=5) == 1

    naked(2)

    assert [alert.state for alert in Alert.objects.all()] == ["resolved", "open"]


def test_a_screen_that_polls_by_the_last_change_misses_nothing() -> None:
    first = naked(1)
    seen = first.changed_seq

    acknowledge(seq=first.seq, note="", by="risk1", at=AT)
    naked(2, execution=SECOND)

    news = list(selectors.alerts(after=seen))
    assert [(alert.execution, alert.state) for alert in news] == [(FIRST, "acked"), (SECOND, "open")]
    assert not selectors.alerts(after=news[-1].changed_seq)


def test_who_pushes_to_screens_is_woken_after_commit(django_capture_on_commit_callbacks) -> None:
    woken: list[int] = []

    def listen(alert: Alert, **_: object) -> None:
        woken.append(alert.seq)

    alerts.changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            naked(1)
            assert woken == []
    finally:
        alerts.changed.disconnect(listen)
    assert woken == [Alert.objects.get().seq]


def test_an_alert_without_a_journal_record_leaves_a_receipt_of_its_own() -> None:
    raise_alert(rule="chain_broken", severity="P1", text_key="alert.chain_broken", values={}, at_ns=7)

    assert Receipt.objects.get(kind="alert_raised").at_ns == 7
