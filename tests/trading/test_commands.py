"""Orders to an engine over REST: one press is one command, kill works alone, and arming needs what was reviewed."""

import shutil
import time

import pytest

from audit.models import Project, Receipt
from tests.trading.api import command_in, sent
from trading.engine import kill_file
from trading.models import Command, Desk, JournalCursor

pytestmark = pytest.mark.django_db

ARM = "/api/programs/CU-LME-SELL/arm"


def test_arming_sends_the_reviewed_revision_once_with_an_expiry(api, broker):
    answer = api("trader1").post(ARM, {"revision": 1})

    assert answer.status_code == 202
    [task] = sent(broker)
    assert task["headers"]["task"] == "trading.arm"
    assert task["headers"]["expires"] is not None
    command = command_in(task)
    assert command["command_id"] == answer.json()["command_id"]
    assert (command["op"], command["program"], command["revision"], command["actor"]) == (
        "arm", "CU-LME-SELL", 1, "trader1",
    )  # fmt: skip


def test_a_repeated_key_returns_the_first_command_and_sends_nothing(api, broker):
    first = api("trader1").post(ARM, {"revision": 1}).json()

    again = api("trader1").post(ARM, {"revision": 1})

    assert (again.status_code, again.json()) == (202, first)
    assert len(sent(broker)) == 1
    assert Command.objects.count() == 1
    assert Receipt.objects.filter(kind="arm_requested").count() == 1


def test_two_people_may_use_the_same_key(api, broker, person):
    api("trader1").post("/api/programs/CU-LME-SELL/disarm")
    api("risk1").post("/api/programs/CU-LME-SELL/disarm")

    assert Command.objects.count() == 2


def test_a_key_does_not_pass_from_one_button_to_another(api, broker):
    api("trader1").post(ARM, {"revision": 1})

    answer = api("trader1").post("/api/programs/CU-LME-SELL/disarm")

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")


def test_a_command_without_a_key_is_refused(api, broker):
    answer = api("trader1").post(ARM, {"revision": 1}, headers=None)

    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["fields"]
    assert sent(broker) == []


def test_arming_another_revision_than_the_one_in_force_is_refused(api, broker):
    trader = api("trader1")
    trader.put("/api/programs/CU-LME-SELL/terms", {"base_revision": 1, "terms": {"trigger_value": "190"}})

    answer = trader.post(ARM, {"revision": 1})

    assert (answer.status_code, answer.json()["code"]) == (409, "revision_moved")
    assert sent(broker) == []


def test_a_trader_arms_only_in_own_projects(api, broker, person):
    Project.objects.filter(code="CU-XMKT-01").update(members=[])

    answer = api("trader1").post(ARM, {"revision": 1})

    assert (answer.status_code, answer.json()["code"]) == (403, "not_own_project")


def test_arming_names_the_engine_that_was_seen(api, broker):
    JournalCursor.objects.create(desk=Desk.objects.get(), epoch=7)

    api("trader1").post(ARM, {"revision": 1})

    command = command_in(sent(broker)[0])
    assert command["incarnation"] == 7


def test_without_a_queue_arming_says_that_nothing_was_sent(api):
    answer = api("trader1").post(ARM, {"revision": 1})

    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unreachable")
    assert Command.objects.get().state == "refused"


def test_kill_reaches_the_engine_without_a_queue(api, engine):
    answer = api("trader1").post("/api/kill", {"level": "stop", "reason": "prices look wrong"})

    assert answer.status_code == 202
    [told] = engine
    assert (told["op"], told["level"], told["scope"], told["actor"]) == ("kill", "stop", "all", "trader1")
    assert Command.objects.get(command_id=answer.json()["command_id"]).state == "accepted"


def test_kill_of_a_silent_engine_is_left_for_its_next_start(api, settings):
    settings.CMC_PATHS.journal("demo").mkdir(parents=True, exist_ok=True)

    answer = api("ops1").post("/api/kill", {"level": "cancel", "reason": "prices look wrong"})

    [left] = kill_file.read(settings.CMC_PATHS.kill_file("demo"))
    assert (answer.status_code, left.command_id) == (202, answer.json()["command_id"])
    assert (left.level, left.scope, left.actor) == ("cancel", "all", "ops1")
    kill_file.lift(settings.CMC_PATHS.kill_file("demo"), "all")


def test_kill_without_engine_and_queue_says_what_to_do(api, settings):
    shutil.rmtree(settings.CMC_PATHS.journal("demo"), ignore_errors=True)
    answer = api("ops1").post("/api/kill", {"level": "cancel", "reason": "prices look wrong"})

    assert answer.status_code == 503
    assert "manage.py kill" in answer.json()["message"]


def test_kill_of_one_program_names_it(api, engine):
    api("risk1").post("/api/kill", {"level": "cancel", "scope": "program:CU-LME-SELL", "reason": "one leg only"})

    assert engine[0]["scope"] == "program:CU-LME-SELL"


def test_disarm_goes_straight_to_the_engine_and_through_the_queue(api, engine, broker):
    api("ops1").post("/api/programs/CU-LME-SELL/disarm", {"reason": "end of shift"})

    assert engine[0]["op"] == "disarm"
    deadline = time.monotonic() + 5
    while not sent(broker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert sent(broker)[0]["headers"]["task"] == "trading.disarm"


def test_lifting_a_kill_takes_two_people(api, engine, broker):
    asked = api("risk1").post("/api/kill/lift", {"reason": "the feed is sound again"}).json()["approval_id"]

    own = api("risk1").post(f"/api/kill/lift/{asked}/approve")
    other = api("risk2").post(f"/api/kill/lift/{asked}/approve")

    assert (own.status_code, own.json()["code"]) == (403, "own_request")
    assert other.status_code == 202
    assert (engine[0]["requested_by"], engine[0]["approved_by"]) == ("risk1", "risk2")


def test_a_rejected_lift_sends_nothing(api, engine, broker):
    asked = api("trader1").post("/api/kill/lift", {"reason": "the feed is sound again"}).json()["approval_id"]

    api("risk2").post(f"/api/kill/lift/{asked}/reject", {"note": "not yet"})

    assert engine == []


def test_the_outcome_of_a_command_is_readable_by_who_gave_it(api, engine):
    command = api("trader1").post("/api/kill", {"level": "stop", "reason": "prices look wrong"}).json()["command_id"]

    mine = api("trader1").get(f"/api/commands/{command}")
    another = api("risk1").get(f"/api/commands/{command}")

    assert mine.json()["state"] == "accepted"
    assert another.status_code == 404


def test_terms_are_held_to_the_rules_of_a_declaration(api):
    answer = api("trader1").put(
        "/api/programs/CU-LME-SELL/terms", {"base_revision": 1, "terms": {"clip_units": 50, "comparator": "<="}}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_terms")
    assert set(answer.json()["fields"]) == {"clip_units", "comparator"}


def test_new_terms_are_brought_to_the_engine(api, engine):
    api("trader1").put("/api/programs/CU-LME-SELL/terms", {"base_revision": 1, "terms": {"trigger_value": "190"}})

    [told] = engine
    assert (told["op"], told["terms"]["revision"], told["terms"]["trigger"]["value"]) == ("program", 2, "190")


def test_an_edit_of_moved_terms_overwrites_nothing(api):
    trader = api("trader1")
    trader.put("/api/programs/CU-LME-SELL/terms", {"base_revision": 1, "terms": {"trigger_value": "190"}})

    answer = trader.put("/api/programs/CU-LME-SELL/terms", {"base_revision": 1, "terms": {"trigger_value": "200"}})

    assert (answer.status_code, answer.json()["code"]) == (409, "base_moved")
    assert trader.get("/api/programs/CU-LME-SELL").json()["terms"]["trigger_value"] == "190"


def test_every_revision_says_who_changed_what(api):
    trader = api("trader1")
    trader.put(
        "/api/programs/CU-LME-SELL/terms",
        {"base_revision": 1, "terms": {"trigger_value": "190"}, "reason": "wider after the fix"},
    )

    newest = trader.get("/api/programs/CU-LME-SELL").json()["revisions"][0]

    assert newest["created_by"] == "trader1"
    assert newest["changed"] == {"trigger_value": {"from": "185", "to": "190"}}
    assert Receipt.objects.filter(kind="terms_changed", program="CU-LME-SELL", actor="trader1").exists()


def test_the_summary_before_arming_reads_as_a_trader_speaks(api, demo):
    review = api("trader1").get("/api/programs/CU-LME-SELL/arm-review").json()

    assert review["sentences_en"][1] == "When the import P/L is ≥ 185 (CNY/t incl VAT), on executable prices."
    assert review["sentences_en"][2] == "At most 50 executions within 4 hours, then it disarms."
    assert review["sentences_zh"][1] == "触发条件：按可成交价计算的进口盈亏 ≥ 185（元/吨 含税）。"
    assert "保护带 2 % 处" in review["sentences_zh"][3]
