"""What must hold for venues, connections and instruments: known names, units, currencies, dates and phases."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trading.services.declare.shapes import ConnectionShape, DeskShape, InstrumentShape, VenueShape
from trading.services.declare.source import Entry, Problem
from trading.services.declare.units import UNITS
from trading.services.declare.world import World

_PHASE = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")
_DESK = re.compile(r"^[a-z][a-z0-9]{0,5}$")  # the desk's name begins every order id, which has 20 characters
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
    try:
        ZoneInfo(instrument.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield entry.problem(
            f"{title}: unknown time zone {instrument.time_zone!r}",
            "use a name such as Asia/Shanghai or Europe/London",
            "time_zone",
        )
    yield from _dated_problems(instrument, title, entry)


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
            if not all(_PHASE.match(time) for time in phase) or phase[0] == phase[1]:
                yield entry.problem(
                    f"{title}: phase {'-'.join(phase)} is no trading phase",
                    'write ["21:00", "01:00"]; an end of 24:00 is allowed',
                    "sessions",
                    n,
                    "phases",
                )
