"""A copper desk on two simulated venues: SHFE and LME, FX quoted at the LME, ratio 5:1."""

import socket
from decimal import Decimal
from pathlib import Path

import msgspec

from risk.limits import Limit, LimitKind, LimitSet
from trading.core.books import OffsetRule
from trading.core.terms import (
    Comparator,
    Direction,
    ExecutionMode,
    Instrument,
    Leg,
    LegRole,
    Measure,
    Pair,
    Parity,
    QuoteBasis,
    RepairPolicy,
    RepairPreference,
    ReplyTimes,
    Terms,
    Trigger,
)
from trading.core.units import MILLI, SECOND
from trading.engine.config import Capabilities, DeskConfig, VenueConfig

CU = Instrument("SHFE.cu2703", "SHFE", "cu2703", Decimal("10"), Decimal(5), "t", "CNY", QuoteBasis.INCL_VAT)
CA = Instrument("LME.CA-3M", "LME", "CA-3M", Decimal("0.5"), Decimal(25), "t", "USD", QuoteBasis.NONE)
FX = Instrument(
    "FX.USDCNH", "LME", "USDCNH", Decimal("0.0001"), Decimal(1), "point", "CNY", QuoteBasis.NONE, is_pricing_only=True
)
PROGRAM = "CU-SELL"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for one in sockets:
        one.close()
    return ports


def terms(*, revision: int = 1, trigger_value: str = "-1000000", executions_max: int = 1) -> Terms:
    """A program that sells domestic copper as soon as it is armed: its trigger always holds."""
    pair = Pair(
        code="CU-SHFE-LME", project="CU-XMKT-01",
        legs=(Leg(CU.code, LegRole.DOMESTIC, 5), Leg(CA.code, LegRole.FOREIGN, 1)),
        fx_instrument=FX.code,
        parity=Parity(premium=Decimal(100), vat_rate=Decimal("0.13"), misc=Decimal(150)),
        common_unit="CNY/t incl VAT", unit_quantity="25 t",
        leg_age_max=60 * SECOND, leg_skew_max=60 * SECOND, fx_age_max=60 * SECOND,
    )  # fmt: skip
    reply = ReplyTimes(reply_due=300 * MILLI, query_interval=300 * MILLI, presumed_dead=2 * SECOND)
    return Terms(
        program=PROGRAM, revision=revision, pair=pair, direction=Direction.SELL_DOMESTIC,
        trigger=Trigger(Measure.SPREAD, Comparator.AT_LEAST, Decimal(trigger_value)),
        clip_units=1, executions_max=executions_max, cooldown=100 * MILLI, payup=Decimal(20),
        collar_rate=Decimal("0.05"), mode=ExecutionMode.TOGETHER,
        repair=RepairPolicy(RepairPreference.CHEAPEST, 100 * MILLI, 5, Decimal(1_000_000), 30 * SECOND),
        time_to_live=3600 * SECOND, reply_times={"SHFE": reply, "LME": reply},
    )  # fmt: skip


def limits() -> LimitSet:
    hard = {
        LimitKind.ORDER_LOTS_MAX: 50, LimitKind.POSITION_LOTS_MAX: 500, LimitKind.NAKED_LOTS_MAX: 50,
        LimitKind.PRICE_COLLAR_RATE: "0.05",
    }  # fmt: skip
    return LimitSet(1, "0" * 64, tuple(Limit(kind, Decimal(value)) for kind, value in hard.items()))


def venue(name: str, kind: str, port: int) -> VenueConfig:
    return VenueConfig(
        name=name, kind=kind, host="127.0.0.1", port=port, account="demo",
        capabilities=Capabilities(
            cancel_on_disconnect="cancel", supports_fok=True, supports_position_query=True,
            offset_rule=OffsetRule.CLOSE_TODAY_SEPARATE if name == "SHFE" else OffsetRule.NET,
        ),
        currency="CNY" if name == "SHFE" else "USD", is_simulated=True,
        side="domestic" if name == "SHFE" else "foreign", input_kind="generated",
        sender_comp_id="DESK", target_comp_id=f"{name}SIM", heartbeat_s=1,
    )  # type: ignore[arg-type]  # fmt: skip


def desk_config(var: Path, ports: dict[str, int], kinds: dict[str, str], **changes: object) -> DeskConfig:
    """The desk `demo` with everything it writes below `var`."""
    desk = var / "desks" / "demo"
    config = DeskConfig(
        desk="demo", environment="SIM", instruments=(CU, CA, FX),
        venues=tuple(venue(name, kinds[name], port) for name, port in ports.items()),
        programs=(terms(),), limits=limits(), config_hash="c0ffee",
        journal_dir=str(desk / "journal"), control_socket=str(var / "control.sock"),
        stream_socket=str(var / "stream.sock"), kill_file=str(desk / "kill.json"),
        lease_file=str(desk / "lease.lock"), fix_dir=str(desk / "fix"),
    )  # fmt: skip
    return msgspec.structs.replace(config, **changes)
