"""Receipts, verification, projects and reports over REST: who may see what."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from rest_framework.test import APIClient

from audit import receipts
from audit.access import Role
from audit.models import Project
from tests.audit.story import AT, PROJECT, tell

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def project() -> Project:
    receipts.issue(kind="login", actor="trader9", at=AT, body={})
    return tell()[0]


def client(role: str, name: str = "") -> APIClient:
    user, _ = User.objects.get_or_create(username=name or f"some_{role}")
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    browser = APIClient()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


MATRIX = {
    "/api/audit/receipts": {"trader", "risk", "auditor", "pm"},
    "/api/audit/verify": {"auditor"},
    "/api/audit/verifier": {"trader", "risk", "auditor", "pm"},
    "/api/projects": {"trader", "risk", "auditor", "pm", "ops"},
    f"/api/projects/{PROJECT}": {"trader", "risk", "auditor", "pm", "ops"},
    f"/api/projects/{PROJECT}/report.csv": {"auditor"},
    f"/api/projects/{PROJECT}/report.manifest.json": {"auditor"},
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", MATRIX)
def test_a_role_reaches_exactly_what_the_table_gives_it(role: Role, path: str) -> None:
    answer = client(role).get(path)

    assert (answer.status_code != 403) == (role in MATRIX[path])


@pytest.mark.parametrize("path", MATRIX)
def test_nobody_is_answered_without_logging_in(path: str) -> None:
    assert APIClient().get(path).status_code == 401


def test_a_trader_finds_own_projects_and_no_others() -> None:
    member, stranger = client("trader", "trader1"), client("trader", "trader2")

    assert [item["code"] for item in member.get("/api/projects").json()] == [PROJECT]
    assert member.get("/api/audit/receipts").json()["count"] == 32
    assert stranger.get("/api/projects").json() == []
    assert stranger.get(f"/api/projects/{PROJECT}").status_code == 404
    assert stranger.get("/api/audit/receipts").json()["count"] == 0


def search(**asked: Any) -> dict[str, Any]:
    answer = client("auditor").get("/api/audit/receipts", asked)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_receipts_are_found_by_project_kind_instrument_time_actor_and_text() -> None:
    assert search()["count"] == 36
    assert search(project=PROJECT)["count"] == 32
    assert search(kind="orders_decided")["count"] == 5
    assert search(instrument="SHFE.cu2703")["count"] == search(instrument="SHFE.*")["count"] == 31
    assert search(instrument="SHFE.cu27")["count"] == 0
    assert search(actor="risk1")["count"] == 1
    assert search(q="HYPERLINK")["count"] == 1
    assert search(execution="X-20261120-CU-SELL-000003", kind="order_filled")["count"] == 2
    later = (AT + timedelta(seconds=61)).isoformat()
    assert search(**{"from": later, "project": PROJECT})["count"] + search(to=later, project=PROJECT)["count"] == 32


def test_pages_follow_each_other_newest_first_without_gap_or_repeat() -> None:
    seen, cursor = [], ""
    while True:
        page = search(limit=7, cursor=cursor)
        seen += [(item["at_ns"], item["stream"], item["seq"]) for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break

    assert len(seen) == len(set(seen)) == 36
    assert [at_ns for at_ns, _, _ in seen] == sorted((at_ns for at_ns, _, _ in seen), reverse=True)


@pytest.mark.parametrize("asked", [{"cursor": "x"}, {"from": "yesterday"}, {"limit": "0"}, {"cursor": "1-2-3"}])
def test_a_search_that_cannot_be_read_is_refused_with_its_reason(asked: dict[str, str]) -> None:
    answer = client("auditor").get("/api/audit/receipts", asked)

    assert (answer.status_code, bool(answer.json()["message"])) == (400, True)


def test_verification_walks_whole_streams() -> None:
    answer = client("auditor").get("/api/audit/verify", {"project": PROJECT}).json()

    assert answer["sound"] is True
    assert [(item["stream"], item["records"], item["project_records"]) for item in answer["streams"]] == [
        ("console", 5, 1), ("desk:demo", 31, 31),
    ]  # fmt: skip
    assert client("auditor").get("/api/audit/verify", {"project": "NOPE"}).status_code == 404


@pytest.mark.usefixtures("report_font")
def test_the_auditor_downloads_the_report_as_a_file() -> None:
    answer = client("auditor").get(f"/api/projects/{PROJECT}/report.pdf", {"lang": "zh"}, HTTP_ACCEPT="application/pdf")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"].startswith('attachment; filename="project_trace_1_CU-XMKT-01_')
    assert answer.content.startswith(b"%PDF")
    exports = client("auditor").get(f"/api/projects/{PROJECT}").json()["exports"]
    assert [item["format"] for item in exports] == ["pdf"]


def test_the_csv_comes_in_the_profile_that_was_asked_for() -> None:
    path = f"/api/projects/{PROJECT}/report.csv"

    assert client("auditor").get(path).content.startswith(b"\xef\xbb\xbf")
    assert client("auditor").get(path, {"profile": "regulator"}).content.startswith(b"ledger_stream,")
    refused = client("auditor").get(path, {"profile": "secret"})
    assert (refused.status_code, "profile" in refused.json()["fields"]) == (400, True)
