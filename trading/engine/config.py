"""The desk's configuration: all that the engine knows when it starts, in one JSON file exported by the console.

`load` reads and checks it and raises BadConfig with one sentence that says what is wrong, where, and what to do.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from risk.limits import LimitSet
from trading.core.terms import Instrument, Pair, Terms
from trading.venues.port import Capabilities, VenueConfig

__all__ = ["BadConfig", "Capabilities", "DeskConfig", "VenueConfig", "dump", "load", "parse"]


class BadConfig(ValueError):
    """The desk's configuration cannot be used; the message names the place and the remedy."""


class DeskConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One desk: the venues one engine drives together, what it trades there and within which limits."""

    desk: str
    environment: str  # SIM | CANARY | LIVE
    instruments: tuple[Instrument, ...]
    venues: tuple[VenueConfig, ...]
    programs: tuple[Terms, ...]
    limits: LimitSet
    config_hash: str
    journal_dir: str
    control_socket: str
    stream_socket: str
    kill_file: str
    lease_file: str
    fix_dir: str
    currency: str = "CNY"
    board_hz: int = 10
    build: str = ""  # hash of the code that exported this; an engine of other code does not start on it
    records_per_snapshot: int = 2_000  # a start folds at most about so many records and one snapshot

    def instrument(self, code: str) -> Instrument:
        """Return the instrument called `code`; raises KeyError if the desk has none."""
        for instrument in self.instruments:
            if instrument.code == code:
                return instrument
        raise KeyError(code)

    def venue(self, name: str) -> VenueConfig:
        """Return the venue called `name`; raises KeyError if the desk has none."""
        for venue in self.venues:
            if venue.name == name:
                return venue
        raise KeyError(name)


def load(path: Path) -> DeskConfig:
    """Read and check the file; raises BadConfig."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}; export it with `manage.py apply`") from None
    return parse(raw, str(path))


def parse(raw: bytes, source: str) -> DeskConfig:
    """Return the configuration in `raw`; `source` names it in the error. Raises BadConfig."""
    try:
        config = msgspec.json.decode(raw, type=DeskConfig)
    except msgspec.DecodeError as error:
        raise BadConfig(f"{source}: {error}; export the desk again with `manage.py apply`") from None
    first = next(_faults(config), None)
    if first:
        raise BadConfig(f"{source}: {first}")
    return config


def dump(config: DeskConfig) -> bytes:
    """Return the configuration as the JSON that `parse` reads."""
    return msgspec.json.format(msgspec.json.encode(config), indent=1) + b"\n"


def _faults(config: DeskConfig) -> Iterator[str]:
    if config.environment not in ("SIM", "CANARY", "LIVE"):
        yield f"environment is {config.environment!r}; use SIM, CANARY or LIVE"
    if not 1 <= config.board_hz <= 50:
        yield f"board_hz is {config.board_hz}; use 1 to 50"
    yield from _doubles("venue", (v.name for v in config.venues))
    yield from _doubles("instrument", (i.code for i in config.instruments))
    yield from _doubles("program", (t.program for t in config.programs))
    yield from _venue_faults(config)
    venues = {v.name for v in config.venues}
    instruments = {i.code: i for i in config.instruments}
    for instrument in config.instruments:
        if instrument.venue not in venues:
            yield f"instrument {instrument.code} names venue {instrument.venue!r}, which the desk does not have"
        if instrument.tick <= 0 or instrument.multiplier <= 0:
            yield f"instrument {instrument.code} needs a tick and a multiplier above zero"
    for terms in config.programs:
        yield from _program_faults(terms, instruments)


def _doubles(kind: str, names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if not name:
            yield f"a {kind} has no name"
        if name in seen:
            yield f"{kind} {name} is given twice; keep one"
        seen.add(name)


def _venue_faults(config: DeskConfig) -> Iterator[str]:
    for venue in config.venues:
        if venue.kind == "fix" and not (venue.sender_comp_id and venue.target_comp_id):
            yield f"venue {venue.name} speaks FIX and needs sender_comp_id and target_comp_id"
        if not venue.host.startswith("/") and not 0 < venue.port < 65536:
            yield f"venue {venue.name} has port {venue.port}; use 1 to 65535"
        if venue.is_simulated and config.environment == "LIVE":
            yield f"venue {venue.name} is simulated and the desk is LIVE; use real venues or environment SIM"
        if not venue.is_simulated and config.environment == "SIM":
            yield f"venue {venue.name} is real and the desk is SIM; set environment to CANARY or LIVE"


def _program_faults(terms: Terms, instruments: dict[str, Instrument]) -> Iterator[str]:
    for pair, code in _codes(terms):
        if code not in instruments:
            yield f"program {terms.program}, pair {pair.code}: the desk has no instrument {code}"
        elif instruments[code].venue not in terms.reply_times and not instruments[code].is_pricing_only:
            yield f"program {terms.program} has no reply_times for venue {instruments[code].venue}; add them"
    if terms.clip_units < 1:
        yield f"program {terms.program} has clip_units {terms.clip_units}; use 1 or more"


def _codes(terms: Terms) -> Iterator[tuple[Pair, str]]:
    """Yield (pair, instrument) for all that the terms name: of the pair, its other routes, and a repair's stand-ins."""
    for pair in (terms.pair, *terms.routes):
        yield from ((pair, leg.instrument) for leg in pair.legs)
        if pair.fx_instrument:
            yield pair, pair.fx_instrument
    yield from ((terms.pair, proxy.instrument) for proxy in terms.repair.proxies)
