"""Thresholds, requests and alerts over REST: who may do what, and what comes back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from rest_framework.test import APIClient

from audit.access import Role
from risk.alerts import raise_alert
from risk.limits import LimitKind
from risk.models import Alert, Approval, Threshold
from risk.services import declare
from tests.risk.orders import ALL_LIMITS

pytestmark = [pytest.mark.django_db, pytest.mark.database]

AT = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
REASON = "Year-end liquidity is thin"


@pytest.fixture(autouse=True)
def desk() -> None:
    declare(desk="demo", limits=ALL_LIMITS, by="apply", at=AT)
    raise_alert(rule="stale", severity="P3", text_key="alert.stale", values={}, at_ns=1)


def client(role: str, name: str = "") -> APIClient:
    user, _ = User.objects.get_or_create(username=name or role)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    browser = APIClient()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def put(browser: APIClient, hard: str, **more: Any) -> Any:
    row = Threshold.objects.get(kind=LimitKind.NAKED_LOTS_MAX.value)
    body = {"hard": hard, "warn": None, "reason": REASON, "base_version": row.version, **more}
    return browser.put(f"/api/thresholds/{row.id}", body, format="json")


# Who gets an answer other than "forbidden", by request.
MATRIX = {
    ("GET", "/api/thresholds"): {"viewer", "trader", "risk", "auditor", "pm", "ops"},
    ("GET", "/api/approvals"): {"viewer", "trader", "risk", "auditor", "pm", "ops"},
    ("GET", "/api/alerts"): {"viewer", "trader", "risk", "auditor", "pm", "ops"},
    ("PUT", "/api/thresholds/999"): {"trader", "risk", "pm"},
    ("POST", "/api/approvals/999/approve"): {"risk"},
    ("POST", "/api/approvals/999/reject"): {"risk"},
    ("POST", "/api/alerts/999/ack"): {"trader", "risk", "ops"},
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("method, path", MATRIX)
def test_a_role_reaches_exactly_what_the_table_gives_it(role: Role, method: str, path: str) -> None:
    answer = client(role).generic(method, path, "{}", content_type="application/json")

    assert (answer.status_code != 403) == (role in MATRIX[method, path]), answer.json()


def test_nobody_is_answered_without_logging_in() -> None:
    for method, path in MATRIX:
        assert APIClient().generic(method, path).status_code == 401


def test_the_list_names_unit_words_and_the_version_the_engine_uses() -> None:
    answer = client("viewer").get("/api/thresholds").json()

    assert answer["versions"][0]["version"] == 1 and answer["versions"][0]["in_force_version"] is None
    collar = next(row for row in answer["thresholds"] if row["kind"] == "price_collar_rate")
    assert (collar["hard"], collar["warn"], collar["unit"]) == ("0.01", None, "rate")
    assert (collar["label_en"], collar["label_zh"]) == ("Price collar", "价格偏离上限")


def test_tightening_answers_with_the_new_row_and_loosening_with_a_request() -> None:
    tightened = put(client("risk"), "8")
    assert (tightened.status_code, tightened.json()["hard"]) == (200, "8")

    asked = put(client("risk"), "20")
    assert (asked.status_code, asked.json()["can_decide"]) == (202, False)
    row = next(row for row in client("viewer").get("/api/thresholds").json()["thresholds"] if row["pending"])
    assert row["pending"]["request"]["hard"] == "20"


def test_the_maker_is_refused_and_another_risk_officer_decides() -> None:
    request = put(client("risk", "risk1"), "20").json()
    path = f"/api/approvals/{request['id']}/approve"

    own = client("risk", "risk1").post(path, {}, format="json")
    assert (own.status_code, own.json()["code"]) == (403, "own_request")

    done = client("risk", "risk2").post(path, {"note": "agreed"}, format="json")
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    assert Threshold.objects.get(kind=LimitKind.NAKED_LOTS_MAX.value).hard == "20"


def test_a_moved_base_answers_409_and_names_the_version_it_stands_at() -> None:
    put(client("risk"), "8")

    answer = put(client("risk"), "6", base_version=1)

    assert (answer.status_code, answer.json()["code"]) == (409, "base_moved")
    assert answer.json()["fields"] == {"base_version": "2"}


@pytest.mark.parametrize("hard", ["abc", "", "NaN", "1e400", "-5", None])
def test_a_bad_figure_is_refused_with_its_field_and_changes_nothing(hard: Any) -> None:
    answer = put(client("risk"), hard)

    assert answer.status_code == 400
    assert "hard" in answer.json()["fields"]
    assert Threshold.objects.get(kind=LimitKind.NAKED_LOTS_MAX.value).hard == "10"


def test_an_alert_is_acknowledged_once_over_the_wire() -> None:
    seq = Alert.objects.get().seq
    browser = client("trader")

    first = browser.post(f"/api/alerts/{seq}/ack", {"note": "seen"}, format="json")
    second = browser.post(f"/api/alerts/{seq}/ack", {}, format="json")

    assert (first.status_code, first.json()["acked_by"]) == (200, "trader")
    assert (second.status_code, second.json()["code"]) == (409, "already_acknowledged")


def test_requests_of_unknown_things_answer_404() -> None:
    assert client("risk").post("/api/approvals/999/approve", {}, format="json").status_code == 404
    assert client("ops").post("/api/alerts/999/ack", {}, format="json").status_code == 404
    assert Approval.objects.count() == 0
