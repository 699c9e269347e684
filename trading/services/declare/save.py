"""Writes one declared shape into its tables. Called inside the transaction of `declare`, in the order of KINDS."""

from typing import Any

import msgspec
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import models

from audit.models import Project
from trading.models import (
    Connection,
    Desk,
    FeeSchedule,
    HedgeProgram,
    Instrument,
    MarketInput,
    Pair,
    PairLeg,
    ParityRule,
    PriceLimitRule,
    ProgramRevision,
    ProgramState,
    SessionRule,
    Venue,
)
from trading.services.declare.shapes import (
    ConnectionShape,
    DeskShape,
    InputShape,
    InstrumentShape,
    PairShape,
    ProgramShape,
    ProjectShape,
    Shape,
    UserShape,
    VenueShape,
)


def save(shape: Shape) -> None:
    """Create or change the rows behind `shape`; thresholds are saved together, by `declare`."""
    match shape:
        case ProjectShape():
            _upsert(Project, {"code": shape.code}, shape)
        case VenueShape():
            _upsert(Venue, {"name": shape.name}, shape)
        case DeskShape():
            _upsert(Desk, {"name": shape.name}, shape)
        case InstrumentShape():
            _save_instrument(shape)
        case ConnectionShape():
            _save_connection(shape)
        case InputShape():
            _save_input(shape)
        case PairShape():
            _save_pair(shape)
        case ProgramShape():
            _save_program(shape)
        case UserShape():
            _save_user(shape)


def _values(shape: Any, *left_out: str) -> dict[str, Any]:
    return {name: getattr(shape, name) for name in shape.__struct_fields__ if name not in left_out}


def _upsert(model: Any, key: dict[str, Any], shape: Any, *left_out: str, **given: Any) -> Any:
    values = {**_values(shape, *left_out, *key), **given}
    return model.objects.update_or_create(**key, defaults=values)[0]


def _replace(rows: Any, model: type[models.Model], owner: dict[str, Any], shapes: list[Any]) -> None:
    """Make the dated facts of an owner exactly those that are declared."""
    rows.all().delete()
    model.objects.bulk_create(model(**owner, **_values(shape)) for shape in shapes)


def _save_instrument(shape: InstrumentShape) -> None:
    venue = Venue.objects.get(name=shape.venue)
    row = _upsert(
        Instrument, {"code": shape.code}, shape, "fee", "sessions", "price_limit", venue=venue,
        closed_days=msgspec.to_builtins(shape.closed_days), no_night_days=msgspec.to_builtins(shape.no_night_days),
    )  # fmt: skip
    _replace(row.fees, FeeSchedule, {"instrument": row}, shape.fee)
    _replace(row.session_rules, SessionRule, {"instrument": row}, shape.sessions)
    _replace(row.price_limits, PriceLimitRule, {"instrument": row}, shape.price_limit)


def _save_connection(shape: ConnectionShape) -> None:
    key = {"desk": Desk.objects.get(name=shape.desk), "venue": Venue.objects.get(name=shape.venue)}
    _upsert(Connection, key, shape)


def _save_input(shape: InputShape) -> None:
    instrument = Instrument.objects.get(code=shape.instrument)
    line = Connection.objects.get(desk__name=shape.desk, venue=instrument.venue)
    settings = msgspec.to_builtins(shape)
    values = {"kind": shape.kind, "settings": settings}
    for name in ("desk", "instrument", "kind"):
        del settings[name]
    MarketInput.objects.update_or_create(connection=line, instrument=instrument, defaults=values)


def _save_pair(shape: PairShape) -> None:
    fx = Instrument.objects.get(code=shape.fx_instrument) if shape.fx_instrument else None
    row = _upsert(Pair, {"code": shape.code}, shape, "leg", "parity", fx_instrument=fx)
    row.legs.all().delete()
    for position, leg in enumerate(shape.leg):
        instrument = Instrument.objects.get(code=leg.instrument)
        PairLeg.objects.create(
            pair=row, position=position, instrument=instrument, role=leg.role, ratio_lots=leg.ratio_lots,
            hedge_flag=leg.hedge_flag,
        )  # fmt: skip
    _replace(row.parities, ParityRule, {"pair": row}, shape.parity)


def _save_program(shape: ProgramShape) -> None:
    """A changed term is a new revision; revisions are never edited."""
    desk, pair = Desk.objects.get(name=shape.desk), Pair.objects.get(code=shape.pair)
    row = HedgeProgram.objects.filter(name=shape.name).first()
    revision = 1 if row is None else row.revision + 1
    if row is None:
        row = HedgeProgram(name=shape.name)
    row.number, row.desk, row.pair, row.revision = shape.number, desk, pair, revision
    row.save()
    ProgramRevision.objects.create(program=row, revision=revision, reason="declared in a file", **stored_terms(shape))
    ProgramState.objects.get_or_create(program=row)


def stored_terms(shape: ProgramShape) -> dict[str, Any]:
    """Return the columns of a revision: what may change about a program, structured parts as plain JSON values."""
    structured = {name: msgspec.to_builtins(getattr(shape, name)) for name in ("reply_times", "windows", "proxy")}
    return {**_values(shape, "name", "number", "desk", "pair"), **structured}


def _save_user(shape: UserShape) -> None:
    """A new user has no usable password until one is generated or set."""
    user, is_new = get_user_model().objects.get_or_create(username=shape.username)
    user.first_name = shape.display_name
    if is_new:
        user.set_unusable_password()
    user.save()
    user.groups.set([Group.objects.get_or_create(name=role)[0] for role in shape.roles])
