"""Who may do what, as the specification's table has it: every role at every trading endpoint, denied by default."""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from audit.access import Role
from tests.trading.conftest import DEMO
from trading import urls
from trading.services.declare import declare

pytestmark = pytest.mark.django_db

WATCHERS = {Role.VIEWER, Role.TRADER, Role.RISK, Role.AUDITOR, Role.PM, Role.OPS}

# Address -> method -> roles that may. Taken from the permissions table of the screens' specification.
TABLE = {
    "board": {"get": WATCHERS},
    "pairs/CU-SHFE-LME": {"get": WATCHERS},
    "programs": {"get": WATCHERS},
    "programs/CU-LME-SELL": {"get": WATCHERS},
    "programs/CU-LME-SELL/terms": {"put": {Role.TRADER}},
    "programs/CU-LME-SELL/arm-review": {"get": WATCHERS},
    "programs/CU-LME-SELL/arm": {"post": {Role.TRADER}},
    "programs/CU-LME-SELL/disarm": {"post": {Role.TRADER, Role.RISK, Role.OPS}},
    "programs/CU-LME-SELL/unwind": {"post": {Role.TRADER, Role.RISK}},
    "programs/CU-LME-SELL/unwind-preview": {"get": {Role.TRADER, Role.RISK}},
    "programs/CU-LME-SELL/flatten-preview": {"get": {Role.TRADER, Role.RISK}},
    "programs/CU-LME-SELL/flatten": {"post": {Role.TRADER, Role.RISK}},
    "executions/none/accept": {"post": {Role.RISK}},
    "positions": {"get": WATCHERS},
    "positions/adjust": {"post": {Role.TRADER, Role.RISK, Role.OPS}},
    "desks/demo/foreign-orders": {"get": WATCHERS},
    "desks/demo/foreign-orders/release": {"post": {Role.RISK}},
    "requests/1/approve": {"post": {Role.RISK}},
    "requests/1/reject": {"post": {Role.RISK}},
    "commands/none": {"get": WATCHERS},
    "kill": {"post": {Role.TRADER, Role.RISK, Role.OPS}},
    "kill/lift": {"post": {Role.TRADER, Role.RISK}},
    "kill/lift/1/approve": {"post": {Role.RISK}},
    "kill/lift/1/reject": {"post": {Role.RISK}},
    "executions": {"get": WATCHERS},
    "executions/none": {"get": WATCHERS},
    "venues": {"get": WATCHERS},
}
METHODS = ("get", "post", "put", "patch", "delete")
OPEN_TO_STRANGERS = {"auth/login"}


@pytest.fixture
def as_role(django_user_model):
    declare(sorted(DEMO.glob("*.toml")), actor="tests")

    def log_in(role: Role) -> Client:
        client = Client()
        user = django_user_model.objects.get(username=f"{role}1")
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return log_in


def call(client: Client, method: str, address: str) -> int:
    # The body is wrong on purpose: who may not, learns nothing about it; who may, is told what is wrong.
    return getattr(client, method)(f"/api/{address}", {}, content_type="application/json").status_code


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_the_table_says_and_nothing_else(as_role, role):
    client = as_role(role)

    wrong = [
        (method, address)
        for address, rules in TABLE.items()
        for method, allowed in rules.items()
        if (call(client, method, address) == 403) == (role in allowed)
    ]

    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_methods_that_an_endpoint_does_not_have_are_closed_to_everybody(as_role, role):
    client = as_role(role)

    passed = [
        (method, address)
        for address, rules in TABLE.items()
        for method in METHODS
        if method not in rules and call(client, method, address) not in (403, 405)
    ]

    assert passed == []


def test_the_table_names_every_trading_endpoint():
    examples = ("CU-SHFE-LME", "CU-LME-SELL", "demo", "none", "1")
    named = {tuple("*" if part in examples else part for part in address.split("/")) for address in TABLE}
    existing = {
        tuple("*" if part.startswith("<") else part for part in str(pattern.pattern).split("/"))
        for pattern in urls.urlpatterns
    }

    assert named == existing


def test_a_stranger_gets_in_nowhere(client):
    admitted = [
        path
        for path in api_paths()
        if path not in OPEN_TO_STRANGERS and client.get(f"/api/{path}").status_code not in (401, 403, 405)
    ]

    assert admitted == []


def test_every_view_states_a_permission_or_is_about_oneself():
    silent = []
    for pattern in api_patterns():
        view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
        if view is None or hasattr(view, "required_permission"):
            continue
        names = {permission.__name__ for permission in view.permission_classes}
        if not names & {"IsAuthenticated", "AllowAny"}:
            silent.append(str(pattern.pattern))

    assert silent == []


def api_patterns() -> list[URLPattern]:
    found: list[URLPattern] = []

    def walk(patterns: list) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            else:
                found.append(pattern)

    for entry in get_resolver().url_patterns:
        if str(entry.pattern).startswith("api/"):
            walk([entry])
    return found


def api_paths() -> list[str]:
    paths = {str(pattern.pattern).removeprefix("api/") for pattern in api_patterns()}
    skipped = ("^", "docs", "schema")
    return sorted(
        "/".join("1" if part.startswith("<") else part for part in path.split("/"))
        for path in paths
        if not path.startswith(skipped)
    )
