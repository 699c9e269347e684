"""Jobs of the risk package; the schedule is in the console's settings."""

from celery import shared_task

from risk import selectors, services


@shared_task(name="risk.deliver_limits", ignore_result=True)
def deliver_limits(**_: object) -> None:
    """Send a desk's limits again while its engine has not confirmed the newest version."""
    for desk in selectors.versions_in_force():
        if desk.in_force_version != desk.version:
            services.send_limits(desk.desk, "deliver_limits")
