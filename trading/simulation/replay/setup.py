"""What a replay plays: a program of a desk, the instruments it needs, and where each one's ticks come from."""

import heapq
import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from risk.limits import Limit, LimitKind, LimitSet
from trading.core.terms import Instrument, Terms
from trading.core.units import SECOND
from trading.engine.config import BadConfig, DeskConfig, load, parse
from trading.venues.simulated.config import Generated, GeneratedFrom, ListedInstrument, Recorded
from trading.venues.simulated.config import load as load_venues
from trading.venues.simulated.inputs import Inputs
from trading.venues.simulated.messages import Tick
from trading.venues.simulated.model import load_model
from trading.venues.simulated.recordings import with_layout

SAMPLES = Path(__file__).with_name("samples.toml")
FX_SEED, PRICE_SEED, COUNTERPART_SEED = 3, 7, 11
# A replay trades one direction for hours on end: what would stop it there says nothing about legging.
RAISED = (LimitKind.POSITION_LOTS_MAX, LimitKind.DAY_EXECUTIONS_MAX)
WIDE = Decimal(1_000_000)
EXECUTIONS_MAX = 1_000_000
TIME_TO_LIVE = 7 * 24 * 3600 * SECOND


class BadReplay(ValueError):
    """The replay cannot be set up; the text says why and what to do."""


class Setup(msgspec.Struct, frozen=True):
    config: DeskConfig
    listed: tuple[ListedInstrument, ...]

    @property
    def terms(self) -> Terms:
        return self.config.programs[0]

    def ticks(self, minutes: float, scale: dict[str, float] | None = None) -> list[Tick]:
        """Return every instrument's ticks in order of time; `scale` multiplies the counterpart's parameters."""
        inputs = Inputs(self.listed, shortens_gaps=False, scale=scale)
        start = min(inputs.origins().values())
        until = start + int(minutes * 60 * SECOND)
        streams = [self._until(inputs.stream(instrument.code), until) for instrument in self.listed]
        return list(heapq.merge(*streams, key=lambda tick: tick.exchange_ns))

    @staticmethod
    def _until(ticks: Iterator[Tick], until: int) -> Iterator[Tick]:
        return itertools.takewhile(lambda tick: tick.exchange_ns < until, ticks)

    def sources(self) -> list[dict[str, Any]]:
        """Return per instrument what is recorded and what is generated, with the model's parameters."""
        inputs, model = Inputs(self.listed, shortens_gaps=False), load_model()
        found = []
        for instrument in self.listed:
            source: dict[str, Any] = {"instrument": instrument.code, "is": inputs.label(instrument.code)}
            match instrument.input:
                case Recorded():
                    source["parameters"] = _stated(instrument.input)
                case GeneratedFrom():
                    source["parameters"] = msgspec.to_builtins(model.counterpart_of(instrument.code))
                    if instrument.input.parity is not None:
                        source["parameters"]["parity"] = msgspec.to_builtins(instrument.input.parity)
                case Generated():
                    source["parameters"] = msgspec.to_builtins(model.price_of(instrument.code))
            found.append(source)
        return found


def _stated(recorded: Recorded) -> dict[str, Any]:
    """Return what a recording is played with that it does not hold itself: sizes where it has none."""
    has_sizes = "bid_lots_1" in with_layout(recorded).columns
    return {} if has_sizes else {"lots_when_missing": recorded.lots_when_missing}


def declared_recording(venues_file: Path, file: str) -> dict[str, Recorded]:
    """Return how a desk's own connection plays a file of this name, by instrument; nothing if none does."""
    if not venues_file.is_file():
        return {}
    name = Path(file).name
    listed = [instrument for venue in load_venues(venues_file).venues for instrument in venue.instruments]
    return {
        instrument.code: msgspec.structs.replace(instrument.input, path=file)
        for instrument in listed
        if isinstance(instrument.input, Recorded) and Path(instrument.input.path).name == name
    }


def set_up(program: str, desk_file: Path, recordings: dict[str, Recorded]) -> Setup:
    """Find the program in the desk's file or among the samples and give every instrument its ticks.

    `recordings` maps an instrument code, or "" for the domestic leg, to a recording. Raises BadReplay, BadConfig.
    """
    config = _find(program, desk_file)
    pair = config.programs[0].pair
    legs = [leg.instrument for leg in pair.legs]
    given = {code or legs[0]: recorded for code, recorded in recordings.items()}
    strange = set(given) - {*legs, pair.fx_instrument}
    if strange:
        raise BadReplay(f"{program} does not trade {', '.join(sorted(strange))}; it has {', '.join(legs)}")
    source = next((code for code in legs if code in given), legs[0])
    listed = []
    for code in (*legs, *([pair.fx_instrument] if pair.fx_instrument else [])):
        instrument = config.instrument(code)
        made: Recorded | Generated | GeneratedFrom
        if code in given:
            made = given[code]
        elif code == pair.fx_instrument:
            made = Generated(FX_SEED)
        elif code == source:
            made = Generated(PRICE_SEED)
        else:
            made = GeneratedFrom(source, fx=pair.fx_instrument or "", parity=pair.parity, seed=COUNTERPART_SEED)
        fields = {name: getattr(instrument, name) for name in Instrument.__struct_fields__}
        listed.append(ListedInstrument(**fields, input=made))
    return Setup(config, tuple(listed))


def _find(program: str, desk_file: Path) -> DeskConfig:
    configs = [_samples()]
    if desk_file.is_file():
        configs.insert(0, load(desk_file))
    names = []
    for config in configs:
        names += [terms.program for terms in config.programs]
        for terms in config.programs:
            if terms.program == program:
                return _for_replay(config, terms)
    raise BadReplay(f"no program is named {program}; there are: {', '.join(names)}")


def _samples() -> DeskConfig:
    samples = msgspec.toml.decode(SAMPLES.read_bytes())
    for program in samples["programs"]:
        program["pair"].setdefault("fx_instrument", None)  # TOML has no null
    return parse(msgspec.json.encode(samples), SAMPLES.name)


def _for_replay(config: DeskConfig, terms: Terms) -> DeskConfig:
    codes = {leg.instrument for leg in terms.pair.legs} | {terms.pair.fx_instrument}
    instruments = tuple(instrument for instrument in config.instruments if instrument.code in codes)
    venues = {instrument.venue for instrument in instruments}
    limits = [limit for limit in config.limits.limits if limit.kind not in RAISED]
    raised = [Limit(kind, WIDE) for kind in RAISED]
    return msgspec.structs.replace(
        config,
        instruments=instruments,
        venues=tuple(venue for venue in config.venues if venue.name in venues),
        programs=(msgspec.structs.replace(terms, executions_max=EXECUTIONS_MAX, time_to_live=TIME_TO_LIVE),),
        limits=LimitSet.of(config.limits.version, (*limits, *raised)),
    )


__all__ = ["BadConfig", "BadReplay", "Setup", "declared_recording", "set_up"]
