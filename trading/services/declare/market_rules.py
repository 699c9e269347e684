"""What must hold for venues, connections and instruments: known names, units, currencies, dates and phases."""

import re
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trading.core.sessions import BadSession, weekdays_of
from trading.services.declare.shapes import ConnectionShape, DeskShape, InstrumentShape, VenueShape
from trading.services.declare.source import Entry, Problem
from trading.services.declare.units import UNITS
from trading.services.declare.world import World

_PHASE = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")
_DESK = re.compile(r"^[a-z][a-z0-9]{0,5}$")  # the desk's name begins every order id, which has 20 characters
_PROMPT = re.compile(r"^(3M|CASH|20\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]))$")
_CURRENCY = re.compile(r"^[A-Z]{3}$")


def venue_problems(venue: VenueShape, entry: Entry, world: World) -> Iterator[Problem]:
    if not _CURRENCY.match(venue.currency):
        yield entry.problem(
            f"venue {venue.name}: currency {venue.currency!r} is no currency code",
            "use three capitals, e.g. CNY or USD",
            "currency",
        )
    if venue.message_rate_per_s < 1:
        yield entry.problem(
            f"venue {venue.name}: message_rate_per_s is {venue.message_rate_per_s}",
            "give the messages per second the venue allows, 1 or more",
            "message_rate_per_s",
        )
    if venue.closes_today_separately and venue.offset_rule == "close_today_first":
        yield entry.problem(
            f"venue {venue.name}: closes_today_separately contradicts offset_rule {venue.offset_rule!r}",
            "leave closes_today_separately out",
            "closes_today_separately",
        )


def desk_problems(desk: DeskShape, entry: Entry, world: World) -> Iterator[Problem]:
    if not _DESK.match(desk.name):
        yield entry.problem(
            f"desk name {desk.name!r} does not fit into order ids",
            "use 1 to 6 lower-case letters and digits",
            "name",
        )
    if not 1 <= desk.board_hz <= 50:
        yield entry.problem(f"desk {desk.name}: board_hz is {desk.board_hz}", "use 1 to 50", "board_hz")


def connection_problems(line: ConnectionShape, entry: Entry, world: World) -> Iterator[Problem]:
    if world.is_unknown("desk", line.desk):
        yield entry.problem(f"connection names an unknown desk {line.desk!r}", "declare it with [[desk]]", "desk")
    if world.is_unknown("venue", line.venue):
        yield entry.problem(f"connection names an unknown venue {line.venue!r}", "declare it with [[venue]]", "venue")
    venue = world.venue(line.venue)
    if venue is None:
        return
    title = f"connection {line.desk}/{line.venue}"
    if not 1 <= line.port <= 65535:
        yield entry.problem(f"{title}: port {line.port} does not exist", "use 1 to 65535", "port")
    if venue.kind == "fix" and not (line.sender_comp_id and line.target_comp_id):
        yield entry.problem(f"{title} speaks FIX and lacks a comp id", "give sender_comp_id and target_comp_id")
    if line.is_around_the_clock and not venue.is_simulated:
        yield entry.problem(
            f"{title}: only a simulated venue trades around the clock", "leave it out", "is_around_the_clock"
        )


def instrument_problems(instrument: InstrumentShape, entry: Entry, world: World) -> Iterator[Problem]:
    title = f"instrument {instrument.code}"
    venue = world.venue(instrument.venue)
    if world.is_unknown("venue", instrument.venue):
        yield entry.problem(
            f"{title} names an unknown venue {instrument.venue!r}", "declare it with [[venue]]", "venue"
        )
    elif venue is not None and not instrument.is_pricing_only and instrument.currency != venue.currency:
        yield entry.problem(
            f"{title}: currency {instrument.currency} is not {venue.name}'s {venue.currency}",
            "correct the currency, or the venue's",
            "currency",
        )
    if instrument.unit not in UNITS:
        yield entry.problem(f"{title}: unknown unit {instrument.unit!r}", f"use one of {', '.join(UNITS)}", "unit")
    for name, value in (("tick", instrument.tick), ("multiplier", instrument.multiplier)):
        if value <= 0:
            yield entry.problem(f"{title}: {name} is {value}", "give a figure above zero", name)
    if not is_time_zone(instrument.time_zone):
        yield entry.problem(
            f"{title}: unknown time zone {instrument.time_zone!r}",
            "use a name such as Asia/Shanghai or Europe/London",
            "time_zone",
        )
    yield from _lots_problems(instrument, title, entry)
    yield from _dated_problems(instrument, title, entry)
    yield from _calendar_problems(instrument, title, entry)


def is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def is_phase(phase: Sequence[str]) -> bool:
    """Whether the two texts are a beginning and an end on the clock; the end may lie behind midnight."""
    return len(phase) == 2 and all(_PHASE.match(time) for time in phase) and phase[0] != phase[1]


def is_session(phase: Sequence[str]) -> bool:
    """Whether the texts are a phase, followed or not by the days on which it opens."""
    try:
        weekdays_of(phase[2] if len(phase) == 3 else "mon-fri")
    except BadSession:
        return False
    return len(phase) <= 3 and is_phase(phase[:2])


def _lots_problems(instrument: InstrumentShape, title: str, entry: Entry) -> Iterator[Problem]:
    for name in ("order_lots_min", "order_lots_multiple", "delivery_lots_multiple"):
        if getattr(instrument, name) < 1:
            yield entry.problem(f"{title}: {name} is {getattr(instrument, name)}", "use 1 or more", name)
            return
    if instrument.order_lots_max is not None and instrument.order_lots_max < instrument.order_lots_min:
        yield entry.problem(
            f"{title}: order_lots_max {instrument.order_lots_max} is under order_lots_min {instrument.order_lots_min}",
            "correct one of them",
            "order_lots_max",
        )
    if instrument.order_lots_min % instrument.order_lots_multiple:
        yield entry.problem(
            f"{title}: order_lots_min {instrument.order_lots_min} is no multiple of {instrument.order_lots_multiple}",
            "correct order_lots_min or order_lots_multiple",
            "order_lots_min",
        )
    if (instrument.delivery_lots_multiple > 1) != (instrument.delivery_from is not None):
        yield entry.problem(
            f"{title}: delivery_from and delivery_lots_multiple go together",
            "give both: the first day of the rule and the multiple of lots, e.g. 2027-03-01 and 5",
            "delivery_from" if instrument.delivery_from else "delivery_lots_multiple",
        )
    if instrument.prompt and not _PROMPT.match(instrument.prompt):
        yield entry.problem(
            f"{title}: prompt is {instrument.prompt!r}", "use 3M, CASH or a date such as 20270317", "prompt"
        )


def _calendar_problems(instrument: InstrumentShape, title: str, entry: Entry) -> Iterator[Problem]:
    for name in ("closed_days", "no_night_days"):
        days = getattr(instrument, name)
        if len(set(days)) < len(days):
            yield entry.problem(f"{title}: {name} names a day twice", "keep one of them", name)
        if days and not instrument.calendar_source:
            yield entry.problem(
                f"{title}: {name} has no source", "give calendar_source: where the dates were read", name
            )


def _dated_problems(instrument: InstrumentShape, title: str, entry: Entry) -> Iterator[Problem]:
    if not instrument.is_pricing_only:
        for name, rows in (("fee", instrument.fee), ("sessions", instrument.sessions)):
            if not rows:
                yield entry.problem(f"{title} has no {name}", f"add [[instrument.{name}]] with its source")
    for name, rows in (
        ("fee", instrument.fee),
        ("sessions", instrument.sessions),
        ("price_limit", instrument.price_limit),
    ):
        days = [row.valid_from for row in rows]
        if len(set(days)) < len(days):
            yield entry.problem(f"{title}: two {name} entries begin on the same day", "keep one of them", name)
    for n, rule in enumerate(instrument.sessions):
        for phase in rule.phases:
            if not is_session(phase):
                yield entry.problem(
                    f"{title}: phase {'-'.join(phase)} is no trading phase",
                    'write ["21:00", "01:00"] or ["17:00", "16:00", "sun-thu"]; an end of 24:00 is allowed',
                    "sessions",
                    n,
                    "phases",
                )
