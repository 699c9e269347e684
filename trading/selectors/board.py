"""The board: what is declared of every program, overlaid with what its engine last published."""

from typing import Any

from trading.models import Desk, HedgeProgram
from trading.selectors.live import last_frame
from trading.selectors.programs import all_programs, clip, leg_dict, terms_of

_UNKNOWN = {
    "state": None, "ttl_left_s": None, "domestic": None, "foreign": None, "fx": None, "sell": None, "buy": None,
    "distance": None, "clips_max": None, "gates": [], "would_fire": None, "naked": [], "naked_since": None,
    "today": None,
}  # fmt: skip


def board() -> dict[str, Any]:
    """Return every desk's rows. `live` tells whether a row holds what the engine published just now."""
    live = {(row["pair"], row["program"]): row for desk in desks() for row in last_frame(desk, "board") or []}
    return {"desks": desks(), "pairs": [_row(program, live) for program in all_programs()]}


def desks() -> list[str]:
    """Return the names of all desks."""
    return list(Desk.objects.order_by("name").values_list("name", flat=True))


def _row(program: HedgeProgram, live: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    published = live.get((program.pair.code, program.name))
    return {**_UNKNOWN, **static_row(program), **(published or {}), "live": published is not None}


def static_row(program: HedgeProgram) -> dict[str, Any]:
    """Return what is known of a program's row without its engine."""
    terms, pair = terms_of(program), program.pair
    return {
        "desk": program.desk.name,
        "pair": pair.code,
        "program": program.name,
        "project": pair.project,
        "revision": program.revision,
        "direction": terms.direction,
        "measure": terms.measure,
        "comparator": terms.comparator,
        "trigger_value": format(terms.trigger_value, "f"),
        "unit": pair.common_unit,
        "clip": clip(pair, terms.clip_units),
        "legs": [leg_dict(leg) for leg in pair.legs.select_related("instrument__venue")],
        "fx_instrument": pair.fx_instrument.code if pair.fx_instrument else None,
        "state": program.state.state,
        "state_since": program.state.state_since_ns,
        "reason": program.state.reason,
    }
