"""Instruments and orders as the adapters' tests use them."""

from decimal import Decimal

from trading.core.events import Offset, OrderIntent, Purpose, TimeInForce
from trading.core.terms import Instrument, QuoteBasis
from trading.core.units import Side
from trading.venues.port import Capabilities, VenueConfig

SHFE_CU = Instrument("SHFE.cu2703", "SHFE", "cu2703", Decimal("10"), Decimal(5), "t", "CNY", QuoteBasis.INCL_VAT)
LME_CA = Instrument("LME.CA-3M", "LME", "CA-3M", Decimal("0.5"), Decimal(25), "t", "USD", QuoteBasis.NONE)


def order(order_id: str, instrument: Instrument = SHFE_CU, *, lots: int = 5, ticks: int = 7947) -> OrderIntent:
    return OrderIntent(
        order_id, instrument.code, instrument.venue, 0, Side.SELL, lots, ticks, TimeInForce.IOC, Purpose.ENTRY,
        Offset.OPEN, 1,
    )  # fmt: skip


def venue_config(instrument: Instrument, port: int) -> VenueConfig:
    return VenueConfig(
        name=instrument.venue,
        kind="fix" if instrument is LME_CA else "local",
        host="127.0.0.1",
        port=port,
        account="demo",
        capabilities=Capabilities(),
        currency=instrument.currency,
        is_simulated=True,
        side="domestic",
        input_kind="generated",
        sender_comp_id="DESK",
        target_comp_id="LMESIM",
    )
