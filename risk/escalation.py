"""An alert that nobody takes goes on to the next person; being unread is an alert of its own (Knight Capital 2012).

Each step happens once per alert, however often the job runs: its place is on record with the alert it raises.
"""

from risk import alerts
from risk.alerts import Cause
from risk.models import Alert

SECOND = 1_000_000_000
# After so long without an owner: the risk officer on duty, then every risk officer, then management.
STEPS = ((30 * SECOND, "risk_officer"), (120 * SECOND, "risk_officers"), (600 * SECOND, "management"))
RULE = "unacknowledged:"


def escalate(now_ns: int) -> int:
    """Raise an alert per overdue step of an urgent one, end those that found an owner; return how many rose."""
    _end_the_answered(now_ns)
    waiting = Alert.objects.filter(severity="P1", state=Alert.State.OPEN).exclude(rule__startswith=RULE)
    raised = 0
    for alert in waiting:
        for step, (after, who) in enumerate(STEPS, 1):
            if now_ns - alert.raised_at_ns >= after:
                raised += _raise(alert, step, who, after // SECOND, now_ns)
    return raised


def _raise(alert: Alert, step: int, who: str, after_s: int, now_ns: int) -> int:
    source = (f"escalation:{alert.seq}", step)
    if alerts.is_counted(source):
        return 0
    alerts.raise_alert(
        rule=f"{RULE}{alert.seq}",
        severity="P1",
        text_key="alert.unacknowledged",
        values={"alert": str(alert.seq), "rule": alert.rule, "seconds": str(after_s), "role": who},
        at_ns=now_ns,
        cause=Cause(desk=alert.desk, project=alert.project, program=alert.program, execution=alert.execution),
        source=source,
    )
    alerts.leave_receipt(alert, "alert_escalated", "risk", now_ns, {"step": step, "to": who})
    return 1


def _end_the_answered(now_ns: int) -> None:
    for escalation in Alert.objects.filter(rule__startswith=RULE).exclude(state=Alert.State.RESOLVED):
        alert = Alert.objects.get(seq=int(escalation.rule.removeprefix(RULE)))
        if alert.state != Alert.State.OPEN:
            alerts.resolve(rule=escalation.rule, program=escalation.program, desk=escalation.desk, at_ns=now_ns)
