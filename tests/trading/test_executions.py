"""Executions over REST: the list with its filters and pages, and the waterfall that tells one from its receipts."""

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from trading.core import events as e
from trading.projector import Projector

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(person) -> Client:
    client = Client()
    client.force_login(person("auditor1"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def copy() -> None:
    projector = Projector("demo")
    while projector.copy_batch():
        pass


def test_the_list_is_newest_first_and_pages_without_losing_any(story, client):
    names = [story.hedged() for _ in range(60)]
    copy()

    first = client.get("/api/executions").json()
    second = client.get("/api/executions", {"cursor": first["next"]}).json()

    listed = [item["id"] for item in first["items"] + second["items"]]
    assert listed == names[::-1]
    assert second["next"] is None


def test_the_list_narrows_to_a_pair_an_outcome_and_a_time(story, client):
    story.hedged()
    rejected = story.trigger()
    story.reject(0)
    story.end(rejected, "rejected")
    copy()

    def ids(**query: str) -> list[str]:
        return [item["id"] for item in client.get("/api/executions", query).json()["items"]]

    assert ids(outcome="rejected") == [rejected]
    assert ids(pair="CU-SHFE-CME") == []
    assert ids(**{"to": "2000-01-01T00:00:00Z"}) == []
    assert len(ids(**{"from": "2026-01-01T00:00:00Z"})) == 2


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"from": "yesterday"}])
def test_a_bad_question_is_answered_with_what_is_wrong(story, client, query):
    answer = client.get("/api/executions", query)

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "fields"}


def test_the_waterfall_tells_a_top_up_from_the_first_quote_to_the_end(story, client):
    name = story.trigger()
    story.accept(0)
    story.fill(0, 5, 7947)
    story.close(0, 5)
    story.accept(1)
    story.close(1, 0, "cancelled")
    story.top_up(name)
    story.accept(1, attempt=1)
    story.fill(1, 1, 19604, after_ms=180, attempt=1)
    story.end(name, "topped_up")
    copy()

    detail = client.get(f"/api/executions/{name}").json()

    groups = list(dict.fromkeys(step["group"] for step in detail["steps"]))
    assert groups == ["market_data", "decide", "leg0", "leg1", "top_up1", "end"]
    assert [band["lots"] for band in detail["naked_band"]] == ["0", "-5", "0"]
    assert detail["summary"]["outcome"] == "topped_up"
    [_, repair] = detail["decisions"]
    assert [(option["name"], option["cost"], option["reason"]) for option in repair["options"]] == [
        ("top_up", "88.75", "chosen"), ("unwind", "548.00", "costs more"),
    ]  # fmt: skip


def test_an_orders_bar_is_from_the_wire_to_the_venues_answer(story, client):
    name = story.trigger()
    story.accept(0, after_ms=40)
    copy()

    steps = client.get(f"/api/executions/{name}").json()["steps"]
    sent = {step["leg"]: step for step in steps if step["label_key"] == "step.order_sent"}

    assert sent[0]["duration_ns"] == 41_000_000
    assert sent[1]["duration_ns"] is None  # the venue has not answered, and the row says so
    assert sent[1]["values"]["is_answered"] == "no"


def test_every_step_stands_in_a_receipt(story, client):
    name = story.hedged()
    copy()

    detail = client.get(f"/api/executions/{name}").json()

    span = detail["receipts"]
    assert span["stream"] == "desk:demo"
    assert all(span["first_seq"] <= step["seq"] <= span["last_seq"] for step in detail["steps"])


def test_the_answers_have_exactly_the_documented_keys(story, client):
    """The shapes are written twice, for speed and for OpenAPI; this is what keeps them one."""
    name = story.hedged()
    copy()
    schemas = SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]

    detail = client.get(f"/api/executions/{name}").json()
    pairs = {
        "ExecutionDetailSchema": detail,
        "ExecutionSchema": detail["summary"],
        "StepSchema": detail["steps"][0],
        "OrderSchema": detail["orders"][0],
        "FillSchema": detail["fills"][0],
        "DecisionSchema": detail["decisions"][0],
        "PairRowSchema": client.get("/api/board").json()["pairs"][0],
        "ProgramDetailSchema": client.get("/api/programs/CU-LME-SELL").json(),
        "PairSchema": client.get("/api/pairs/CU-SHFE-LME").json(),
        "ArmReviewSchema": client.get("/api/programs/CU-LME-SELL/arm-review").json(),
        "VenueSchema": client.get("/api/venues").json()["venues"][0],
        "EngineSchema": client.get("/api/venues").json()["engines"][0],
    }

    for name, answer in pairs.items():
        documented = schemas.get(name) or schemas[name.removesuffix("Schema")]
        assert set(answer) == set(documented["properties"]), name


def test_the_api_document_is_whole_and_free_of_warnings(tmp_path):
    target = tmp_path / "schema.yml"

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))

    document = target.read_text()
    assert "operationId: executions_list" in document
    assert "operationId: executions_retrieve\n" in document


def test_an_order_that_never_left_has_no_bar_on_the_wire(story, client):
    name = story.trigger(is_sent=False)
    for leg in (0, 1):
        story.say(e.OrderNotSent(story.order_id(leg), "the disk took too long"))
    story.end(name, "not_sent")
    copy()

    steps = client.get(f"/api/executions/{name}").json()["steps"]

    assert not [step for step in steps if step["label_key"] == "step.order_sent"]
    assert [step["duration_ns"] for step in steps if step["label_key"] == "step.order_decided"] == [None, None]


def test_what_a_venue_says_again_after_a_restart_is_not_a_second_step(story, client):
    name = story.hedged()
    copy()
    before = client.get(f"/api/executions/{name}").json()["steps"]

    story.say(e.OrderStatus(story.order_id(0), "closed", 5), after_ms=200_000)
    story.close(0, 5)
    copy()

    detail = client.get(f"/api/executions/{name}").json()
    assert [step["key"] for step in detail["steps"]] == [step["key"] for step in before]
