"""venues.json: which simulated venues run, on which ports, what they list and where their books come from."""

from pathlib import Path

import msgspec

from trading.core.terms import Instrument, Parity
from trading.core.units import MILLI, SECOND
from trading.venues.simulated.spec import VenueSpec

SILENCE_MAX = 2 * SECOND  # a local client that says nothing for this long has its orders cancelled


class ConfigError(ValueError):
    """venues.json cannot be used; the text says where and what to do."""


class Recorded(msgspec.Struct, frozen=True, tag_field="kind", tag="recorded"):
    """A user's own recording (CSV or Parquet, also .gz and .zip); see recordings.py for the column mapping."""

    path: str
    layout: str = ""  # a named mapping of layouts.toml; `columns` and the other fields override it
    columns: dict[str, str | list[str]] = {}  # field -> column name, or number without a header
    time_zone: str = ""
    time_unit: str = ""  # text | ns | us | ms | s
    time_origin: str = ""  # epoch, or the date (YYYY-MM-DD) whose midnight is zero
    has_header: bool | None = None
    member: str = ""  # file inside a .zip
    where: dict[str, str] = {}  # keep only rows with these values, e.g. one contract
    time_format: str = ""  # of time_unit text, as in strptime; ISO 8601 when empty
    time_shift_ms: int = 0  # added to every time: a bar is known when it ends
    bad_rows: str = "refuse"  # refuse | skip
    lots_when_missing: int = 10  # stated size where the recording has none
    gap_max_s: float = 5.0  # a live replay shortens longer gaps (breaks) to this


class GeneratedFrom(msgspec.Struct, frozen=True, tag_field="kind", tag="generated_from"):
    """The other side of `source` by the stated model; `fx` is the code of the FX instrument."""

    source: str
    fx: str = ""
    model: str = ""
    parity: Parity | None = None  # overrides the model's
    seed: int = 0


class Generated(msgspec.Struct, frozen=True, tag_field="kind", tag="generated"):
    seed: int = 0
    model: str = ""


Input = Recorded | GeneratedFrom | Generated


class ListedInstrument(Instrument, frozen=True):
    """An instrument and the input of its book."""

    input: Input = Generated()


class VenueEntry(msgspec.Struct, frozen=True):
    name: str
    face: str  # local | fix
    port: int
    instruments: tuple[ListedInstrument, ...]
    host: str = "127.0.0.1"
    sender_comp_id: str = ""  # the venue's own comp id
    target_comp_id: str = ""  # the client's
    heartbeat_s: int = 10
    username: str = ""
    password_env: str = ""
    account: str = ""
    desk: str = ""  # of a FIX client; by default the only desk of journal_dirs
    latency_ms: int = 2  # order to report and back, half each way
    latency_jitter_ms: int = 0
    message_rate_per_s: int = 1000
    cancel_on_disconnect: str = "none"  # cancel | hold | none
    closes_today_separately: bool = False
    enforces_sessions: bool = False
    account_lots_max: int | None = None
    seed: int = 1


class VenuesFile(msgspec.Struct, frozen=True):
    control_socket: str
    record_dir: str
    venues: tuple[VenueEntry, ...]
    journal_dirs: dict[str, str] = {}
    speed: float = 1.0


def load(path: Path) -> VenuesFile:
    """Read venues.json; raises ConfigError with the file, the place and the reason."""
    try:
        config = msgspec.json.decode(path.read_bytes(), type=VenuesFile)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `manage.py apply` writes it") from None
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error
    _check(config, path)
    return config


def _check(config: VenuesFile, path: Path) -> None:
    codes = [instrument.code for venue in config.venues for instrument in venue.instruments]
    for code in codes:
        if codes.count(code) > 1:
            raise ConfigError(f"{path}: instrument {code} is listed twice")
    ports = [(venue.host, venue.port) for venue in config.venues if venue.port]
    for venue in config.venues:
        if venue.face not in ("local", "fix"):
            raise ConfigError(f"{path}: venue {venue.name}: face must be local or fix, not {venue.face!r}")
        if venue.face == "fix" and not (venue.sender_comp_id and venue.target_comp_id):
            raise ConfigError(f"{path}: venue {venue.name} speaks FIX and needs sender_comp_id and target_comp_id")
        if ports.count((venue.host, venue.port)) > 1:
            raise ConfigError(f"{path}: port {venue.port} is used by two venues")
        for instrument in venue.instruments:
            source = getattr(instrument.input, "source", None)
            if source is not None and source not in codes:
                raise ConfigError(f"{path}: {instrument.code} is generated from {source}, which no venue lists")


def spec_of(venue: VenueEntry, run: int) -> VenueSpec:
    """Return the exchange's rules for a configured venue."""
    is_local = venue.face == "local"
    return VenueSpec(
        name=venue.name,
        instruments=venue.instruments,
        latency_in=venue.latency_ms * MILLI // 2,
        latency_out=venue.latency_ms * MILLI // 2,
        latency_jitter=venue.latency_jitter_ms * MILLI,
        silence_max=SILENCE_MAX if is_local else None,
        cancels_on_disconnect=venue.cancel_on_disconnect == "cancel",
        message_rate_per_s=venue.message_rate_per_s,
        closes_today_separately=venue.closes_today_separately,
        tracks_offsets=is_local,
        one_trade_id_per_match=is_local,
        publishes_every_change=not is_local,
        enforces_sessions=venue.enforces_sessions,
        account_lots_max=venue.account_lots_max,
        run=run,
    )
