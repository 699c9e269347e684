"""Reads the frozen parameters of the generated markets; raises ModelError naming file and place."""

from pathlib import Path
from typing import TypeVar

import msgspec

from trading.venues.simulated.generate import CounterpartModel, PriceModel

Entry = TypeVar("Entry")
DEFAULT_MODEL = Path(__file__).with_name("model.toml")


class ModelError(ValueError):
    """The model file cannot be used or has no entry for an instrument."""


class MarketModel(msgspec.Struct, frozen=True):
    version: str
    prices: dict[str, PriceModel]
    counterparts: dict[str, CounterpartModel]
    sensitivity: dict[str, list[float]] = {}

    def price_of(self, code: str) -> PriceModel:
        return _longest(self.prices, code, "prices")

    def counterpart_of(self, code: str) -> CounterpartModel:
        return _longest(self.counterparts, code, "counterparts")


def load_model(path: str = "") -> MarketModel:
    """Read a model file, by default the one that is frozen with the product."""
    file = Path(path) if path else DEFAULT_MODEL
    try:
        return msgspec.toml.decode(file.read_bytes(), type=MarketModel)
    except OSError as error:
        raise ModelError(f"{file}: {error.strerror}") from error
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ModelError(f"{file}: {error}") from error


def _longest(entries: dict[str, Entry], code: str, table: str) -> Entry:
    prefixes = [prefix for prefix in entries if code.startswith(prefix)]
    if not prefixes:
        raise ModelError(f"the market model has no [{table}] entry for {code}; there are: {', '.join(entries)}")
    return entries[max(prefixes, key=len)]
