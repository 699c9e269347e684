"""Operators over REST: previews, flatten by one and by two, taking a residual over, corrections, foreign orders."""

import json

import pytest

from audit.models import Project, Receipt
from risk.models import Alert, Approval
from tests.trading.api import KEY
from tests.trading.test_projector import copy_all
from trading.core import events as e
from trading.engine import commands as c
from trading.engine import records as r
from trading.models import Command, Execution, ProgramState

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PROGRAM = "/api/programs/CU-LME-SELL"
WHY = "end of the month, books close"
PREVIEW = {
    "orders": [], "cost": "120.00", "held_units": 4, "units": 1, "clips": 2, "naked": [], "obstacle": "",
    "as_of": 1, "expires_at": 2, "incarnation": 3,
}  # fmt: skip


def flatten(units: int, **changes) -> dict:
    return {"units": units, "held_units": 4, "reason": WHY} | changes


# --- previews ----------------------------------------------------------------------------------------------


def test_a_preview_comes_from_the_engine_and_says_whether_it_takes_two(api, listening):
    listening.answers["preview_flatten"] = {"ok": True, "result": PREVIEW}

    alone = api("trader1").get(f"{PROGRAM}/flatten-preview?units=2").json()
    together = api("trader1").get(f"{PROGRAM}/flatten-preview?units=3").json()

    assert (alone["cost"], alone["held_units"]) == ("120.00", 4)
    assert (alone["takes_two_people"], together["takes_two_people"]) == (False, True)
    assert listening.told[0] == {"op": "preview_flatten", "program": "CU-LME-SELL", "units": 2}
    assert Command.objects.count() == 0


def test_without_an_engine_nobody_invents_a_preview(api):
    answer = api("trader1").get(f"{PROGRAM}/unwind-preview")

    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unreachable")


def test_what_the_engine_cannot_preview_is_said_in_its_words(api, listening):
    listening.answers["preview_unwind"] = {"ok": False, "code": "NO_PROGRAM", "text": "desk demo has no program X"}

    answer = api("trader1").get(f"{PROGRAM}/unwind-preview")

    assert (answer.status_code, answer.json()["message"]) == (409, "desk demo has no program X")


# --- flatten -----------------------------------------------------------------------------------------------


def test_one_person_flattens_up_to_the_limit(api, listening):
    answer = api("trader1").post(f"{PROGRAM}/flatten", flatten(2))

    assert answer.status_code == 202
    assert answer.json()["approval_id"] is None
    [told] = listening.told
    assert (told["op"], told["units"], told["held_units"], told["actor"]) == ("flatten", 2, 4, "trader1")
    assert told["expires_at"] > 0
    assert Receipt.objects.filter(kind="flatten_requested", program="CU-LME-SELL").exists()


def test_above_the_limit_a_second_person_decides(api, listening):
    asked = api("trader1").post(f"{PROGRAM}/flatten", flatten(3)).json()
    assert (asked["command_id"], listening.told) == (None, [])

    own = api("trader1").post(f"/api/requests/{asked['approval_id']}/approve")
    other = api("risk1").post(f"/api/requests/{asked['approval_id']}/approve")
    again = api("risk2").post(f"/api/requests/{asked['approval_id']}/approve")

    assert (own.status_code, other.status_code, again.status_code) == (403, 202, 409)
    [told] = listening.told
    assert (told["units"], told["actor"], told["approved_by"]) == (3, "trader1", "risk1")


def test_nobody_approves_an_own_request(api, listening):
    asked = api("risk1").post(f"{PROGRAM}/flatten", flatten(3)).json()["approval_id"]

    answer = api("risk1").post(f"/api/requests/{asked}/approve")

    assert (answer.status_code, answer.json()["code"]) == (403, "own_request")
    assert listening.told == []


def test_a_rejected_flatten_sends_nothing(api, listening):
    asked = api("trader1").post(f"{PROGRAM}/flatten", flatten(3)).json()["approval_id"]

    api("risk2").post(f"/api/requests/{asked}/reject", {"note": "not before the close"})

    assert listening.told == []
    assert Approval.objects.get(id=asked).note == "not before the close"


def test_a_flatten_without_a_reason_is_refused(api, listening):
    answer = api("trader1").post(f"{PROGRAM}/flatten", flatten(1, reason="now"))

    assert (answer.status_code, answer.json()["code"]) == (400, "reason_too_short")
    assert listening.told == []


def test_a_trader_flattens_only_in_own_projects_and_risk_everywhere(api, listening):
    Project.objects.filter(code="CU-XMKT-01").update(members=[])

    trader = api("trader1").post(f"{PROGRAM}/flatten", flatten(1))
    officer = api("risk1").post(f"{PROGRAM}/flatten", flatten(1))

    assert (trader.status_code, trader.json()["code"], officer.status_code) == (403, "not_own_project", 202)


def test_a_request_to_lift_a_kill_is_not_decided_here(api, engine):
    asked = api("risk1").post("/api/kill/lift", {"reason": "the feed is sound again"}).json()["approval_id"]

    answer = api("risk2").post(f"/api/requests/{asked}/approve")

    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_kind_of_approval")
    assert Approval.objects.get(id=asked).state == "pending"


def test_only_who_may_decide_is_offered_to(api):
    asked = api("trader1").post(f"{PROGRAM}/flatten", flatten(3)).json()["approval_id"]

    def offered(name: str) -> bool:
        rows = api(name).get("/api/approvals").json()
        return next(row["can_decide"] for row in rows if row["id"] == asked)

    assert (offered("trader1"), offered("risk1"), offered("ops1")) == (False, True, False)


# --- disarm ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", ["finish", "unwind"])
def test_a_disarm_says_what_becomes_of_the_open_execution(api, engine, then):
    api("ops1").post(f"{PROGRAM}/disarm", {"reason": "end of shift", "then": then})

    assert engine[0]["then"] == then


def test_a_disarm_that_would_do_something_else_is_refused(api, engine):
    answer = api("ops1").post(f"{PROGRAM}/disarm", {"then": "flatten"})

    assert (answer.status_code, engine) == (400, [])


# --- residual ----------------------------------------------------------------------------------------------


def naked_case(story) -> str:
    """Five lots are naked in Shanghai and the program halted."""
    execution = story.trigger()
    story.fill(0, 5, 7947)
    story.close(0, 5)
    story.reject(1)
    story.say(e.Halted("naked_age", (-5, 0), "naked longer than allowed"))
    values = {"program": "CU-LME-SELL", "reason": "naked_age", "naked": "SHFE.cu2703 -5", "text": ""}
    story.say(r.AlertRaised("halted", "P1", "alert.halted", values, execution))
    copy_all()
    return execution


def test_a_residual_goes_to_the_engine_as_it_was_seen(api, listening, story):
    execution = naked_case(story)

    answer = api("risk1").post(f"/api/executions/{execution}/accept", {"naked": [-5, 0], "reason": "sold by phone"})

    assert answer.status_code == 202
    [told] = listening.told
    assert (told["op"], told["execution"], told["naked"]) == ("accept_residual", execution, [-5, 0])


def test_an_accepted_residual_has_an_owner_and_closes_its_alert(api, story, person):
    execution = naked_case(story)
    assert Alert.objects.get(rule="halted").state == "open"

    story.say(e.ResidualAccepted("A1", "risk1", execution, (-5, 0), "sold by phone"))
    story.say(e.ExecutionEnded(execution, "accepted", (-5, 0)))
    copy_all()

    row = Execution.objects.get(id=execution)
    assert (row.outcome, row.residual_lots, row.residual_owner) == ("accepted", [-5, 0], "risk1")
    assert Alert.objects.get(rule="halted").state == "resolved"
    shown = api("trader1").get(f"/api/executions/{execution}").json()["summary"]
    assert (shown["residual_lots"], shown["residual_reason"]) == ([-5, 0], "sold by phone")


def test_a_residual_needs_the_risk_officer_and_a_reason(api, listening, story):
    execution = naked_case(story)
    address, body = f"/api/executions/{execution}/accept", {"naked": [-5, 0], "reason": "sold by phone"}

    trader = api("trader1").post(address, body)
    short = api("risk1").post(address, body | {"reason": "ok"})

    assert (trader.status_code, short.status_code, listening.told) == (403, 400, [])


def test_a_flatten_is_an_execution_of_its_own_in_the_other_direction(api, story):
    story.hedged()
    story.say(e.FlattenRequested("F1", "trader1", 1, WHY))
    execution = story.trigger_flatten()
    copy_all()

    row = Execution.objects.get(id=execution)
    assert (row.purpose, row.direction, row.clips) == ("flatten", "buy_domestic", 1)
    assert ProgramState.objects.get(program__name="CU-LME-SELL").state == "EXECUTING"
    assert {order.purpose for order in row.orders.all()} == {"flatten"}


# --- positions and foreign orders --------------------------------------------------------------------------

LINE = {
    "desk": "demo", "instrument": "SHFE.cu2703", "side": "sell", "today_lots": 0, "yesterday_lots": 10,
    "reason": "the broker's statement of today says so",
}  # fmt: skip


def test_a_position_is_corrected_by_a_second_person(api, listening):
    asked = api("ops1").post("/api/positions/adjust", LINE).json()["approval_id"]
    assert listening.told == []

    api("risk1").post(f"/api/requests/{asked}/approve")

    [told] = listening.told
    assert (told["op"], told["venue"], told["actor"], told["approved_by"]) == (
        "adjust_position", "SHFE", "ops1", "risk1",
    )  # fmt: skip
    assert told["position"]["yesterday_lots"] == 10


def test_a_position_of_an_unknown_instrument_is_refused(api):
    answer = api("ops1").post("/api/positions/adjust", LINE | {"instrument": "SHFE.al2703"})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_instrument")


def test_foreign_orders_are_listed_and_released_with_a_reason(api, listening):
    listening.answers["status"] = {"ok": True, "result": {"foreign_orders": ["DEMO9-1-1-00"]}}

    seen = api("trader1").get("/api/desks/demo/foreign-orders").json()["orders"]
    body = {"orders": seen, "reason": "a test order of the broker"}
    by_trader = api("trader1").post("/api/desks/demo/foreign-orders/release", body)
    by_risk = api("risk1").post("/api/desks/demo/foreign-orders/release", body)

    assert (by_trader.status_code, by_risk.status_code) == (403, 202)
    assert listening.told[-1]["orders"] == ["DEMO9-1-1-00"]


def test_the_engine_reads_every_command_the_console_writes(api, listening, story):
    """Whatever is told decodes as the engine's own command, field by field."""
    execution = naked_case(story)
    api("trader1").post(f"{PROGRAM}/flatten", flatten(1), KEY)
    api("ops1").post(f"{PROGRAM}/disarm", {"then": "unwind"})
    api("trader1").post(f"{PROGRAM}/unwind", {"reason": "flat"}, {"Idempotency-Key": "k-00000002"})
    api("risk1").post(f"/api/executions/{execution}/accept", {"naked": [-5, 0], "reason": "sold by phone"})
    api("risk1").post(
        "/api/desks/demo/foreign-orders/release", {"orders": ["X"], "reason": "a test order"},
        {"Idempotency-Key": "k-00000003"},
    )  # fmt: skip
    asked = api("ops1").post("/api/positions/adjust", LINE).json()["approval_id"]
    api("risk1").post(f"/api/requests/{asked}/approve")

    decoded = [type(c.decode(json.dumps(told).encode())).__name__ for told in listening.told]

    assert decoded == [
        "FlattenProgram", "DisarmProgram", "UnwindProgram", "AcceptResidual", "ReleaseForeign", "AdjustPosition",
    ]  # fmt: skip
