"""Generated markets: a mean-reverting price, and the other side of a pair made from one that is recorded or generated.

The model, stated: the counterpart's fair price is import parity (domain rule: (foreign + date adjustment + premium)
x units x FX x (1 + duty) x (1 + VAT) + misc) of the source's mid, shifted by a basis that is an Ornstein-Uhlenbeck
process; it is seen `latency_ms` late, on the counterpart's own time grid, rounded to its tick size, with a spread
and a depth profile drawn from a seeded source. Statistics here are floats; what comes out is whole ticks and lots.
"""

import math
import random
from collections.abc import Iterator

import msgspec

from trading.core.events import Level
from trading.core.terms import Instrument, Parity
from trading.core.units import MILLI, SECOND, Lots, Nanos, Ticks
from trading.venues.simulated.messages import Tick


class DepthProfile(msgspec.Struct, frozen=True):
    """Lots per level: `lots` at the best, times `growth` per level deeper, each times a random factor."""

    lots: float
    growth: float = 1.4
    spread_of_lots: float = 0.35  # standard deviation of the factor's logarithm
    levels: int = 5
    redrawn: float = 0.3  # share of the displayed levels whose lots change from one publication to the next


class PriceModel(msgspec.Struct, frozen=True):
    """A mean-reverting price: relative deviations from `start` with standard deviation `sigma` and `half_life_s`."""

    start: str
    sigma: float
    half_life_s: float
    grid_ms: int
    spread_ticks: int
    depth: DepthProfile
    limit_rate: float = 0.07
    lots_per_s: float = 4.0


class CounterpartModel(msgspec.Struct, frozen=True):
    """How the other side follows the source. `basis_*` are in domestic currency per domestic unit."""

    parity: Parity
    is_domestic: bool  # the generated side is the domestic one
    basis_mean: float
    basis_sigma: float
    basis_half_life_s: float
    latency_ms: int
    grid_ms: int
    spread_ticks: int
    depth: DepthProfile
    update_probability: float = 1.0  # share of grid points at which the venue publishes
    source_gap_max_s: float = 60.0  # the source is in a break: nothing is published
    limit_rate: float = 0.10
    lots_per_s: float = 4.0


def scaled(model: CounterpartModel, factors: dict[str, float]) -> CounterpartModel:
    """Return the model with parameters multiplied; `depth_lots` is the depth profile's `lots`."""
    changes: dict[str, object] = {}
    for name, factor in factors.items():
        if name == "depth_lots":
            changes["depth"] = msgspec.structs.replace(model.depth, lots=model.depth.lots * factor)
        elif name == "latency_ms":
            changes[name] = round(model.latency_ms * factor)
        elif name != "none":
            changes[name] = getattr(model, name) * factor
    return msgspec.structs.replace(model, **changes)


class MeanReverting:
    """An Ornstein-Uhlenbeck process around zero, exact at any step (stationary deviation `sigma`)."""

    def __init__(self, sigma: float, half_life_s: float, chance: random.Random) -> None:
        self._sigma = sigma
        self._rate = math.log(2) / half_life_s
        self._chance = chance
        self.value = chance.gauss(0, sigma)

    def step(self, seconds: float) -> float:
        kept = math.exp(-self._rate * seconds)
        self.value = self.value * kept + self._sigma * math.sqrt(1 - kept * kept) * self._chance.gauss(0, 1)
        return self.value


class _Tape:
    """Writes the ticks of one instrument: rounding, spread, depth, last price and cumulative volume."""

    def __init__(
        self,
        instrument: Instrument,
        spread_ticks: int,
        depth: DepthProfile,
        lots_per_s: float,
        limit_rate: float,
        chance: random.Random,
    ) -> None:
        self._code = instrument.code
        self._tick = float(instrument.tick)
        self._spread_ticks = spread_ticks
        self._depth = depth
        self._lots_per_s = lots_per_s
        self._limit_rate = limit_rate
        self._chance = chance
        self._volume: Lots = 0
        self._limits: tuple[Ticks, Ticks] | None = None
        self._shown: dict[tuple[int, Ticks], Lots] = {}

    def write(self, fair: float, at: Nanos, seconds: float) -> Tick:
        bid = math.floor(fair / self._tick - (self._spread_ticks - 1) / 2)
        if self._limits is None:
            self._limits = round(bid * (1 - self._limit_rate)), round(bid * (1 + self._limit_rate))
        lower, upper = self._limits
        bid = min(max(bid, lower), upper - self._spread_ticks)
        ask = bid + self._spread_ticks
        self._volume += int(self._chance.expovariate(1.0) * self._lots_per_s * seconds + 0.5)
        last = self._chance.choice((bid, ask))
        bids, asks = self._side(bid, -1), self._side(ask, +1)
        self._shown = {(-1, level.price_ticks): level.lots for level in bids}
        self._shown |= {(+1, level.price_ticks): level.lots for level in asks}
        return Tick(self._code, at, bids, asks, last, self._volume, upper, lower)

    def _side(self, best: Ticks, direction: int) -> tuple[Level, ...]:
        return tuple(
            Level(best + direction * level, self._lots_at(best + direction * level, direction, level))
            for level in range(self._depth.levels)
        )

    def _lots_at(self, price_ticks: Ticks, direction: int, level: int) -> Lots:
        shown = self._shown.get((direction, price_ticks))
        if shown is not None and self._chance.random() >= self._depth.redrawn:
            return shown
        return generated_lots(self._depth, level, self._chance)


def generated_lots(depth: DepthProfile, level: int, chance: random.Random) -> Lots:
    """Return the lots displayed at one level (0 = best), at least one."""
    factor = chance.lognormvariate(0, depth.spread_of_lots)
    return max(1, round(depth.lots * depth.growth**level * factor))


def price_ticks(instrument: Instrument, model: PriceModel, seed: int, start: Nanos = 0) -> Iterator[Tick]:
    """Yield an endless mean-reverting market on its grid; the same seed gives the same ticks."""
    chance = random.Random(f"{seed} {instrument.code}")
    deviation = MeanReverting(model.sigma, model.half_life_s, chance)
    tape = _Tape(instrument, model.spread_ticks, model.depth, model.lots_per_s, model.limit_rate, chance)
    seconds = model.grid_ms / 1000
    at = start
    while True:
        yield tape.write(float(model.start) * (1 + deviation.step(seconds)), at, seconds)
        at += model.grid_ms * MILLI


class Following:
    """Reads a tick stream up to a moment and keeps the last two-sided mid seen by then."""

    def __init__(self, ticks: Iterator[Tick], instrument: Instrument) -> None:
        self._ticks = ticks
        self._tick_size = float(instrument.tick)
        self._next: Tick | None = next(ticks, None)
        self.mid: float | None = None
        self.seen_at: Nanos = 0

    @property
    def next_at(self) -> Nanos | None:
        return self._next.exchange_ns if self._next is not None else None

    def advance(self, until: Nanos) -> None:
        while self._next is not None and self._next.exchange_ns <= until:
            if self._next.bids and self._next.asks:
                best = self._next.bids[0].price_ticks + self._next.asks[0].price_ticks
                self.mid = best * self._tick_size / 2
            self.seen_at = self._next.exchange_ns
            self._next = next(self._ticks, None)


def counterpart_ticks(
    instrument: Instrument, model: CounterpartModel, source: Following, fx: Following | None, seed: int
) -> Iterator[Tick]:
    """Yield the other side of `source`; ends when the source does. `fx` None means one currency."""
    chance = random.Random(f"{seed} {instrument.code}")
    basis = MeanReverting(model.basis_sigma, model.basis_half_life_s, chance)
    tape = _Tape(instrument, model.spread_ticks, model.depth, model.lots_per_s, model.limit_rate, chance)
    seconds, grid, latency = model.grid_ms / 1000, model.grid_ms * MILLI, model.latency_ms * MILLI
    at = _grid_after(source.next_at or 0, grid, latency)
    while True:
        source.advance(at - latency)
        if fx is not None:
            fx.advance(at - latency)
        if source.next_at is None:
            return
        shift = model.basis_mean + basis.step(seconds)
        if at - latency - source.seen_at > model.source_gap_max_s * SECOND:
            at = _grid_after(source.next_at, grid, latency)
            continue
        rate = 1.0 if fx is None else fx.mid
        is_published = chance.random() < model.update_probability
        if source.mid is not None and rate is not None and is_published:
            yield tape.write(_fair(model, source.mid, rate, shift), at, seconds)
        at += grid


def _grid_after(source_at: Nanos, grid: Nanos, latency: Nanos) -> Nanos:
    return -(-(source_at + latency) // grid) * grid


def _fair(model: CounterpartModel, source: float, rate: float, basis: float) -> float:
    parity = model.parity
    units = float(parity.units_numerator / parity.units_denominator)
    factor = units * rate * float((1 + parity.duty_rate) * (1 + parity.vat_rate))
    added = float(parity.date_adjustment + parity.premium)
    if model.is_domestic:
        return (source + added) * factor + float(parity.misc) + basis
    return (source - basis - float(parity.misc)) / factor - added
