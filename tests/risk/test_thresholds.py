"""Thresholds: one person tightens at once, loosening takes a second person, and the engine is told."""

import socket
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import Group, User

from audit.models import Receipt
from console.celery import app
from risk import approvals, services
from risk.approvals import ApprovalNotPending, OwnRequest, ReasonTooShort
from risk.limits import LimitKind, LimitSet
from risk.models import Approval, LimitVersion, Threshold
from risk.selectors import versions_in_force
from risk.services import BadFigure, BaseMoved, NotAllowed, change_threshold, decide_threshold, declare
from tests.risk.orders import ALL_LIMITS, SHFE, limit

pytestmark = [pytest.mark.django_db, pytest.mark.database]

AT = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
REASON = "Year-end liquidity is thin"


def person(name: str, role: str) -> User:
    user = User.objects.create(username=name)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


@pytest.fixture
def risk1() -> User:
    return person("risk1", "risk")


@pytest.fixture
def risk2() -> User:
    return person("risk2", "risk")


@pytest.fixture
def trader() -> User:
    return person("trader1", "trader")


@pytest.fixture
def naked_lots() -> Threshold:
    """Naked lots may reach 10 and warn at 5, among the other limits of desk demo."""
    limits = [item for item in ALL_LIMITS if item.kind is not LimitKind.NAKED_LOTS_MAX]
    declare(
        desk="demo",
        limits=[*limits, limit(LimitKind.NAKED_LOTS_MAX, "10", warn=Decimal(5))],
        by="apply",
        at=AT,
    )
    return Threshold.objects.get(kind=LimitKind.NAKED_LOTS_MAX.value)


def change(threshold: Threshold, user: User, hard: str, warn: str | None = "5", **more: Any) -> Any:
    return change_threshold(
        threshold_id=threshold.id,
        hard=Decimal(hard),
        warn=None if warn is None else Decimal(warn),
        reason=more.get("reason", REASON),
        base_version=more.get("base_version", threshold.version),
        user=user,
        at=AT,
    )


def naked_limit() -> Decimal:
    found = services.limit_set("demo").effective(LimitKind.NAKED_LOTS_MAX)
    assert found is not None
    return found.hard


def test_tightening_holds_at_once_and_leaves_a_receipt_with_both_figures(naked_lots: Threshold, risk1: User) -> None:
    outcome = change(naked_lots, risk1, "6")

    assert isinstance(outcome, Threshold) and naked_limit() == 6
    body = msgspec.json.decode(Receipt.objects.get(kind="threshold_changed").body)["body"]
    assert (body["before"]["hard"], body["limit"]["hard"], body["reason"]) == ("10", "6", REASON)
    assert body["limits_version"] == 2


def test_loosening_only_asks_and_a_second_risk_officer_puts_it_in_force(
    naked_lots: Threshold, risk1: User, risk2: User
) -> None:
    request = change(naked_lots, risk1, "20")
    assert isinstance(request, Approval) and naked_limit() == 10

    decide_threshold(approval_id=request.id, approve=True, note="agreed", by="risk2", at=AT)

    assert naked_limit() == 20
    body = msgspec.json.decode(Receipt.objects.get(kind="threshold_changed").body)["body"]
    assert (body["approval"], body["requested_by"]) == (request.id, "risk1")


def test_nobody_approves_their_own_request(naked_lots: Threshold, risk1: User) -> None:
    request = change(naked_lots, risk1, "20")

    with pytest.raises(OwnRequest):
        decide_threshold(approval_id=request.id, approve=True, note="", by="risk1", at=AT)

    assert naked_limit() == 10


def test_an_approval_is_bound_to_the_version_it_was_asked_against(
    naked_lots: Threshold, risk1: User, risk2: User
) -> None:
    request = change(naked_lots, risk1, "20")
    change(naked_lots, risk2, "8")

    with pytest.raises(BaseMoved, match="risk2"):
        decide_threshold(approval_id=request.id, approve=True, note="", by="risk2", at=AT)

    assert naked_limit() == 8
    assert Approval.objects.get().state == Approval.State.PENDING


def test_a_request_expires_after_half_an_hour(naked_lots: Threshold, risk1: User) -> None:
    request = change(naked_lots, risk1, "20")
    late = AT + approvals.VALID_FOR

    with pytest.raises(ApprovalNotPending, match="expired"):
        decide_threshold(approval_id=request.id, approve=True, note="", by="risk2", at=late)
    decide_threshold(approval_id=request.id, approve=True, note="", by="risk2", at=late - timedelta(seconds=1))


def test_a_request_is_decided_once(naked_lots: Threshold, risk1: User) -> None:
    request = change(naked_lots, risk1, "20")
    decide_threshold(approval_id=request.id, approve=False, note="no need", by="risk2", at=AT)

    with pytest.raises(ApprovalNotPending, match="risk2 has already rejected"):
        decide_threshold(approval_id=request.id, approve=True, note="", by="risk3", at=AT)
    assert naked_limit() == 10


def test_a_trader_may_ask_to_loosen_but_not_tighten(naked_lots: Threshold, trader: User) -> None:
    assert isinstance(change(naked_lots, trader, "20"), Approval)

    with pytest.raises(NotAllowed):
        change(naked_lots, trader, "5")


@pytest.mark.parametrize(
    "hard, warn, outcome",
    [("10", None, Approval), ("10", "7", Approval), ("9", "6", Approval), ("10", "4", Threshold)],
)
def test_a_later_or_missing_warning_is_a_loosening_too(
    naked_lots: Threshold, risk1: User, hard: str, warn: str | None, outcome: type
) -> None:
    assert isinstance(change(naked_lots, risk1, hard, warn), outcome)


@pytest.mark.parametrize("hard, warn", [("-1", None), ("NaN", None), ("1.5", None), ("5", "6"), ("Infinity", None)])
def test_a_figure_that_cannot_be_a_limit_is_refused(
    naked_lots: Threshold, risk1: User, hard: str, warn: str | None
) -> None:
    with pytest.raises(BadFigure):
        change(naked_lots, risk1, hard, warn)


def test_a_change_on_an_old_version_or_without_a_reason_is_refused(naked_lots: Threshold, risk1: User) -> None:
    with pytest.raises(BaseMoved):
        change(naked_lots, risk1, "6", base_version=7)
    with pytest.raises(ReasonTooShort):
        change(naked_lots, risk1, "6", reason="thin      ")
    assert naked_limit() == 10


def test_declaring_again_never_undoes_what_a_risk_officer_decided(naked_lots: Threshold, risk1: User) -> None:
    change(naked_lots, risk1, "6")
    new = limit(LimitKind.ORDER_LOTS_MAX, "3", scope_instrument=SHFE)

    outcome = declare(desk="demo", limits=[*ALL_LIMITS, new], by="apply", at=AT)

    assert outcome.created == (new,)
    [(standing, declared)] = outcome.kept
    assert (standing.hard, declared.hard) == (6, 10)
    assert naked_limit() == 6


def test_declaring_the_same_again_makes_no_new_version(naked_lots: Threshold) -> None:
    limits = services.limit_set("demo").limits

    assert declare(desk="demo", limits=limits, by="apply", at=AT).created == ()
    assert LimitVersion.objects.count() == 1


def test_the_engine_is_told_after_commit_by_a_command_that_repeats_safely(
    naked_lots: Threshold,
    risk1: User,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(app.conf, "broker_url", redis_url)
    app._after_fork()  # Celery keeps its connections until it believes that it was forked
    with app.connection_for_write() as connection:
        connection.SimpleQueue("engine.demo").clear()  # what an earlier test left there
    with django_capture_on_commit_callbacks(execute=True):
        change(naked_lots, risk1, "6")

    with app.connection_for_read() as connection:
        message = connection.SimpleQueue("engine.demo").get(timeout=5)
    _, arguments, _ = message.payload
    command = arguments["command"]
    assert (message.headers["task"], arguments["desk"]) == ("trading.set_limits", "demo")
    assert (command["op"], command["command_id"]) == ("limits", "limits-demo-2")
    assert msgspec.convert(command["limit_set"], LimitSet, strict=False) == services.limit_set("demo")


def test_a_version_is_in_force_once_the_engine_says_so(naked_lots: Threshold) -> None:
    assert [item.in_force_version for item in versions_in_force()] == [None]

    services.confirm_in_force(desk="demo", version=1, at=AT)

    assert [item.in_force_version for item in versions_in_force()] == [1]


def test_a_queue_that_is_away_costs_one_line_and_not_the_change(
    naked_lots: Threshold, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr(app.conf, "broker_url", f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
        app._after_fork()

        services.send_limits("demo", "deliver_limits")
    app._after_fork()

    [record] = [record for record in caplog.records if record.name == "risk.services"]
    assert record.exc_info is None
    assert "limits of desk demo, version 1, are not sent, the queue is away" in record.getMessage()
    assert "\n" not in record.getMessage()
