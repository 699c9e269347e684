"""The repair decision of one open execution: what each leg looks like now, priced and turned into orders."""

from fractions import Fraction
from typing import TYPE_CHECKING

from trading.core import events as e
from trading.core.execution import Execution
from trading.core.measure import shown
from trading.core.policy import is_fresh, order_price
from trading.core.repair import LegView, Limits, choose, explain, options
from trading.core.terms import Fee, Instrument
from trading.core.units import Lots, Nanos, Side, utc_day
from trading.core.view import FX

if TYPE_CHECKING:
    from trading.core.program import HedgeProgram


def fee_on(instrument: Instrument, day: str) -> Fee | None:
    """Return the fees in force on `day` (YYYYMMDD); dates in the configuration may carry dashes."""
    valid = [fee for fee in instrument.fees if fee.valid_from.replace("-", "") <= day]
    return max(valid, key=lambda fee: fee.valid_from.replace("-", ""), default=None)


class Repairs:
    """Looks at a program's quotes and terms; keeps nothing."""

    def __init__(self, program: "HedgeProgram", closes_today: frozenset[str]) -> None:
        self._program = program
        self._closes_today = closes_today

    def decide(self, case: Execution, now: Nanos) -> e.OrdersDecided | None:
        """Return the orders of the cheapest way out, or None while there is none: the case holds and waits."""
        limits = self._limits(case)
        legs = [self._view(case, leg, now) for leg in range(len(self._program.instruments))]
        candidates = options(legs, case.units, limits)
        chosen = choose(candidates, limits)
        if chosen is None:
            return None
        orders = []
        for leg, signed in enumerate(chosen.lots_by_leg):
            if signed:
                order = self._order(case, leg, signed, now)
                if order is None:
                    return None
                orders.append(order)
        purpose = e.Purpose.TOP_UP if chosen.name == "top_up" else e.Purpose.UNWIND
        quotes = tuple(quote for quote in self._program.quotes if quote is not None)
        return e.OrdersDecided(case.id, purpose, tuple(orders), quotes, options=explain(candidates, chosen))

    def _limits(self, case: Execution) -> Limits:
        policy = self._program.terms.repair
        cost_left = policy.cost_max - shown(case.spent())
        return Limits(case.attempts_left, cost_left, case.mandate == "reduce", case.is_flatten, policy.preference)

    def _view(self, case: Execution, leg: int, now: Nanos) -> LegView:
        program = self._program
        instrument = program.instruments[leg]
        quote, unusable = self._usable(leg, now)
        fx_rate = self._fx_rate(case, leg)
        per_lot = Fraction(instrument.tick) * Fraction(instrument.multiplier)
        return LegView(
            instrument.code, case.entered_sides[leg], case.ratio_lots[leg], case.along[leg], quote, unusable,
            frozenset(side for blocked, side in case.blocked if blocked == leg), case.planned_ticks(leg),
            case.average_ticks(leg), None if fx_rate is None else per_lot * fx_rate, per_lot,
            fx_rate or Fraction(0), fee_on(instrument, utc_day(now)), instrument.venue in self._closes_today,
        )  # fmt: skip

    def _usable(self, leg: int, now: Nanos) -> tuple[e.QuoteSeen | None, str]:
        program = self._program
        if program.instruments[leg].venue not in program.state.up_since:
            return None, "its venue is down"
        quote = program.quotes[leg]
        if quote is None or not is_fresh(quote, now, program.terms.pair.leg_age_max):
            return None, "no fresh quote"
        return quote, ""

    def _fx_rate(self, case: Execution, leg: int) -> Fraction | None:
        """Return domestic money per unit of the leg's currency: the last rate seen is good enough to compare costs."""
        program = self._program
        fx_code = program.terms.pair.fx_instrument
        if fx_code is None or program.instruments[leg].currency == program.instruments[0].currency:
            return Fraction(1)
        ticks = program.counter_ticks[FX] or case.fx_ticks
        return ticks * program.fx_tick if ticks else None

    def _order(self, case: Execution, leg: int, signed: Lots, now: Nanos) -> e.OrderIntent | None:
        program = self._program
        quote = program.quotes[leg]
        assert quote is not None
        side = Side.BUY if signed > 0 else Side.SELL
        role = program.terms.pair.legs[leg].role
        fx = program.counter_ticks[FX] or case.fx_ticks or 1
        price = order_price(quote, side, abs(signed), program.payup.ticks(role, fx, case.attempts), program.collar)
        if price is None:
            return None
        adds = side is case.entered_sides[leg]
        offset = e.Offset.OPEN if adds and not case.is_flatten else self._closing(case, leg)
        purpose = e.Purpose.TOP_UP if adds else e.Purpose.UNWIND
        number = int(case.id.rsplit("-", 1)[1])
        attempt = sum(1 for order in case.orders if order.intent.leg == leg)
        key = f"{number}-{leg}{attempt}"
        return program.intent(key, leg, side, abs(signed), price, purpose, offset, attempt)

    def _closing(self, case: Execution, leg: int) -> e.Offset:
        """Return the offset that closes what this case opened; after an offset reject, the other one."""
        if self._program.instruments[leg].venue not in self._closes_today:
            return e.Offset.CLOSE
        wrong = [o for o in case.orders if o.intent.leg == leg and o.reject_class is e.RejectClass.OFFSET]
        return e.Offset.CLOSE_YESTERDAY if len(wrong) % 2 else e.Offset.CLOSE_TODAY
