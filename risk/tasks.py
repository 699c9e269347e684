"""Jobs of the risk package; the schedule is in the console's settings."""

from celery import shared_task
from django.utils import timezone

from audit import verify
from audit.receipts import nanos
from risk import alerts, escalation, selectors, services


@shared_task(name="risk.deliver_limits", ignore_result=True)
def deliver_limits(**_: object) -> None:
    """Send a desk's limits again while its engine has not confirmed the newest version."""
    for desk in selectors.versions_in_force():
        if desk.in_force_version != desk.version:
            services.send_limits(desk.desk, "deliver_limits")


@shared_task(name="risk.watch_trail", ignore_result=True)
def watch_trail(**_: object) -> None:
    """Walk every stream of receipts and raise P1 where one is not what was written."""
    now_ns = nanos(timezone.now())
    for stream in verify.streams():
        found = verify.verify_stream(stream).first_break
        rule = f"chain_broken:{stream}"
        if found is None:
            alerts.resolve(rule=rule, program="", at_ns=now_ns)
            continue
        alerts.raise_alert(
            rule=rule,
            severity="P1",
            text_key="alert.chain_broken",
            values={"stream": stream, "seq": str(found.seq), "problem": found.problem},
            at_ns=now_ns,
        )


@shared_task(name="risk.escalate_alerts", ignore_result=True)
def escalate_alerts(**_: object) -> None:
    """Hand urgent alerts that nobody has acknowledged on to the next person."""
    escalation.escalate(nanos(timezone.now()))
