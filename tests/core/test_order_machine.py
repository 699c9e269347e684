"""The order table under any sequence of evidence: its five rules hold whatever the venue says, in whatever order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from trading.core.events import Offset, OrderFilled, OrderIntent, Purpose, TimeInForce
from trading.core.order import LIVE_STATES, Evidence, Order, OrderState
from trading.core.units import MILLI, SECOND, Side

ENDED = (OrderState.SETTLED, OrderState.REJECTED, OrderState.NOT_SENT)
NO_END = (Evidence.SILENT, Evidence.CANCEL_ASKED, Evidence.CANCEL_REJECTED, Evidence.ACCEPTED)
LIFE = (Evidence.ACCEPTED, Evidence.FILLED, Evidence.CLOSED)


class OrderMachine(RuleBasedStateMachine):
    """One order of up to five lots, and a venue that says anything that a venue or a line could make us hear."""

    @initialize(lots=st.integers(1, 5))
    def send(self, lots: int) -> None:
        intent = OrderIntent(
            "D1-1-10", "SHFE.cu2703", "SHFE", 0, Side.BUY, lots, 7947, TimeInForce.IOC, Purpose.ENTRY, Offset.OPEN, 0
        )
        self.now = SECOND
        self.order = Order(intent, "X-1", self.now)
        self.fills: dict[tuple[str, str], int] = {}  # what a careful clerk would have counted
        self.announced = 0

    def hear(self, evidence: Evidence) -> None:
        """Apply evidence and hold the step against the rules."""
        before = self.order.state
        self.now += MILLI
        self.order.apply(evidence, self.now)
        after = self.order.state
        if evidence in NO_END and before in LIVE_STATES and self.order.filled_lots < self.order.intent.lots:
            assert after in LIVE_STATES, f"{evidence.value} ended an order"
        if before is OrderState.PRESUMED_DEAD and evidence in LIFE:
            assert after is not OrderState.PRESUMED_DEAD, "a sign of life did not revive it"
        if evidence is not Evidence.MISSING and before is not OrderState.PRESUMED_DEAD:
            assert after is not OrderState.PRESUMED_DEAD, "presumed dead without being missed"

    @rule(evidence=st.sampled_from([e for e in Evidence if e not in (Evidence.FILLED, Evidence.CLOSED)]))
    def any_word(self, evidence: Evidence) -> None:
        self.hear(evidence)

    @precondition(lambda self: sum(self.fills.values()) < self.order.intent.lots)
    @rule(data=st.data(), day=st.sampled_from(("D1", "D2")))
    def a_new_trade(self, data: st.DataObject, day: str) -> None:
        left = self.order.intent.lots - sum(self.fills.values())
        lots = data.draw(st.integers(1, left))
        fill = OrderFilled("D1-1-10", f"F{len([d for d, _ in self.fills if d == day])}", lots, 7947, day)
        before = self.order.state
        assert self.order.book(fill)
        self.fills[day, fill.fill_id] = lots
        self.hear(Evidence.FILLED)
        if before in ENDED:
            assert self.order.state not in (OrderState.REJECTED, OrderState.NOT_SENT), "a contradiction was overheard"

    @precondition(lambda self: self.fills)
    @rule(data=st.data())
    def a_trade_told_again(self, data: st.DataObject) -> None:
        (day, name), lots = data.draw(st.sampled_from(sorted(self.fills.items())))
        counted = self.order.filled_lots
        assert not self.order.book(OrderFilled("D1-1-10", name, lots, 7947, day))
        assert self.order.filled_lots == counted

    @rule(data=st.data())
    def the_end_with_a_total(self, data: st.DataObject) -> None:
        """A close announces a total; it may be wrong in either direction, as closes before late fills are."""
        total = data.draw(st.integers(0, self.order.intent.lots))
        self.order.announce(total)
        self.announced = max(self.announced, total)
        self.hear(Evidence.CLOSED)

    @invariant()
    def a_fill_counts_once(self) -> None:
        assert self.order.filled_lots == sum(self.fills.values())

    @invariant()
    def settled_means_that_fills_add_up(self) -> None:
        if self.order.state is OrderState.SETTLED:
            assert self.order.filled_lots == self.order.cumulative_lots >= self.announced

    @invariant()
    def what_may_still_trade_stays_in_exposure(self) -> None:
        order = self.order
        if order.state in LIVE_STATES or order.state is OrderState.PRESUMED_DEAD:
            assert order.reserved_lots == order.intent.lots - order.done_lots
        assert 0 <= order.done_lots <= order.intent.lots


TestOrderMachine = OrderMachine.TestCase
TestOrderMachine.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
