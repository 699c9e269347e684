"""The gate under any sequence of proposals, fills, cancels and limit changes: no limit is ever passed."""

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from risk.gate import Approved, Counters, PositionRange, RefusalCode, Refused, TradingMode, review
from risk.limits import REQUIRED_KINDS, Limit, LimitKind, LimitSet
from tests.risk.orders import ALL_LIMITS, LME, PAIR, SHFE, Order, Orders

VENUES = {SHFE: "SHFE", LME: "LME"}
MAY_STOP_A_REPAIR = (RefusalCode.HALTED, RefusalCode.PRICE_COLLAR, RefusalCode.NO_REFERENCE, RefusalCode.NO_LIMIT)
NOW = 1_700_000_000_000_000_000
REFERENCE = Decimal("79470")


class GateMachine(RuleBasedStateMachine):
    """A desk that keeps its own books and asks before every send. `working` holds (instrument, signed lots)."""

    @initialize()
    def open_the_desk(self) -> None:
        self.held = {limit.kind: limit for limit in ALL_LIMITS}
        self.mode = TradingMode.NORMAL
        self.position = {SHFE: 0, LME: 0}
        self.working: list[tuple[str, int]] = []
        self.messages = {"SHFE": 0, "LME": 0}
        self.executions = 0

    def reserved(self, instrument: str, sign: int) -> int:
        return sum(abs(lots) for code, lots in self.working if code == instrument and lots * sign > 0)

    def counters(self) -> Counters:
        ranges = {
            code: PositionRange(held - self.reserved(code, -1), held + self.reserved(code, 1))
            for code, held in self.position.items()
        }
        naked = {(PAIR, code): max(self.reserved(code, 1), self.reserved(code, -1)) for code in VENUES}
        return Counters(self.mode, ranges, naked, dict(self.messages), {PAIR: self.executions})

    def ask(self, *, is_repair: bool, sign: int, lots: dict[str, int], away: Decimal) -> Approved[Orders] | Refused:
        price = REFERENCE * (1 + away)
        orders = tuple(
            Order("X", VENUES[code], code, PAIR, side, size, price, REFERENCE, price * size)
            for (code, size), side in zip(lots.items(), (sign, -sign), strict=False)
        )
        return review(Orders(is_repair, orders), self.counters(), LimitSet.of(1, self.held.values()), NOW)

    @rule(
        sign=st.sampled_from((1, -1)), units=st.integers(1, 3), away=st.sampled_from(("0", "0.009", "0.011", "-0.02"))
    )
    def an_entry(self, sign: int, units: int, away: str) -> None:
        lots = {SHFE: 5 * units, LME: units}
        answer = self.ask(is_repair=False, sign=sign, lots=lots, away=Decimal(away))
        if isinstance(answer, Refused):
            return
        assert self.mode is TradingMode.NORMAL, "an entry passed a halt"
        assert all(kind in self.held for kind in REQUIRED_KINDS), "an entry passed without a required limit"
        assert abs(Decimal(away)) <= self.held[LimitKind.PRICE_COLLAR_RATE].hard
        for (code, size), side in zip(lots.items(), (sign, -sign), strict=True):
            assert size <= self.held[LimitKind.ORDER_LOTS_MAX].hard
            self.working.append((code, side * size))
            self.messages[VENUES[code]] += 1
            self.stays_within(code, side)
        self.executions += 1
        if LimitKind.DAY_EXECUTIONS_MAX in self.held:
            assert self.executions <= self.held[LimitKind.DAY_EXECUTIONS_MAX].hard

    def stays_within(self, code: str, side: int) -> None:
        """Even if everything on this side trades and nothing on the other."""
        worst = side * self.position[code] + self.reserved(code, side)
        assert worst <= self.held[LimitKind.POSITION_LOTS_MAX].hard
        assert self.reserved(code, side) <= self.held[LimitKind.NAKED_LOTS_MAX].hard

    @rule(sign=st.sampled_from((1, -1)), lots=st.integers(1, 60), away=st.sampled_from(("0", "0.009", "0.011")))
    def a_repair(self, sign: int, lots: int, away: str) -> None:
        answer = self.ask(is_repair=True, sign=sign, lots={LME: lots}, away=Decimal(away))
        if isinstance(answer, Refused):
            assert answer.code in MAY_STOP_A_REPAIR, f"a repair was stopped by {answer.code}"
            return
        assert self.mode is not TradingMode.HALTED
        assert abs(Decimal(away)) <= self.held[LimitKind.PRICE_COLLAR_RATE].hard
        self.messages["LME"] += 1

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def an_order_trades(self, data: st.DataObject) -> None:
        code, lots = self.working.pop(data.draw(st.integers(0, len(self.working) - 1)))
        self.position[code] += lots

    @precondition(lambda self: self.working)
    @rule()
    def an_order_is_cancelled(self) -> None:
        """Nobody is asked: a cancel counts as a message and may overdraw the budget."""
        code, _ = self.working.pop()
        self.messages[VENUES[code]] += 1

    @rule()
    def a_second_passes(self) -> None:
        self.messages = dict.fromkeys(self.messages, 0)

    @rule(mode=st.sampled_from(TradingMode))
    def the_mode_changes(self, mode: TradingMode) -> None:
        self.mode = mode

    @rule(kind=st.sampled_from(LimitKind), hard=st.sampled_from(("0", "5", "10", "1000")))
    def a_limit_is_set(self, kind: LimitKind, hard: str) -> None:
        self.held[kind] = Limit(kind, Decimal(hard) / 1000 if kind.unit == "rate" else Decimal(hard))

    @rule(kind=st.sampled_from(LimitKind))
    def a_limit_is_removed(self, kind: LimitKind) -> None:
        self.held.pop(kind, None)

    @invariant()
    def without_a_required_limit_no_entry_passes(self) -> None:
        if all(kind in self.held for kind in REQUIRED_KINDS):
            return
        answer = self.ask(is_repair=False, sign=1, lots={SHFE: 5, LME: 1}, away=Decimal(0))
        assert isinstance(answer, Refused)


TestGateMachine = GateMachine.TestCase
TestGateMachine.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
