"""Where simulated venues take their prices from: declared inputs as the venues read them, and what is said of them."""

from pathlib import Path

from audit.errors import DomainError
from trading.models import Connection, MarketInput
from trading.venues.simulated.config import Recorded, VenueEntry, VenuesFile
from trading.venues.simulated.inputs import Inputs

REAL_LABEL = "market data of the venue itself"


class RecordingNotFound(DomainError):
    """A connection points at recorded ticks that are not there."""

    code = "recording_not_found"


def recording_path(path: str, recorded_ticks: str) -> Path:
    """Return the file, a relative one below the folder of recordings; raises RecordingNotFound."""
    if not Path(path).is_absolute() and not recorded_ticks:
        raise RecordingNotFound(f"replays {path}; set RECORDED_TICKS to the folder that holds it")
    found = Path(recorded_ticks) / path
    if not found.is_file():
        raise RecordingNotFound(f"replays {found}, which does not exist; correct the path or RECORDED_TICKS")
    return found


def keep_labels(config: VenuesFile) -> None:
    """Write beside every simulated connection and input what its prices are, as the venues themselves say it.

    Derived, not declared, so that no file can call a generated price recorded. Reads the first tick of every stream:
    raises ConfigError, ModelError or RecordingError where one cannot be played.
    """
    Connection.objects.filter(venue__is_simulated=False).update(
        input_kind=Connection.InputKind.VENUE, input_label=REAL_LABEL
    )
    inputs = Inputs.of(config)
    for venue in config.venues:
        labels = {}
        for instrument in venue.instruments:
            next(inputs.stream(instrument.code), None)
            labels[instrument.code] = inputs.label(instrument.code)
        lines = Connection.objects.filter(venue__name=venue.name)
        lines.update(input_kind=_kind(venue), input_label=_venue_label(venue, labels))
        for code, label in labels.items():
            MarketInput.objects.filter(connection__in=lines, instrument__code=code).update(label=label)


def _kind(venue: VenueEntry) -> str:
    is_recorded = any(isinstance(instrument.input, Recorded) for instrument in venue.instruments)
    return Connection.InputKind.RECORDED if is_recorded else Connection.InputKind.GENERATED


def _venue_label(venue: VenueEntry, labels: dict[str, str]) -> str:
    symbols: dict[str, list[str]] = {}
    for instrument in venue.instruments:
        symbols.setdefault(labels[instrument.code], []).append(instrument.symbol)
    return "; ".join(f"{', '.join(named)} {label}" for label, named in symbols.items())
