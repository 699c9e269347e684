"""The report's own reader and the engine's writer agree: a real journal, projected, verified and exported."""

import json
from datetime import UTC, datetime
from fractions import Fraction
from io import StringIO

import msgspec
import pytest
from django.core.management import call_command

from audit import exports
from audit.exports import Window
from audit.journal_format import Event
from audit.models import Project
from tests.trading.story import Story
from trading import services
from trading.engine.records import Body
from trading.projector import Projector

pytestmark = pytest.mark.django_db

NOW = datetime(2100, 1, 1, tzinfo=UTC)


def gather() -> exports.Contents:
    return exports.gather(Project.objects.get(code="CU-XMKT-01"), Window(), by="auditor1")


def copy_all() -> None:
    projector = Projector("demo")
    while projector.copy_batch():
        pass


def test_an_execution_of_a_real_journal_stands_in_the_report(story: Story) -> None:
    services.export_desk_config("demo")
    story.arm()
    name = story.hedged()
    copy_all()

    [execution] = gather().trace.executions

    assert (execution.id, execution.outcome) == (name, "hedged")
    assert {fill.order.instrument: fill.lots for fill in execution.fills} == {"SHFE.cu2703": 5, "LME.CA-3M": 1}
    assert execution.naked_band[-1].lots_by_leg == (Fraction(0), Fraction(0))
    assert execution.entry is not None and execution.entry.measure_value is not None


def test_the_trail_and_the_journal_files_are_verified_together(story: Story) -> None:
    story.hedged()
    copy_all()
    out = StringIO()

    call_command("verify_trail", "--json", "--journal", str(story.directory), stdout=out)

    answer = json.loads(out.getvalue())
    assert answer["sound"] is True
    [journal] = answer["journals"]
    desk = next(item for item in answer["streams"] if item["stream"] == "desk:demo")
    assert journal["head_hash"] == desk["head_hash"] and journal["records"] == desk["records"] > 5


def test_every_event_of_the_journal_can_be_read_by_the_report() -> None:
    """Fields that both know have types that both accept: an event may grow, but not change under the reader."""
    known = {field.name: field.type for field in msgspec.structs.fields(Event)}
    for event in msgspec.inspect.type_info(Body).fields[-1].type.types:
        shared = {field.name for field in event.fields} & known.keys()
        example = {field.name: _example(field.type) for field in event.fields if field.name in shared}
        msgspec.convert(example, Event, strict=False)


def _example(kind: msgspec.inspect.Type) -> object:
    """Return a plain value of the kind, as JSON would carry it."""
    match kind:
        case msgspec.inspect.StrType():
            return "text"
        case msgspec.inspect.EnumType():
            return next(iter(kind.cls)).value
        case msgspec.inspect.IntType():
            return 7
        case msgspec.inspect.DecimalType():
            return "7.5"
        case msgspec.inspect.UnionType():
            return _example(kind.types[0])
        case msgspec.inspect.VarTupleType():
            return [_example(kind.item_type)]
        case msgspec.inspect.DictType():
            return {"name": _example(kind.value_type)}
        case msgspec.inspect.StructType() if kind.array_like:
            return [_example(field.type) for field in kind.fields]
        case msgspec.inspect.StructType():
            return {field.name: _example(field.type) for field in kind.fields}
        case msgspec.inspect.NoneType():
            return None
        case msgspec.inspect.BoolType():
            return True
    raise AssertionError(f"the journal holds a {kind} that this test does not know")
