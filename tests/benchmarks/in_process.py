"""How many ticks a second the desk takes in process, by how many armed programs hold the instrument."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec

from risk.gate import review
from tests.benchmarks.figures import Figure
from tests.engine.desk_config import CA, CU, FX, desk_config, terms
from trading.core.events import Level, PositionsReported, StatusEnded, VenueUp
from trading.core.terms import Instrument, Terms
from trading.core.units import MICRO, SECOND, Nanos
from trading.engine.commands import ArmProgram
from trading.engine.desk import Desk
from trading.engine.journal import MemoryJournal
from trading.market.book import Quote

RUN_S = 1.0
START: Nanos = 1_772_769_600 * SECOND


def ticks_per_second() -> Iterator[Figure]:
    """Yield ticks per second for pairs with own instruments, a mesh and a hub."""
    for pairs in (1, 100, 500):
        yield _measure(f"{pairs} pairs, each its own instrument", *_layout(pairs, pairs, pairs))
    yield _measure("100 pairs over 20 instruments", *_layout(100, 10, 10))
    yield _measure("500 pairs share one leg, ticks on it", *_layout(500, 1, 500), ticks_on_hub=True)


def _layout(pairs: int, domestic: int, foreign: int) -> tuple[list[Instrument], list[Terms]]:
    replace = msgspec.structs.replace
    domestics = [replace(CU, code=f"SHFE.d{n}", symbol=f"d{n}") for n in range(domestic)]
    foreigns = [replace(CA, code=f"LME.f{n}", symbol=f"f{n}") for n in range(foreign)]
    programs = []
    for n in range(pairs):
        base = terms(trigger_value="1000000")  # armed and never true: every tick is judged
        legs = (
            replace(base.pair.legs[0], instrument=domestics[n % domestic].code),
            replace(base.pair.legs[1], instrument=foreigns[(n // domestic + n) % foreign].code),
        )
        programs.append(replace(base, program=f"P{n}", pair=replace(base.pair, code=f"PAIR{n}", legs=legs)))
    return [*domestics, *foreigns, FX], programs


def _measure(name: str, instruments: list[Instrument], programs: list[Terms], ticks_on_hub: bool = False) -> Figure:
    desk = _armed(instruments, programs)
    codes = [i.code for i in instruments if not i.is_pricing_only]
    ticking = codes[:1] if ticks_on_hub else codes
    quotes = [_quote(code, step) for step in range(8) for code in ticking]
    count, now = 0, START + SECOND
    started = time.perf_counter()
    while (elapsed_s := time.perf_counter() - started) < RUN_S:
        for quote in quotes:
            now += MICRO
            desk.on_quote(quote, now)
        count += len(quotes)
    return Figure("hotpath", f"in process: {name}", "ticks/s", count, value=round(count / elapsed_s))


def _armed(instruments: list[Instrument], programs: list[Terms]) -> Desk:
    from pathlib import Path

    ports: Any = {"SHFE": 1, "LME": 2}
    kinds = {"SHFE": "local", "LME": "local"}
    config = desk_config(Path("unused"), ports, kinds, instruments=tuple(instruments), programs=tuple(programs))
    desk = Desk(config, MemoryJournal(), review, 1, START)
    desk.resume(START)
    for venue in ports:
        desk.on_report(VenueUp(venue), START)
        desk.on_report(StatusEnded(venue, START), START)
        desk.on_report(PositionsReported(venue, "20260306", (), START), START)
    for instrument in instruments:
        desk.on_quote(_quote(instrument.code, 0), START)
    for program in programs:
        desk.on_command(ArmProgram(program.program, f"a-{program.program}", "bench", 1, START + SECOND), START)
    assert all(program.shown_state(START) == "ARMED" for program in desk.programs.values())
    return desk


def _quote(code: str, step: int) -> Quote:
    base = 7900 if code.startswith("SHFE") else 19_600 if code.startswith("LME") else 70_000
    bids = tuple(Level(base + step - n, 10 + n) for n in range(5))
    asks = tuple(Level(base + step + 1 + n, 10 + n) for n in range(5))
    return Quote(code, bids, asks, START, START + SECOND)
