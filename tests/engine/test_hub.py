"""A crowded instrument is searched, not asked around: with the same outcome, and at a cost that does not grow."""

from random import Random

import msgspec
import pytest

from risk.gate import review
from trading.core import events as e
from trading.core.terms import Comparator, Direction, Leg, LegRole, Measure, Trigger
from trading.core.units import SECOND
from trading.engine import commands as c
from trading.engine import hub
from trading.engine.desk import Desk
from trading.engine.journal import MemoryJournal
from trading.simulation.copper import CA, CU, CU_CA, FX, D, copper_desk, copper_terms, quote

NOW = 1_800_000_000 * SECOND


def programs(rng, count):
    """Programs of every measure and direction on CU against their own foreign instrument."""
    made = []
    for number in range(count):
        sells = rng.random() < 0.5
        comparator = Comparator.AT_LEAST if sells else Comparator.AT_MOST
        trigger = rng.choice(
            (
                Trigger(Measure.SPREAD, comparator, D(rng.randint(-300, 300))),
                Trigger(Measure.RATIO, comparator, D(rng.randint(80800, 81400)) / 10000),
                Trigger(Measure.COUNTER_PRICE, comparator, D(rng.randint(7900, 8000) * 10), LegRole.DOMESTIC),
                Trigger(Measure.COUNTER_PRICE, comparator, D(rng.randint(9780, 9820)), LegRole.FOREIGN),
            )
        )
        direction = Direction.SELL_DOMESTIC if sells else Direction.BUY_DOMESTIC
        legs = (Leg(CU.code, LegRole.DOMESTIC, 5), Leg(f"CA{number}", LegRole.FOREIGN, 1))
        pair = msgspec.structs.replace(CU_CA, code=f"P{number}", legs=legs)
        terms = copper_terms(program=f"P{number}", direction=direction, trigger=trigger, clip_units=1)
        made.append(msgspec.structs.replace(terms, pair=pair))
    return made


def desk_of(made):
    foreign = [msgspec.structs.replace(CA, code=terms.pair.legs[1].instrument) for terms in made]
    config = msgspec.structs.replace(copper_desk(tuple(made)), instruments=(CU, FX, *foreign))
    journal = MemoryJournal()
    desk = Desk(config, journal, review, 1, NOW)
    desk.resume(NOW)
    for venue in ("SHFE", "LME"):
        desk.on_report(e.VenueUp(venue), NOW)
        desk.on_report(e.StatusEnded(venue, NOW), NOW)
    for terms in made[::2]:
        desk.on_command(c.ArmProgram(terms.program, terms.program, "trader1", 1, NOW + SECOND), NOW)
    return desk, journal


def ticks(rng, made, count):
    for number in range(count):
        at = NOW + number * 1_000_000
        kind = rng.random()
        if kind < 0.6:
            bid = rng.randint(7900, 8000) * 10
            side = rng.choice((str(bid), None, str(bid)))
            yield quote(CU, side, str(bid + 10), at)
        elif kind < 0.9:
            code = rng.choice(made).pair.legs[1].instrument
            bid = D(rng.randint(19560, 19640)) / 2
            yield quote(msgspec.structs.replace(CA, code=code), str(bid), str(bid + D("0.5")), at)
        else:
            bid = D(rng.randint(70900, 71100)) / 10000
            yield quote(FX, str(bid), str(bid + D("0.002")), at)


@pytest.mark.parametrize("seed", range(8))
def test_searching_decides_exactly_what_asking_everyone_decides(seed, monkeypatch):
    made = programs(Random(seed), 40)
    monkeypatch.setattr(hub, "CROWD", 10)
    searched, first = desk_of(made)
    monkeypatch.setattr(hub, "CROWD", 10_000)
    asked, second = desk_of(made)
    assert list(searched.roster.hubs) == [CU.code] and not asked.roster.hubs

    for seen in ticks(Random(seed + 100), made, 600):
        now = seen.received_at
        searched.on_quote(seen, now)
        asked.on_quote(seen, now)
        if seen.received_at % 5_000_000 == 0:
            searched.on_time(now)
            asked.on_time(now)
            searched.on_durable(first.seq, now)
            asked.on_durable(second.seq, now)

    decided = [record.event for record in first.records]
    assert decided == [record.event for record in second.records]
    assert sum(isinstance(event, e.OrdersDecided) for event in decided) > 5


def test_a_tick_on_a_crowded_leg_touches_only_whom_it_concerns():
    made = [terms for terms in programs(Random(1), 200) if terms.trigger.measure is Measure.SPREAD]
    desk, _ = desk_of(made)
    for seen in ticks(Random(2), made, 3000):
        desk.on_quote(seen, NOW)
    crowd = desk.roster.hubs[CU.code]
    cell = desk.roster.cells[CU.code]
    cell.show(quote(CU, None, None, NOW))

    concerned = list(crowd.concerned(cell))

    assert len(concerned) < len(made)
    assert all(p.state.open or p.holds_since is not None for p in concerned)
