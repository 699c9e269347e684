"""What a browser gets: headers on every answer, the frontend's shell, the description of the API."""

import re

import pytest

pytestmark = pytest.mark.django_db

SHELL = "<!doctype html><title>console</title>"


@pytest.fixture
def built_frontend(tmp_path, settings):
    (tmp_path / "index.html").write_text(SHELL)
    settings.FRONTEND_DIST = tmp_path


@pytest.mark.parametrize("address", ["/", "/board", "/api/me", "/livez", "/api/nowhere"])
def test_every_answer_carries_the_browser_s_orders(client, built_frontend, address):
    headers = client.get(address).headers
    policy = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))

    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_every_page_of_the_frontend_gets_its_shell(client, built_frontend):
    for address in ("/", "/board", "/executions/X-20261122-cu-000001"):
        answer = client.get(address)
        assert answer.content.decode() == SHELL
        assert "no-store" in answer.headers["Cache-Control"]


def test_a_missing_build_says_what_to_do(client, settings, tmp_path):
    settings.FRONTEND_DIST = tmp_path

    answer = client.get("/")

    assert answer.status_code == 503
    assert "make setup" in answer.content.decode()


def test_an_unknown_endpoint_is_json_and_not_the_shell(client, built_frontend):
    answer = client.get("/api/nowhere")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_api_is_described_to_people_who_are_logged_in(client, django_user_model):
    assert client.get("/api/docs/").status_code == 302
    assert client.get("/api/schema/").status_code == 401

    client.force_login(django_user_model.objects.create_user("viewer1"))

    page = client.get("/api/docs/").content.decode()
    schema = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    for path in schema["paths"]:
        assert f"<code>{path}</code>" in page
    assert not re.search(r"<script|style=", page), "the content policy allows nothing inline"


def test_cookies_are_for_this_site_only(client):
    client.get("/api/me")

    assert client.cookies["csrftoken"]["samesite"] == "Strict"
