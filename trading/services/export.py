"""Writes what the engines and the simulated venues are told: desk.json per desk, and venues.json."""

import os
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import msgspec
from django.conf import settings

from risk.limits import LimitSet
from trading.core import terms
from trading.core.books import OffsetRule
from trading.core.units import MILLI, SECOND
from trading.engine import config
from trading.engine.build import build
from trading.models import Connection, Desk, HedgeProgram, Instrument, Pair, ProgramRevision
from trading.services import configured


class Paths(Protocol):
    """Where a desk keeps its files; `settings.CMC_PATHS` is one."""

    def desk_config(self, desk: str) -> Path: ...
    def journal(self, desk: str) -> Path: ...
    def control_socket(self, desk: str) -> Path: ...
    def stream_socket(self, desk: str) -> Path: ...
    def kill_file(self, desk: str) -> Path: ...
    def lease_file(self, desk: str) -> Path: ...
    def fix(self, desk: str) -> Path: ...


def desk_config(desk: Desk, *, paths: Paths, limits: LimitSet, today: date) -> config.DeskConfig:
    """Return the configuration of a desk's engine, with the dated facts that hold `today`."""
    connections = list(desk.connections.select_related("venue").order_by("venue__name"))
    around_the_clock = {line.venue.name for line in connections if line.is_around_the_clock}
    instruments = Instrument.objects.filter(venue__connections__desk=desk).select_related("venue")
    made = config.DeskConfig(
        desk=desk.name,
        environment=settings.CMC_ENVIRONMENT,
        currency=desk.currency,
        instruments=tuple(
            instrument_terms(row, today, is_around_the_clock=row.venue.name in around_the_clock) for row in instruments
        ),
        venues=tuple(_venue(line) for line in connections),
        programs=tuple(program_terms(row, today) for row in desk.programs.select_related("pair")),
        limits=limits,
        config_hash="",
        build=build(),
        journal_dir=str(paths.journal(desk.name)),
        control_socket=str(paths.control_socket(desk.name)),
        stream_socket=str(paths.stream_socket(desk.name)),
        kill_file=str(paths.kill_file(desk.name)),
        lease_file=str(paths.lease_file(desk.name)),
        fix_dir=str(paths.fix(desk.name)),
        board_hz=desk.board_hz,
    )
    return msgspec.structs.replace(made, config_hash=sha256(msgspec.json.encode(made)).hexdigest())


def _venue(line: Connection) -> config.VenueConfig:
    venue = line.venue
    return config.VenueConfig(
        name=venue.name, kind=venue.kind, host=line.host, port=line.port, account=line.account,
        capabilities=config.Capabilities(
            cancel_on_disconnect=venue.cancel_on_disconnect,
            supports_fok=venue.supports_fok,
            supports_order_query=venue.supports_order_query,
            message_rate_per_s=venue.message_rate_per_s,
            closes_today_separately=venue.closes_today_separately,
            offset_rule=OffsetRule(venue.offset_rule),
            supports_position_query=venue.supports_position_query,
        ),
        currency=venue.currency, is_simulated=venue.is_simulated, side=venue.side,
        input_kind=line.input_kind, input_label=line.input_label,
        sender_comp_id=line.sender_comp_id, target_comp_id=line.target_comp_id,
        heartbeat_s=line.heartbeat_s, username=line.username, password_env=line.password_env,
    )  # fmt: skip


def instrument_terms(row: Instrument, today: date, *, is_around_the_clock: bool) -> terms.Instrument:
    """Return an instrument as the core knows it; a simulated venue may ignore the real trading hours."""
    rule = in_force(row.session_rules.all(), today)
    phases = [] if rule is None or is_around_the_clock else rule.phases
    closed, no_night = ([], []) if is_around_the_clock else (row.closed_days, row.no_night_days)
    limit = in_force(row.price_limits.all(), today)
    fields = (
        "open_rate",
        "close_rate",
        "close_today_rate",
        "open_per_lot",
        "close_per_lot",
        "close_today_per_lot",
    )
    return terms.Instrument(
        code=row.code, venue=row.venue.name, symbol=row.symbol, tick=row.tick, multiplier=row.multiplier,
        unit=row.unit, currency=row.currency, quote_basis=terms.QuoteBasis(row.quote_basis),
        order_lots_max=row.order_lots_max,
        sessions=tuple(terms.Session(*phase) for phase in phases),
        time_zone=row.time_zone,
        fees=tuple(
            terms.Fee(fee.valid_from.isoformat(), fee.source, *(getattr(fee, name) for name in fields))
            for fee in row.fees.all()
        ),
        price_limit_rate=None if limit is None else limit.rate,
        is_pricing_only=row.is_pricing_only,
        order_lots_min=row.order_lots_min, order_lots_multiple=row.order_lots_multiple,
        delivery_from=_compact(row.delivery_from.isoformat()) if row.delivery_from else "",
        delivery_lots_multiple=row.delivery_lots_multiple,
        closed_days=tuple(_compact(day) for day in closed),
        no_night_days=tuple(_compact(day) for day in no_night),
        prompt=row.prompt,
    )  # fmt: skip


def _compact(day: str) -> str:
    """Return an ISO date as the core writes dates: YYYYMMDD."""
    return day.replace("-", "")


def in_force(facts: Any, today: date) -> Any:
    """Return the dated fact that holds today, or None if the first one is still to come."""
    begun = [fact for fact in facts if fact.valid_from <= today]
    return max(begun, key=lambda fact: fact.valid_from, default=None)


def pair_terms(row: Pair, today: date) -> terms.Pair:
    """Return a pair as the core knows it."""
    rule = in_force(row.parities.all(), today)
    names = (
        "premium", "date_adjustment", "duty_rate", "vat_rate", "misc", "units_numerator", "units_denominator",
    )  # fmt: skip
    return terms.Pair(
        code=row.code,
        project=row.project,
        legs=tuple(
            terms.Leg(leg.instrument.code, terms.LegRole(leg.role), leg.ratio_lots, terms.HedgeFlag(leg.hedge_flag))
            for leg in row.legs.select_related("instrument")
        ),
        fx_instrument=row.fx_instrument.code if row.fx_instrument else None,
        parity=terms.Parity(**{name: getattr(rule, name) for name in names}) if rule else terms.Parity(),
        common_unit=row.common_unit,
        unit_quantity=row.unit_quantity,
        leg_age_max=row.leg_age_max_ms * MILLI,
        leg_skew_max=row.leg_skew_max_ms * MILLI,
        fx_age_max=row.fx_age_max_ms * MILLI,
        hedgeable_min=row.hedgeable_min_s * SECOND,
    )


def program_terms(row: HedgeProgram, today: date, revision: int | None = None) -> terms.Terms:
    """Return a program's terms, of its current revision or of the one that is named."""
    given: ProgramRevision = row.revisions.get(revision=revision or row.revision)
    return terms.Terms(
        program=row.name,
        revision=given.revision,
        pair=pair_terms(row.pair, today),
        direction=terms.Direction(given.direction),
        trigger=terms.Trigger(
            terms.Measure(given.measure), terms.Comparator(given.comparator), given.trigger_value,
            terms.LegRole(given.counter_leg) if given.counter_leg else None, given.dwell_ms * MILLI,
        ),
        clip_units=given.clip_units,
        executions_max=given.executions_max,
        cooldown=given.cooldown_ms * MILLI,
        payup=given.payup,
        collar_rate=given.collar_rate,
        mode=terms.ExecutionMode(given.mode),
        repair=_repair(given),
        time_to_live=given.time_to_live_s * SECOND,
        reply_times={
            venue: terms.ReplyTimes(
                times["reply_due_ms"] * MILLI, times["query_interval_ms"] * MILLI,
                times["presumed_dead_ms"] * MILLI, times.get("presumed_dead_max_ms", 0) * MILLI,
            )
            for venue, times in given.reply_times.items()
        },
        working=terms.Working(
            terms.LeadChoice(given.lead), given.requote_ticks, given.messages_per_minute_max,
            given.quote_rest_ms * MILLI,
        ),
        slicing=terms.Slicing(
            given.units_per_day_max, given.is_repeating,
            tuple(terms.Session(opens, closes) for opens, closes in given.windows), given.windows_time_zone,
        ),
        routes=tuple(pair_terms(Pair.objects.get(code=code), today) for code in given.routes),
        priority=given.priority,
        residual_max=given.residual_max,
    )  # fmt: skip


def _repair(given: ProgramRevision) -> terms.RepairPolicy:
    return terms.RepairPolicy(
        terms.RepairPreference(given.repair_preference), given.repair_wait_ms * MILLI,
        given.repair_attempts_max, given.repair_cost_max, given.naked_age_max_ms * MILLI,
        given.naked_quantity_max, tuple(terms.Proxy(**proxy) for proxy in given.proxy), given.queues_at_limit,
    )  # fmt: skip


def write_desk_config(desk: Desk, *, paths: Paths, limits: LimitSet, today: date, at: datetime) -> Path:
    """Write a desk's configuration, leave its receipt and return its path; a reader sees the old file or the new."""
    made = desk_config(desk, paths=paths, limits=limits, today=today)
    configured.leave_receipt(made, actor="export", at=at)
    return replace_file(paths.desk_config(desk.name), config.dump(made))


def replace_file(path: Path, content: bytes) -> Path:
    """Put `content` in the place of `path`, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return path
