"""What the desk holds, for the screens: each line of the books beside the venue's own, and each pair leg by leg.

A pair is shown by the lots of each leg, the whole units they match and what is left over in exact quantity: never by
the smaller leg alone, which would show five naked lots as nothing (domain.md §2.1). The keys are a contract.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from trading.core.alignment import leg_quantity, residual_quantity
from trading.core.books import Books, OffsetRule
from trading.core.events import VenuePosition
from trading.core.measure import shown
from trading.core.terms import Instrument, Pair
from trading.core.units import Lots, Nanos, Side
from trading.engine.desk import Desk

Row = dict[str, Any]
Key = tuple[str, str, str, str]  # venue, instrument, hedge flag, prompt
SIDES = {Side.BUY: "long", Side.SELL: "short"}


def holdings(desk: Desk, now: Nanos) -> Row:
    """Return everything the positions screen shows of one desk."""
    return {
        "desk": desk.config.desk,
        "at": now,
        "venues": [_venue(desk, name) for name in sorted({i.venue for i in desk.config.instruments})],
        "lines": _lines(desk),
        "pairs": [_pair(pair, lots, desk.instruments) for pair, lots in _by_pair(desk)],
    }


def _venue(desk: Desk, name: str) -> Row:
    check, books = desk.position_check, desk.positions.books
    report = check.reports.get(name)
    return {
        "venue": name,
        "trading_day": books.days.get(name, ""),
        "offset_rule": books.rule(name).value,
        "tells_positions": name in check.venues,
        "is_compared": check.is_compared(name),
        "reported_at": report.queried_at if report else None,
    }


def _lines(desk: Desk) -> list[Row]:
    """Return a line for every book with something in it, on our side or on the venue's."""
    books, check = desk.positions.books, desk.position_check
    rows: dict[Key, Row] = {}
    for venue, line in books.lines():
        _add(_row(rows, (venue, line.instrument, _flag(books, venue, line), line.prompt)), line)
    for venue, report in check.reports.items():
        for line in report.positions:
            _row(rows, (venue, line.instrument, _flag(books, venue, line), line.prompt))
        for key, row in rows.items():
            if key[0] == venue:
                row["venue_lots"] = {"long": 0, "short": 0}
        for line in report.positions:
            told = rows[venue, line.instrument, _flag(books, venue, line), line.prompt]["venue_lots"]
            told[SIDES[line.side]] += line.today_lots + line.yesterday_lots
    broken = {(b.slot.instrument, b.slot.hedge_flag, b.slot.prompt) for found in check.breaks.values() for b in found}
    for (_, instrument, flag, prompt), row in rows.items():
        row["is_broken"] = (instrument, flag, prompt) in broken
        report = check.reports.get(row["venue"])
        row["is_current"] = report is not None and report.queried_at > desk.positions.changed_at.get(instrument, -1)
    return [rows[key] for key in sorted(rows)]


def _flag(books: Books, venue: str, line: VenuePosition) -> str:
    """A netting venue knows no hedge flag, so its lines are shown, and compared, over all of them."""
    return "" if books.rule(venue) is OffsetRule.NET else line.hedge_flag.value


def _row(rows: dict[Key, Row], key: Key) -> Row:
    venue, instrument, flag, prompt = key
    empty = {"today": 0, "yesterday": 0, "frozen": 0}
    return rows.setdefault(
        key,
        {
            "venue": venue, "instrument": instrument, "hedge_flag": flag, "prompt": prompt,
            "long": dict(empty), "short": dict(empty), "net": 0, "venue_lots": None,
            "is_broken": False, "is_current": False,
        },
    )  # fmt: skip


def _add(row: Row, line: VenuePosition) -> None:
    side = row[SIDES[line.side]]
    side["today"] += line.today_lots
    side["yesterday"] += line.yesterday_lots
    side["frozen"] += line.frozen_lots
    row["net"] += line.side.sign * (line.today_lots + line.yesterday_lots)


def _by_pair(desk: Desk) -> list[tuple[Pair, list[Lots]]]:
    """Return per pair the signed lots that the desk's executions hold in each leg."""
    pairs: dict[str, Pair] = {}
    lots: defaultdict[str, list[Lots]] = defaultdict(lambda: [0, 0])
    for program in desk.programs.values():
        for view in program.views:
            pairs.setdefault(view.pair.code, view.pair)
        for case in program.state.executions.values():
            held = lots[program.view_of(case).pair.code]
            for leg, (side, along) in enumerate(zip(case.entered_sides, case.along, strict=True)):
                held[leg] += side.sign * along
    return [(pair, lots[code]) for code, pair in sorted(pairs.items())]


def _pair(pair: Pair, lots: list[Lots], instruments: Mapping[str, Instrument]) -> Row:
    ratio = [leg.ratio_lots for leg in pair.legs]
    opposed = lots[0] * lots[1] < 0
    units = min(abs(held) // each for held, each in zip(lots, ratio, strict=True)) if opposed else 0
    legs = []
    for number, (leg, held) in enumerate(zip(pair.legs, lots, strict=True)):
        sign = 1 if held > 0 else -1
        residual = held - sign * units * leg.ratio_lots
        legs.append(
            {
                "instrument": leg.instrument,
                "role": leg.role.value,
                "ratio_lots": leg.ratio_lots,
                "lots": held,
                "quantity": str(shown(leg_quantity(pair, number, held, instruments))),
                "residual_lots": residual,
                "residual": str(shown(leg_quantity(pair, number, residual, instruments))),
            }
        )
    return {
        "pair": pair.code, "unit": instruments[pair.legs[0].instrument].unit, "unit_quantity": pair.unit_quantity,
        "matched_units": units, "legs": legs, "net_quantity": str(shown(residual_quantity(pair, lots, instruments))),
        "is_naked": any(leg["residual_lots"] for leg in legs),
    }  # fmt: skip
