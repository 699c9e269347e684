"""What the gate holds a proposal against: positions and naked lots in the worst case, messages, executions."""

from collections import defaultdict, deque
from collections.abc import Sequence

from risk.gate import Counters, TradingMode
from trading.core.program import HedgeProgram, Permit
from trading.core.units import SECOND, Nanos, utc_day
from trading.core.view import MarketView
from trading.engine.positions import Positions, reserving, worst_naked_lots
from trading.engine.roster import Roster


class MessageCount:
    """Orders and cancels sent per venue in the last second."""

    def __init__(self) -> None:
        self._sent_at: defaultdict[str, deque[Nanos]] = defaultdict(deque)

    def note(self, venue: str, now: Nanos) -> None:
        self._sent_at[venue].append(now)

    def in_last_second(self, venue: str, now: Nanos) -> int:
        sent = self._sent_at[venue]
        while sent and sent[0] <= now - SECOND:
            sent.popleft()
        return len(sent)


def counters(
    program: HedgeProgram,
    roster: Roster,
    positions: Positions,
    messages: MessageCount,
    now: Nanos,
    execution: str = "",
    route: MarketView | None = None,
) -> Counters:
    """Return the figures that concern orders on a route of a program, its own unless told.

    A further order of `execution` counts as no new one.
    """
    view = route or program
    pair = view.pair.code
    same_pair = roster.of_pair(pair)
    codes = [*(instrument.code for instrument in view.instruments), *program.state.proxies]
    busy = reserving(same_pair)

    def busy_on(holders: tuple[HedgeProgram, ...]) -> Sequence[HedgeProgram]:
        return busy if holders == same_pair else holders  # a crowd on one pair is looked through once

    day = utc_day(now)
    executions = sum(p.state.executions_today for p in same_pair if p.state.day == day)
    return Counters(
        trading_mode=_trading_mode(program),
        position_lots={code: positions.range_of(code, busy_on(roster.holders(code))) for code in codes},
        naked_lots={(pair, code): worst_naked_lots(code, busy) for code in codes},
        messages_last_second={venue: messages.in_last_second(venue, now) for venue in program.state.heard_venues},
        executions_today={pair: executions - (execution in program.state.executions)},
    )


def _trading_mode(program: HedgeProgram) -> TradingMode:
    if program.permit is Permit.NOTHING:
        return TradingMode.HALTED
    if program.permit is Permit.REPAIRS or program.state.kill_level or program.state.halt_reason:
        return TradingMode.REDUCE_ONLY
    return TradingMode.NORMAL
