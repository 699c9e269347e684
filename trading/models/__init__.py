"""Tables of the trading app. Rules that need more than one row live in services."""

from trading.models.commands import Command
from trading.models.executions import ChildOrder, Execution, Fill, JournalCursor, Position
from trading.models.markets import (
    Connection,
    Desk,
    FeeSchedule,
    Instrument,
    MarketInput,
    PriceLimitRule,
    SessionRule,
    Venue,
)
from trading.models.programs import HedgeProgram, Pair, PairLeg, ParityRule, ProgramRevision, ProgramState

__all__ = [
    "ChildOrder",
    "Command",
    "Connection",
    "Desk",
    "Execution",
    "FeeSchedule",
    "Fill",
    "HedgeProgram",
    "Instrument",
    "JournalCursor",
    "MarketInput",
    "Pair",
    "PairLeg",
    "ParityRule",
    "Position",
    "PriceLimitRule",
    "ProgramRevision",
    "ProgramState",
    "SessionRule",
    "Venue",
]
