"""Logging in and out, what a person may do, and what a stranger learns: nothing."""

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group
from django.test import Client

from audit import access
from audit.models import Receipt
from console.models import Preferences

PASSWORD = "correct horse battery staple"

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def trader(django_user_model):
    user = django_user_model.objects.create_user("trader1", password=PASSWORD, first_name="Trader", last_name="One")
    user.groups.add(Group.objects.get_or_create(name="trader")[0])
    return user


@pytest.fixture
def browser() -> Client:
    """A client that is held to CSRF like a browser."""
    return Client(enforce_csrf_checks=True)


def log_in(browser: Client, username: str = "trader1", password: str = PASSWORD):
    browser.get("/api/me")
    return browser.post(
        "/api/auth/login",
        {"username": username, "password": password},
        content_type="application/json",
        headers={"X-CSRFToken": browser.cookies["csrftoken"].value},
    )


def test_a_trader_logs_in_and_learns_what_she_may_do(browser, trader):
    answer = log_in(browser)

    assert answer.status_code == 200
    assert answer.json()["display_name"] == "Trader One"
    assert answer.json()["roles"] == ["trader"]
    assert "programs.arm" in answer.json()["permissions"]
    assert "limits.tighten" not in answer.json()["permissions"]
    assert browser.get("/api/me").json() == answer.json()


def test_a_wrong_password_and_an_unknown_name_get_the_same_words(browser, trader):
    wrong = log_in(browser, password="wrong")
    unknown = log_in(browser, username="nobody", password="wrong")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "wrong_credentials"


def test_five_wrong_passwords_lock_the_name_even_for_the_right_one(browser, trader):
    for _ in range(5):
        log_in(browser, password="wrong")

    locked = log_in(browser)

    assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
    assert AccessAttempt.objects.get().username == "trader1"


def test_who_came_who_left_and_who_failed_is_evidence(browser, trader):
    log_in(browser, password="wrong")
    log_in(browser, username="no such name, perhaps a password", password="wrong")
    log_in(browser)
    token = browser.cookies["csrftoken"].value
    browser.post("/api/auth/logout", content_type="application/json", headers={"X-CSRFToken": token})

    receipts = Receipt.objects.order_by("seq")

    assert [(row.kind, row.actor) for row in receipts] == [
        ("login_failed", "trader1"),
        ("logged_in", "trader1"),
        ("logged_out", "trader1"),
    ]
    assert PASSWORD not in "".join(row.body for row in receipts)


def test_a_lock_hits_one_name_and_spares_the_others(browser, trader, django_user_model):
    django_user_model.objects.create_user("risk1", password=PASSWORD)
    for _ in range(5):
        log_in(browser, password="wrong")

    assert log_in(browser, username="risk1").status_code == 200


def test_a_login_gets_a_session_that_nobody_could_have_planted(browser, trader):
    session = browser.session
    session["planted"] = True
    session.save()
    planted_key = session.session_key

    log_in(browser)

    assert browser.cookies["sessionid"].value != planted_key


def test_logging_out_ends_the_session_on_the_server(browser, trader):
    log_in(browser)
    stolen = browser.cookies["sessionid"].value

    token = browser.cookies["csrftoken"].value
    # As a browser sends it: nothing in the body, and no type of it.
    answer = browser.generic("POST", "/api/auth/logout", content_type="", headers={"X-CSRFToken": token})

    assert answer.status_code == 204

    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert thief.get("/api/me").status_code == 401


def test_a_person_who_is_switched_off_loses_the_open_session(browser, trader):
    log_in(browser)
    trader.is_active = False
    trader.save()

    assert browser.get("/api/me").status_code == 401


def test_a_login_from_another_site_is_refused(browser, trader):
    browser.get("/api/me")
    answer = browser.post(
        "/api/auth/login", {"username": "trader1", "password": PASSWORD}, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_a_change_without_the_token_is_refused(browser, trader):
    log_in(browser)

    answer = browser.patch("/api/me/preferences", {"language": "zh-hans"}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_of_another_site_cannot_pose_as_json(browser, trader, content_type):
    browser.get("/api/me")
    token = browser.cookies["csrftoken"].value
    answer = browser.post(
        "/api/auth/login",
        '{"username": "trader1"}',
        content_type=content_type,
        headers={"X-CSRFToken": token},
    )

    assert answer.status_code == 415


def test_a_missing_password_is_named_by_its_field(browser):
    browser.get("/api/me")
    token = browser.cookies["csrftoken"].value
    answer = browser.post(
        "/api/auth/login", {"username": "x"}, content_type="application/json", headers={"X-CSRFToken": token}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert "password" in answer.json()["fields"]


def test_a_stranger_is_told_to_log_in(client):
    answer = client.get("/api/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_preferences_are_kept_and_merged(client, trader):
    client.force_login(trader)
    client.patch("/api/me/preferences", {"language": "en", "up": "red"}, content_type="application/json")

    answer = client.patch("/api/me/preferences", {"up": None}, content_type="application/json")

    assert answer.json()["preferences"] == {"language": "en"}
    assert Preferences.objects.get(user=trader).values == {"language": "en"}


def test_preferences_have_a_bound(client, trader):
    client.force_login(trader)
    answer = client.patch("/api/me/preferences", {"x": "y" * 20_000}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_a_preference_that_is_no_object_is_refused(client, trader):
    client.force_login(trader)

    assert client.patch("/api/me/preferences", "[1]", content_type="application/json").status_code == 400


def test_administrators_can_neither_trade_nor_approve():
    granted = {name for name, roles in access.PERMISSIONS.items() if access.Role.ADMIN in roles}

    assert granted == {"audit.read_settings", "users.read", "users.manage"}


def test_who_asks_to_loosen_a_limit_may_not_be_the_only_one_who_approves():
    assert access.PERMISSIONS["limits.loosen_approve"] == {access.Role.RISK}
    assert access.Role.TRADER not in access.PERMISSIONS["kill.lift_approve"]


def test_a_name_that_the_table_does_not_have_is_a_mistake_not_a_denial(trader):
    with pytest.raises(KeyError):
        access.can(trader, "programs.amr")


def test_a_view_that_states_no_permission_is_closed(trader, rf):
    request = rf.get("/")
    request.user = trader

    assert not access.HasPermission().has_permission(request, object())
