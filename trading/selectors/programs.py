"""Programs and their terms in words that a screen can show."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from trading.models import Desk, HedgeProgram, Instrument, Pair, PairLeg, Position, ProgramRevision
from trading.selectors.naked import exact_decimal

_TERMS = (
    "direction", "measure", "comparator", "trigger_value", "counter_leg", "dwell_ms", "clip_units",
    "executions_max", "cooldown_ms", "payup", "collar_rate", "mode", "repair_preference", "repair_wait_ms",
    "repair_attempts_max", "repair_cost_max", "naked_age_max_ms", "time_to_live_s", "reply_times",
    "lead", "requote_ticks", "messages_per_minute_max", "quote_rest_ms", "units_per_day_max", "is_repeating",
    "windows", "windows_time_zone", "routes", "priority", "residual_max", "naked_quantity_max", "queues_at_limit",
    "proxy",
)  # fmt: skip


def all_programs() -> list[HedgeProgram]:
    """Return every program with what its screens need."""
    return list(
        HedgeProgram.objects.select_related("desk", "pair", "pair__fx_instrument", "state")
        .prefetch_related("revisions", "pair__legs__instrument", "pair__parities")
        .order_by("number")
    )


def program_named(name: str) -> HedgeProgram:
    """Return one program; raises HedgeProgram.DoesNotExist."""
    found = HedgeProgram.objects.select_related("desk", "pair", "pair__fx_instrument", "state")
    return found.get(name=name)


def desk_named(name: str) -> Desk:
    """Return one desk; raises Desk.DoesNotExist."""
    return Desk.objects.get(name=name)


def terms_of(program: HedgeProgram, revision: int | None = None) -> ProgramRevision:
    """Return a program's terms as they stand, or as a revision had them; raises ProgramRevision.DoesNotExist."""
    return program.revisions.get(revision=revision or program.revision)


def terms_dict(terms: ProgramRevision) -> dict[str, Any]:
    """Return terms as plain values; decimals are strings."""
    values = {name: getattr(terms, name) for name in _TERMS}
    return {name: plain(value) for name, value in values.items()} | {"revision": terms.revision}


def plain(value: Any) -> Any:
    """Return a decimal as its string, anything else as it is."""
    return format(value, "f") if isinstance(value, Decimal) else value


def clip(pair: Pair, clip_units: int) -> dict[str, Any]:
    """Return one clip: its units, and each leg's lots and quantity in the leg's own unit."""
    legs = [
        {
            "instrument": leg.instrument.code,
            "role": leg.role,
            "lots": leg.ratio_lots * clip_units,
            "quantity": quantity(leg, clip_units),
            "unit": leg.instrument.unit,
        }
        for leg in pair.legs.all()
    ]
    return {"units": clip_units, "legs": legs}


def quantity(leg: PairLeg, units: int) -> str:
    """Return the quantity that `units` make on a leg, in its instrument's unit."""
    exact = Fraction(leg.instrument.multiplier) * leg.ratio_lots * units
    return format(exact_decimal(exact), "f")


def program_dict(program: HedgeProgram) -> dict[str, Any]:
    """Return a program with its terms and what the journal last said of it."""
    terms = terms_of(program)
    state = program.state
    return {
        "name": program.name,
        "desk": program.desk.name,
        "pair": program.pair.code,
        "project": program.pair.project,
        "revision": program.revision,
        "terms": terms_dict(terms),
        "clip": clip(program.pair, terms.clip_units),
        "state": state.state,
        "state_since_ns": state.state_since_ns,
        "reason": state.reason,
        "armed_by": state.armed_by,
        "armed_at_ns": state.armed_at_ns,
        "armed_revision": state.revision,
        "execution": state.execution,
        "seq": state.seq,
    }


def revisions(program: HedgeProgram) -> list[dict[str, Any]]:
    """Return every revision, newest first, with who made it and what it changed."""
    rows = list(program.revisions.select_related("created_by").order_by("revision"))
    found = []
    for before, row in zip([None, *rows], rows, strict=False):
        old, new = terms_dict(before) if before else {}, terms_dict(row)
        changed = {
            name: {"from": old.get(name), "to": new[name]}
            for name in _TERMS
            if before is not None and old.get(name) != new[name]
        }
        found.append(
            {
                "revision": row.revision,
                "created_at": row.created_at.isoformat(),
                "created_by": row.created_by.get_username() if row.created_by else "",
                "reason": row.reason,
                "changed": changed,
            }
        )
    return found[::-1]


def pair_named(code: str) -> Pair:
    """Return one pair; raises Pair.DoesNotExist."""
    return Pair.objects.select_related("fx_instrument").prefetch_related("legs__instrument__venue").get(code=code)


def pair_dict(pair: Pair, today: date) -> dict[str, Any]:
    """Return a pair with its legs, the conversion in force today and its programs."""
    rule = max((r for r in pair.parities.all() if r.valid_from <= today), key=lambda r: r.valid_from, default=None)
    names = (
        "premium",
        "date_adjustment",
        "duty_rate",
        "vat_rate",
        "misc",
        "units_numerator",
        "units_denominator",
    )
    parity = (
        None
        if rule is None
        else {
            **{name: plain(getattr(rule, name)) for name in names},
            "valid_from": rule.valid_from.isoformat(),
            "source": rule.source,
        }
    )
    return {
        "code": pair.code,
        "project": pair.project,
        "common_unit": pair.common_unit,
        "unit_quantity": pair.unit_quantity,
        "fx_instrument": pair.fx_instrument.code if pair.fx_instrument else None,
        "leg_age_max_ms": pair.leg_age_max_ms,
        "leg_skew_max_ms": pair.leg_skew_max_ms,
        "fx_age_max_ms": pair.fx_age_max_ms,
        "hedgeable_min_s": pair.hedgeable_min_s,
        "parity": parity,
        "legs": [leg_dict(leg) for leg in pair.legs.all()],
        "programs": [program_dict(program) for program in all_programs() if program.pair_id == pair.pk],
        "positions": _positions(pair),
    }


def _positions(pair: Pair) -> list[dict[str, Any]]:
    """Return the net lots of the pair's legs per desk, as the journals' fills add up."""
    codes = [leg.instrument.code for leg in pair.legs.all()]
    rows = Position.objects.filter(instrument__in=codes).select_related("desk").order_by("instrument")
    return [
        {
            "desk": row.desk.name,
            "instrument": row.instrument,
            "net_lots": row.net_lots,
            "bought_lots": row.bought_lots,
            "sold_lots": row.sold_lots,
        }
        for row in rows
    ]


def leg_dict(leg: PairLeg) -> dict[str, Any]:
    """Return one leg with the facts of its instrument."""
    row: Instrument = leg.instrument
    return {
        "instrument": row.code, "venue": row.venue.name, "symbol": row.symbol, "role": leg.role,
        "ratio_lots": leg.ratio_lots, "hedge_flag": leg.hedge_flag, "order_lots_min": row.order_lots_min,
        "order_lots_multiple": row.order_lots_multiple, "prompt": row.prompt,
        "tick": plain(row.tick), "multiplier": plain(row.multiplier),
        "unit": row.unit, "currency": row.currency, "quote_basis": row.quote_basis,
        "time_zone": row.time_zone, "is_simulated": row.venue.is_simulated, "source": row.source,
    }  # fmt: skip
