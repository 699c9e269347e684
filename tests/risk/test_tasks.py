"""Jobs of the risk package: a broken chain is a P1 alert, unconfirmed limits are sent again."""

from datetime import UTC, datetime
from queue import Empty

import pytest
from celery import current_app
from django.db import connection

from audit import append_only
from audit.receipts import copy_batch
from console.celery import app
from risk.models import Alert
from risk.services import confirm_in_force, declare
from risk.tasks import deliver_limits, watch_trail
from tests.audit.journal import journal_records
from tests.risk.orders import ALL_LIMITS

pytestmark = [pytest.mark.django_db, pytest.mark.database]

AT = datetime(2026, 11, 20, tzinfo=UTC)


def set_body(seq: int, body: str) -> None:
    append_only.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_receipt SET body = %s WHERE stream = 'desk:demo' AND seq = %s", [body, seq])
    append_only.install(connection)


def test_a_changed_record_is_one_p1_alert_until_it_is_put_right() -> None:
    records = journal_records(10)
    copy_batch("desk:demo", records)
    watch_trail()
    assert not Alert.objects.exists()

    set_body(7, "{}")
    watch_trail()
    watch_trail()

    alert = Alert.objects.get()
    assert (alert.severity, alert.count, alert.values["seq"]) == ("P1", 2, "7")
    set_body(7, records[6].body.decode())
    watch_trail()
    assert Alert.objects.get().state == Alert.State.RESOLVED


def test_limits_are_sent_again_until_the_engine_confirms_them(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.conf, "broker_url", redis_url)
    declare(desk="again", limits=ALL_LIMITS, by="apply", at=AT)

    deliver_limits()
    deliver_limits()
    confirm_in_force(desk="again", version=1, at=AT)
    deliver_limits()

    with current_app.connection_for_read() as broker:
        queue = broker.SimpleQueue("engine.again")
        sent = [queue.get(timeout=5).payload[1]["command"]["command_id"] for _ in range(2)]
        with pytest.raises(Empty):
            queue.get(block=False)
    assert sent == ["limits-again-1", "limits-again-1"]
