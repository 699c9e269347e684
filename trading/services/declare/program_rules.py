"""What must hold for programs, thresholds and users: a trigger that makes sense inside limits that exist."""

from collections.abc import Iterator
from decimal import Decimal

from audit.access import Role
from risk.limits import LimitKind
from trading.services.declare.shapes import ProgramShape, ThresholdShape, UserShape
from trading.services.declare.source import Entry, Problem
from trading.services.declare.traded_rules import traded_problems
from trading.services.declare.working_rules import working_problems
from trading.services.declare.world import World


def program_problems(program: ProgramShape, entry: Entry, world: World) -> Iterator[Problem]:
    title = f"program {program.name}"
    if world.is_unknown("desk", program.desk):
        yield entry.problem(f"{title} names an unknown desk {program.desk!r}", "declare it with [[desk]]", "desk")
    for other in world.programs():
        if other.name != program.name and (other.desk, other.number) == (program.desk, program.number):
            yield entry.problem(
                f"{title}: number {program.number} belongs to {other.name}",
                "give a number of its own; it is part of every order id",
                "number",
            )
    yield from _figure_problems(program, title, entry)
    yield from _trigger_problems(program, title, entry)
    if world.is_unknown("pair", program.pair):
        yield entry.problem(f"{title} names an unknown pair {program.pair!r}", "declare it with [[pair]]", "pair")
    yield from working_problems(program, title, entry)
    yield from traded_problems(program, title, entry, world)


def _figure_problems(program: ProgramShape, title: str, entry: Entry) -> Iterator[Problem]:
    for name in ("number", "clip_units", "executions_max", "repair_attempts_max", "time_to_live_s"):
        if getattr(program, name) < 1:
            yield entry.problem(f"{title}: {name} is {getattr(program, name)}", "use 1 or more", name)
    for name in ("cooldown_ms", "dwell_ms", "repair_wait_ms", "naked_age_max_ms", "payup", "repair_cost_max"):
        if getattr(program, name) < 0:
            yield entry.problem(f"{title}: {name} is {getattr(program, name)}", "use 0 or more", name)
    if not Decimal(0) < program.collar_rate < 1:
        yield entry.problem(f"{title}: collar_rate is {program.collar_rate}", "write 2 % as 0.02", "collar_rate")


def _trigger_problems(program: ProgramShape, title: str, entry: Entry) -> Iterator[Problem]:
    if (program.measure == "counter_price") != bool(program.counter_leg):
        yield entry.problem(
            f"{title}: counter_leg goes with measure counter_price and with no other",
            'give counter_leg = "domestic" or "foreign", or leave it out',
            "counter_leg",
        )
        return
    wanted = ">=" if program.direction == "sell_domestic" else "<="
    if program.counter_leg == "foreign":
        wanted = "<=" if wanted == ">=" else ">="
    if program.comparator != wanted:
        yield entry.problem(
            f"{title}: {program.direction} with {program.measure} {program.comparator} trades when it is dearest",
            f'use comparator = "{wanted}", or turn the direction',
            "comparator",
        )


def threshold_problems(threshold: ThresholdShape, entry: Entry, world: World) -> Iterator[Problem]:
    kinds = [kind.value for kind in LimitKind]
    title = f"threshold {threshold.kind}"
    if threshold.kind not in kinds:
        yield entry.problem(f"unknown threshold kind {threshold.kind!r}", f"use one of {', '.join(kinds)}", "kind")
        return
    if world.is_unknown("desk", threshold.desk):
        yield entry.problem(f"{title} names an unknown desk {threshold.desk!r}", "declare it with [[desk]]", "desk")
    if threshold.hard < 0:
        yield entry.problem(f"{title}: hard is {threshold.hard}", "use 0 or more", "hard")
    if threshold.warn is not None and LimitKind(threshold.kind).is_tighter(threshold.hard, threshold.warn):
        yield entry.problem(
            f"{title}: warn {threshold.warn} comes after hard {threshold.hard}",
            "warn earlier than the limit",
            "warn",
        )
    for scope in ("venue", "instrument", "pair"):
        name = getattr(threshold, scope)
        if name and world.is_unknown(scope, name):
            yield entry.problem(f"{title} names an unknown {scope} {name!r}", f"declare it with [[{scope}]]", scope)


def user_problems(user: UserShape, entry: Entry, world: World) -> Iterator[Problem]:
    for role in user.roles:
        if role not in list(Role):
            yield entry.problem(
                f"user {user.username} has an unknown role {role!r}", f"use one of {', '.join(Role)}", "roles"
            )
    # Separation of duties: who gives roles neither trades nor approves (ux.md §2.0).
    if Role.ADMIN in user.roles and len(user.roles) > 1:
        yield entry.problem(
            f"user {user.username} is an administrator and more",
            "give the administrator's account no other role",
            "roles",
        )
    if not user.roles:
        yield entry.problem(f"user {user.username} has no role", f"give one of {', '.join(Role)}", "roles")
