"""What must hold for how a program works: its mode, the resting quote's budget, and how much it may do when."""

from collections.abc import Iterator

from trading.services.declare.market_rules import is_phase, is_time_zone
from trading.services.declare.shapes import ProgramShape
from trading.services.declare.source import Entry, Problem

QUOTE_REST_MS_MIN = 100  # a quote called back faster than a venue answers only spends messages
PRIORITY_MAX = 1000


def working_problems(program: ProgramShape, title: str, entry: Entry) -> Iterator[Problem]:
    """Yield what is wrong with mode, slicing, windows and the quantities that may stay open."""
    yield from _quote_problems(program, title, entry)
    yield from _slicing_problems(program, title, entry)
    for name in ("residual_max", "naked_quantity_max"):
        value = getattr(program, name)
        if value is not None and value < 0:
            yield entry.problem(f"{title}: {name} is {value}", "use 0 or more, in the domestic quote unit", name)


def _quote_problems(program: ProgramShape, title: str, entry: Entry) -> Iterator[Problem]:
    if program.requote_ticks < 1:
        yield entry.problem(f"{title}: requote_ticks is {program.requote_ticks}", "use 1 or more", "requote_ticks")
    if program.messages_per_minute_max < 2:
        yield entry.problem(
            f"{title}: messages_per_minute_max is {program.messages_per_minute_max}",
            "use 2 or more: a quote that moves is a cancel and an order",
            "messages_per_minute_max",
        )
    if program.quote_rest_ms < QUOTE_REST_MS_MIN:
        yield entry.problem(
            f"{title}: quote_rest_ms is {program.quote_rest_ms}", f"use {QUOTE_REST_MS_MIN} or more", "quote_rest_ms"
        )


def _slicing_problems(program: ProgramShape, title: str, entry: Entry) -> Iterator[Problem]:
    if program.units_per_day_max and program.units_per_day_max < program.clip_units:
        yield entry.problem(
            f"{title}: units_per_day_max {program.units_per_day_max} is less than one clip of {program.clip_units}",
            "raise it, or use 0 for no cap of its own",
            "units_per_day_max",
        )
    if program.units_per_day_max < 0:
        yield entry.problem(
            f"{title}: units_per_day_max is {program.units_per_day_max}", "use 0 or more", "units_per_day_max"
        )
    if not 0 <= program.priority <= PRIORITY_MAX:
        yield entry.problem(
            f"{title}: priority is {program.priority}", f"use 0 (served first) to {PRIORITY_MAX}", "priority"
        )
    for n, window in enumerate(program.windows):
        if not is_phase(window):
            yield entry.problem(
                f"{title}: window {'-'.join(window)} is no time of day",
                'write ["09:30", "11:00"]; one may pass midnight',
                "windows",
                n,
            )
    if not is_time_zone(program.windows_time_zone):
        yield entry.problem(
            f"{title}: unknown time zone {program.windows_time_zone!r}",
            "use a name such as Asia/Shanghai or Europe/London",
            "windows_time_zone",
        )
