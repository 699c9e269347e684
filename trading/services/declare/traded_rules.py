"""What must hold for whatever a program may trade: its pair's legs, its other routes, and stand-ins of a repair."""

from collections.abc import Iterator

import msgspec

from risk.limits import REQUIRED_KINDS, LimitKind, LimitSet
from trading.services.declare.pair_rules import clip_lots
from trading.services.declare.shapes import InstrumentShape, LegShape, PairShape, ProgramShape, ProxyShape
from trading.services.declare.source import Entry, Problem
from trading.services.declare.units import RATIO_TOLERANCE, dimension, in_base_unit, mismatch, shown
from trading.services.declare.world import World


def traded_problems(program: ProgramShape, title: str, entry: Entry, world: World) -> Iterator[Problem]:
    """Yield what is wrong with the program's legs, routes and proxies; an unknown pair is reported elsewhere."""
    pair = world.pair(program.pair)
    if pair is None:
        return
    yield from _pair_problems(program, title, entry, world, pair)
    for n, code in enumerate(program.routes):
        yield from _route_problems(program, title, entry, world, pair, n, code)
    replaceable = _replaceable(program, world, pair)
    for n, proxy in enumerate(program.proxy):
        yield from _proxy_problems(program, title, entry, world, replaceable, n, proxy)


def _pair_problems(program: ProgramShape, title: str, entry: Entry, world: World, pair: PairShape) -> Iterator[Problem]:
    limits = world.limits(program.desk)
    for leg in pair.leg:
        instrument = world.instrument(leg.instrument)
        if instrument is not None:
            yield from _leg_problems(program, title, entry, world, pair, leg, instrument, limits)


def _route_problems(
    program: ProgramShape, title: str, entry: Entry, world: World, pair: PairShape, n: int, code: str
) -> Iterator[Problem]:
    route, at = world.pair(code), ("routes", n)
    if world.is_unknown("pair", code):
        yield entry.problem(f"{title} names an unknown route {code!r}", "name a pair declared with [[pair]]", *at)
    if code == program.pair or code in program.routes[:n]:
        yield entry.problem(f"{title}: route {code} is there already", "name each other pair once", *at)
        return
    if route is None:
        return
    if route.project != pair.project:
        yield entry.problem(
            f"{title}: route {code} belongs to project {route.project}, the program to {pair.project}",
            "use a pair of the same project: its people and reports are others",
            *at,
        )
    if route.common_unit != pair.common_unit:
        yield entry.problem(
            f"{title}: route {code} is judged in {route.common_unit}, the program in {pair.common_unit}",
            "use a pair with the same common_unit, so that one trigger value means the same on both",
            *at,
        )
    if _sees_native_quotes(program, world, pair, route):
        yield entry.problem(
            f"{title}: measure {program.measure} compares native quotes, and route {code} quotes in other units",
            'use measure = "spread" with this route, or leave the route out',
            "measure",
        )
    if any(leg.ratio_lots < 1 for leg in (*route.leg, *pair.leg)):
        return  # reported where the pair stands
    clip = program.clip_units * pair.leg[0].ratio_lots
    if route.leg[0].ratio_lots > clip:
        yield entry.problem(
            f"{title}: route {code} needs {route.leg[0].ratio_lots} domestic lots a unit, a clip has {clip}",
            "raise clip_units, so that a clip is at least one unit of every route",
            *at,
        )
        return
    on_route = msgspec.structs.replace(program, clip_units=clip // route.leg[0].ratio_lots)
    yield from _pair_problems(on_route, title, entry, world, route)


def _sees_native_quotes(program: ProgramShape, world: World, pair: PairShape, route: PairShape) -> bool:
    """Return whether the trigger's value would mean something else on the route than on the pair."""
    if program.measure == "spread":
        return False
    roles = [program.counter_leg] if program.measure == "counter_price" else ["domestic", "foreign"]
    for role in roles:
        quoted = []
        for one in (pair, route):
            instruments = [world.instrument(leg.instrument) for leg in one.leg if leg.role == role]
            quoted += [(found.unit, found.currency) for found in instruments if found is not None]
        if len(set(quoted)) > 1:
            return True
    return False


def _replaceable(program: ProgramShape, world: World, pair: PairShape) -> list[str]:
    routes = [world.pair(code) for code in program.routes]
    return [leg.instrument for one in (pair, *routes) if one is not None for leg in one.leg]


def _proxy_problems(
    program: ProgramShape, title: str, entry: Entry, world: World, replaceable: list[str], n: int, proxy: ProxyShape
) -> Iterator[Problem]:
    name, at = f"{title}: proxy {proxy.instrument}", ("proxy", n)
    if world.is_unknown("instrument", proxy.instrument):
        yield entry.problem(f"{name} is an unknown instrument", "declare it with [[instrument]]", *at, "instrument")
    if proxy.replaces not in replaceable:
        yield entry.problem(
            f"{name} replaces {proxy.replaces!r}, which is no leg of the program",
            f"name one of {', '.join(dict.fromkeys(replaceable))}",
            *at,
            "replaces",
        )
    if proxy.lots < 1 or proxy.replaces_lots < 1:
        yield entry.problem(f"{name}: {proxy.lots} lots for {proxy.replaces_lots}", "use whole lots, 1 or more", *at)
        return
    instrument, replaced = world.instrument(proxy.instrument), world.instrument(proxy.replaces)
    if instrument is None or replaced is None:
        return
    if proxy.instrument == proxy.replaces or instrument.is_pricing_only:
        yield entry.problem(
            f"{name} cannot stand in for {proxy.replaces}", "name another tradable instrument", *at, "instrument"
        )
        return
    yield from _fit_problems(name, entry, at, proxy, instrument, replaced)
    leg = LegShape(instrument=proxy.instrument, role="foreign", ratio_lots=proxy.lots)
    stands_in = world.pair(program.pair)
    assert stands_in is not None
    alone = msgspec.structs.replace(program, clip_units=1)  # traded in its own multiples, not in clips
    yield from _leg_problems(alone, title, entry, world, stands_in, leg, instrument, world.limits(program.desk))


def _fit_problems(
    name: str, entry: Entry, at: tuple[str, int], proxy: ProxyShape,
    instrument: InstrumentShape, replaced: InstrumentShape,
) -> Iterator[Problem]:  # fmt: skip
    if instrument.currency != replaced.currency:
        yield entry.problem(
            f"{name} is in {instrument.currency} and {replaced.code} in {replaced.currency}",
            "use a stand-in of the same currency: the pair's FX prices both",
            *at,
            "instrument",
        )
    if dimension(instrument.unit) != dimension(replaced.unit):
        yield entry.problem(
            f"{name} is in {instrument.unit} and {replaced.code} in {replaced.unit}",
            "use a stand-in whose quantity can be compared",
            *at,
            "instrument",
        )
        return
    off = mismatch(in_base_unit(instrument, proxy.lots), in_base_unit(replaced, proxy.replaces_lots))
    if off > RATIO_TOLERANCE:
        legs = f"{shown(instrument, proxy.lots)} for {shown(replaced, proxy.replaces_lots)}"
        yield entry.problem(
            f"{name} does not fit: {legs}, {off:.0%} apart", "correct lots or replaces_lots", *at, "lots"
        )


def _leg_problems(
    program: ProgramShape, title: str, entry: Entry, world: World,
    pair: PairShape, leg: LegShape, instrument: InstrumentShape, limits: LimitSet,
) -> Iterator[Problem]:  # fmt: skip
    if world.is_unknown("connection", f"{program.desk}/{instrument.venue}"):
        yield entry.problem(
            f"{title}: desk {program.desk} has no connection to {instrument.venue}",
            "declare it with [[connection]]",
            "desk",
        )
    if instrument.venue not in program.reply_times:
        yield entry.problem(
            f"{title} has no reply_times for {instrument.venue}",
            f"add [program.reply_times.{instrument.venue}]",
            "reply_times",
        )
    elif 0 != (times := program.reply_times[instrument.venue]).presumed_dead_max_ms < times.presumed_dead_ms:
        yield entry.problem(
            f"{title}: {instrument.venue} has presumed_dead_max_ms {times.presumed_dead_max_ms}, less than "
            f"presumed_dead_ms {times.presumed_dead_ms}",
            "raise presumed_dead_max_ms, or leave it out for twelve times the least",
            "reply_times",
        )
    lots = clip_lots(leg, program.clip_units)
    if instrument.order_lots_max is not None and lots > instrument.order_lots_max:
        yield entry.problem(
            f"{title}: one clip is {lots} lots of {instrument.code}, the venue takes {instrument.order_lots_max}",
            "lower clip_units",
            "clip_units",
        )
    for kind in REQUIRED_KINDS:
        hard = world.limit(kind, instrument, pair.code, limits)
        if hard is None:
            if world.has_unreadable("threshold"):
                continue
            yield entry.problem(
                f"{title}: missing limit {kind.value} for {instrument.code}",
                f'add [[threshold]] desk = "{program.desk}", kind = "{kind.value}", instrument = "{instrument.code}"',
            )
        elif kind is LimitKind.PRICE_COLLAR_RATE:
            if program.collar_rate > hard:
                yield entry.problem(
                    f"{title}: collar_rate {program.collar_rate} is wider than the limit {hard}",
                    "narrow it, or loosen the limit through an approval",
                    "collar_rate",
                )
        elif lots > hard:
            yield entry.problem(
                f"{title}: one clip is {lots} lots of {instrument.code}, over the limit {kind.value} = {hard}",
                "lower clip_units, or loosen the limit through an approval",
                "clip_units",
            )
    yield from _size_problems(title, entry, instrument, lots)


def _size_problems(title: str, entry: Entry, instrument: InstrumentShape, lots: int) -> Iterator[Problem]:
    clip = f"{title}: one clip is {lots} lots of {instrument.code}"
    if lots < instrument.order_lots_min:
        yield entry.problem(
            f"{clip}, the venue takes {instrument.order_lots_min} or more",
            "raise clip_units",
            "clip_units",
        )
    if lots % instrument.order_lots_multiple:
        yield entry.problem(
            f"{clip}, the venue takes multiples of {instrument.order_lots_multiple}",
            "choose clip_units so that both legs fit",
            "clip_units",
        )
