"""What must hold for the inputs of simulated venues: a market to play, and recordings that can be read to their end."""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.conf import settings

from trading.core import terms
from trading.services.declare.shapes import InputShape, InstrumentShape
from trading.services.declare.source import Entry, Problem
from trading.services.declare.world import World
from trading.services.inputs import RecordingNotFound, recording_path
from trading.venues.simulated.config import Generated, GeneratedFrom, Recorded
from trading.venues.simulated.model import ModelError, load_model
from trading.venues.simulated.recordings import Recording, RecordingError

KINDS: dict[str, type[Any]] = {"recorded": Recorded, "generated": Generated, "generated_from": GeneratedFrom}


def input_problems(made: InputShape, entry: Entry, world: World) -> Iterator[Problem]:
    title = f"input {made.desk}/{made.instrument}"
    instrument = world.instrument(made.instrument)
    if world.is_unknown("instrument", made.instrument):
        yield entry.problem(f"{title} names an unknown instrument", "declare it or correct its code", "instrument")
    if instrument is None:
        return
    if world.is_unknown("connection", f"{made.desk}/{instrument.venue}"):
        yield entry.problem(
            f"{title}: desk {made.desk} has no connection to {instrument.venue}", "declare it with [[connection]]"
        )
    venue = world.venue(instrument.venue)
    if venue is not None and not venue.is_simulated:
        yield entry.problem(f"{title}: {venue.name} is a real venue and brings its own prices", "leave the input out")
    for name in _settings(made):
        if name not in KINDS[made.kind].__struct_fields__:
            yield entry.problem(f"{title}: {name} means nothing for kind {made.kind}", "leave it out", name)
    if made.kind == "recorded":
        yield from _recording_problems(made, instrument, title, entry)
    else:
        yield from _model_problems(made, title, entry, world)


def _settings(made: InputShape) -> dict[str, Any]:
    given = msgspec.to_builtins(made)
    return {name: value for name, value in given.items() if name not in ("desk", "instrument", "kind")}


def _recording_problems(made: InputShape, instrument: InstrumentShape, title: str, entry: Entry) -> Iterator[Problem]:
    """Read the recording from end to end, so that a bad row is refused here and not in the middle of a day."""
    if not (made.path and (made.columns or made.layout)):
        yield entry.problem(
            f"{title}: recorded input lacks its file or its columns", "give path, and columns or the name of a layout"
        )
        return
    try:
        path = recording_path(made.path, settings.RECORDED_TICKS)
    except RecordingNotFound as missing:
        reason, _, remedy = missing.message.partition("; ")
        yield entry.problem(f"{title} {reason}", remedy, "path")
        return
    recorded = msgspec.convert({"kind": "recorded", **_settings(made), "path": str(path)}, type=Recorded)
    try:
        count = sum(1 for _ in Recording(recorded, _as_core_knows_it(instrument)))
    except RecordingError as error:
        yield entry.problem(f"{title}: {error}", "then apply again", "path")
        return
    if count == 0:
        yield entry.problem(f"{title}: {path} has no usable row", "correct path, where or columns", "path")


def _as_core_knows_it(row: InstrumentShape) -> terms.Instrument:
    basis = terms.QuoteBasis(row.quote_basis)
    return terms.Instrument(
        row.code, row.venue, row.symbol, row.tick, row.multiplier, row.unit, row.currency, basis
    )  # fmt: skip


def _model_problems(made: InputShape, title: str, entry: Entry, world: World) -> Iterator[Problem]:
    if made.kind == "generated_from" and world.is_unknown("instrument", made.source):
        yield entry.problem(
            f"{title} is generated from unknown {made.source!r}", "give source = the code of a declared instrument",
            "source",
        )  # fmt: skip
    if made.fx and world.is_unknown("instrument", made.fx):
        yield entry.problem(
            f"{title} converts by unknown {made.fx!r}", "give fx = the code of a declared instrument", "fx"
        )
    try:
        model = load_model(made.model)
        (model.price_of if made.kind == "generated" else model.counterpart_of)(made.instrument)
    except ModelError as error:
        yield entry.problem(f"{title}: {error}", "name another model file with `model`, or add the entry", "model")
