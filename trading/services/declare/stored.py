"""The stored settings as shapes, in the words of a declaration."""

from collections.abc import Iterable
from datetime import date

from django.contrib.auth import get_user_model

from audit.models import Project
from risk.models import Threshold
from trading.models import Connection, Desk, HedgeProgram, Instrument, MarketInput, Pair, Venue
from trading.services.declare.shapes import (
    ConnectionShape,
    DeskShape,
    FeeShape,
    InputShape,
    InstrumentShape,
    LegShape,
    PairShape,
    ParityShape,
    PriceLimitShape,
    ProgramShape,
    ProjectShape,
    ProxyShape,
    ReplyTimesShape,
    SessionsShape,
    Shape,
    ThresholdShape,
    UserShape,
    VenueShape,
    key_of,
)


def everything() -> dict[str, dict[str, Shape]]:
    """Return all stored settings by kind and key."""
    return {
        "project": _keyed(_plain(ProjectShape, row) for row in Project.objects.all()),
        "venue": _keyed(_plain(VenueShape, row) for row in Venue.objects.all()),
        "desk": _keyed(_plain(DeskShape, row) for row in Desk.objects.all()),
        "instrument": _keyed(_instrument(row) for row in _with_facts()),
        "connection": _keyed(_connection(row) for row in _connections()),
        "input": _keyed(_input(row) for row in MarketInput.objects.select_related("connection__desk", "instrument")),
        "pair": _keyed(_pair(row) for row in _pairs()),
        "program": _keyed(_program(row) for row in _programs()),
        "threshold": _keyed(_threshold(row) for row in Threshold.objects.all()),
        "user": _keyed(_user(row) for row in get_user_model().objects.prefetch_related("groups")),
    }


def _keyed(shapes: Iterable[Shape]) -> dict[str, Shape]:
    return {key_of(shape): shape for shape in shapes}


def _plain(shape: type, row: object, **given: object) -> Shape:
    """Return `shape` filled from the attributes of the same name."""
    names = [name for name in shape.__struct_fields__ if name not in given]  # type: ignore[attr-defined]
    return shape(**{name: getattr(row, name) for name in names}, **given)


def _with_facts() -> Iterable[Instrument]:
    return Instrument.objects.select_related("venue").prefetch_related("fees", "session_rules", "price_limits")


def _instrument(row: Instrument) -> Shape:
    sessions = [
        SessionsShape(valid_from=rule.valid_from, source=rule.source, phases=[list(phase) for phase in rule.phases])
        for rule in row.session_rules.all()
    ]
    return _plain(
        InstrumentShape, row, venue=row.venue.name, sessions=sessions,
        closed_days=_dates(row.closed_days), no_night_days=_dates(row.no_night_days),
        fee=[_plain(FeeShape, fee) for fee in row.fees.all()],
        price_limit=[_plain(PriceLimitShape, rule) for rule in row.price_limits.all()],
    )  # fmt: skip


def _dates(stored: list[str]) -> list[date]:
    return [date.fromisoformat(day) for day in stored]


def _connections() -> Iterable[Connection]:
    return Connection.objects.select_related("desk", "venue")


def _connection(row: Connection) -> Shape:
    return _plain(ConnectionShape, row, desk=row.desk.name, venue=row.venue.name)


def _input(row: MarketInput) -> Shape:
    desk = row.connection.desk.name
    return InputShape(desk=desk, instrument=row.instrument.code, kind=row.kind, **row.settings)


def _pairs() -> Iterable[Pair]:
    return Pair.objects.select_related("fx_instrument").prefetch_related("legs__instrument", "parities")


def _pair(row: Pair) -> Shape:
    legs = [
        LegShape(instrument=leg.instrument.code, role=leg.role, ratio_lots=leg.ratio_lots, hedge_flag=leg.hedge_flag)
        for leg in row.legs.all()
    ]
    return _plain(
        PairShape, row, leg=legs,
        parity=[_plain(ParityShape, rule) for rule in row.parities.all()],
        fx_instrument=row.fx_instrument.code if row.fx_instrument else "",
    )  # fmt: skip


def _programs() -> Iterable[HedgeProgram]:
    return HedgeProgram.objects.select_related("desk", "pair").prefetch_related("revisions")


def _program(row: HedgeProgram) -> Shape:
    terms = next(revision for revision in row.revisions.all() if revision.revision == row.revision)
    times = {venue: ReplyTimesShape(**given) for venue, given in terms.reply_times.items()}
    return _plain(
        ProgramShape, terms, name=row.name, number=row.number, desk=row.desk.name, pair=row.pair.code,
        reply_times=times, windows=[(opens, closes) for opens, closes in terms.windows],
        proxy=[ProxyShape(**given) for given in terms.proxy],
    )  # fmt: skip


def _threshold(row: Threshold) -> Shape:
    return ThresholdShape(
        desk=row.desk, kind=row.kind, hard=row.limit.hard, warn=row.limit.warn,
        venue=row.scope_venue, instrument=row.scope_instrument, pair=row.scope_pair,
    )  # fmt: skip


def _user(row: object) -> Shape:
    roles = sorted(group.name for group in row.groups.all())  # type: ignore[attr-defined]
    return UserShape(username=row.username, display_name=row.first_name, roles=roles)  # type: ignore[attr-defined]
