"""Monitors that alert: beyond the warning, beyond the limit, and back inside."""

from decimal import Decimal

import pytest

from risk.limits import LimitKind, LimitSet
from risk.models import Alert
from risk.monitors import Level, Measure, judge, watch
from tests.risk.orders import LME, SHFE, limit

LIMITS = LimitSet.of(
    1,
    [
        limit(LimitKind.LATENCY_MAX_MS, "200", warn=Decimal(100), scope_venue="LME"),
        limit(LimitKind.FILL_RATE_MIN, "0.50", warn=Decimal("0.80")),
        limit(LimitKind.POSITION_LOTS_MAX, "50", warn=Decimal(40), scope_instrument=SHFE),
    ],
)


@pytest.mark.parametrize(
    "kind, venue, value, level",
    [
        (LimitKind.LATENCY_MAX_MS, "LME", "100", None),
        (LimitKind.LATENCY_MAX_MS, "LME", "101", Level.WARNING),
        (LimitKind.LATENCY_MAX_MS, "LME", "201", Level.HARD),
        (LimitKind.LATENCY_MAX_MS, "SHFE", "9999", None),
        (LimitKind.FILL_RATE_MIN, "SHFE", "0.80", None),
        (LimitKind.FILL_RATE_MIN, "SHFE", "0.79", Level.WARNING),
        (LimitKind.FILL_RATE_MIN, "SHFE", "0.49", Level.HARD),
    ],
)
def test_a_figure_is_judged_against_warning_and_limit_of_its_place(
    kind: LimitKind, venue: str, value: str, level: Level | None
) -> None:
    found = judge(Measure(kind, Decimal(value), venue=venue), LIMITS)

    assert (found.level if found else None) == level


@pytest.mark.django_db
@pytest.mark.database
class TestWatch:
    def test_a_figure_raises_grows_and_resolves_one_alert(self) -> None:
        for at_ns, lots in enumerate(("41", "45", "51"), start=1):
            watch([self.position(lots)], LIMITS, desk="demo", at_ns=at_ns)

        alert = Alert.objects.get()
        assert (alert.severity, alert.count, alert.values["value"], alert.values["bound"]) == ("P2", 3, "51", "50")

        watch([self.position("10")], LIMITS, desk="demo", at_ns=9)
        assert Alert.objects.get().state == Alert.State.RESOLVED

    def test_two_instruments_never_share_an_alert(self) -> None:
        limits = LimitSet.of(1, [limit(LimitKind.POSITION_LOTS_MAX, "1")])

        watch([self.position("5"), self.position("5", LME)], limits, desk="demo", at_ns=1)

        assert {alert.rule for alert in Alert.objects.all()} == {
            f"position_lots_max:{SHFE}", f"position_lots_max:{LME}",
        }  # fmt: skip

    @staticmethod
    def position(lots: str, instrument: str = SHFE) -> Measure:
        return Measure(LimitKind.POSITION_LOTS_MAX, Decimal(lots), instrument=instrument, program="CU-SELL")
