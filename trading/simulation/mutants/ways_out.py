"""Mistakes about which way out is taken, what it costs, and what a reject or a locked market means."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from trading.core import execution, rejects, repair, repair_case, repair_view, state
from trading.core.events import RejectClass, TimeInForce
from trading.core.rejects import RejectAction
from trading.core.repair import Way
from trading.simulation import stories
from trading.simulation.mutants import mutant


@mutant(specification=stories.closing_today_costs_its_own_fee)
def forgets_the_fee_for_closing_today(put: Any) -> None:
    def as_yesterday(children: Any, fee: Any, turnover_per_lot: Fraction) -> Fraction:
        lots = sum(child.lots for child in children)
        return lots * (abs(turnover_per_lot) * Fraction(fee.close_rate) + Fraction(fee.close_per_lot))

    put(repair, "fees", as_yesterday)


@mutant(specification=stories.the_cheapest_way_is_taken)
def takes_the_dearer_way(put: Any) -> None:
    def dearest(candidates: Sequence[Way], limits: Any) -> Way | None:
        possible = [way for way in candidates if way.option.cost is not None and not way.option.reason]
        return max(possible, key=lambda way: way.option.cost or 0, default=None)

    put(repair_case, "choose", dearest)


@mutant(specification=stories.no_way_costs_more_than_the_budget)
def ignores_the_cost_budget(put: Any) -> None:
    put(repair, "_limit_reached", lambda moves, cost, limits: "")


@mutant(specification=stories.a_fatal_reject_is_not_tried_again)
def retries_a_fatal_reject(put: Any) -> None:
    put(rejects.ACTIONS, RejectClass.PERMISSION, RejectAction.FIX_AND_RETRY)


@mutant(specification=stories.no_margin_means_nothing_more_is_opened)
def opens_more_without_margin(put: Any) -> None:
    obstacle = rejects.Refusals.obstacle

    def hopeful(self: Any, instrument: str, venue: str, side: Any, *, opens: bool) -> str:
        return obstacle(self, instrument, "", side, opens=opens)

    put(rejects.Refusals, "obstacle", hopeful)


@mutant(specification=stories.a_throttled_order_leaves_a_moment_later)
def does_not_back_off_when_throttled(put: Any) -> None:
    put(rejects, "RETRY_AFTER", 0)


@mutant(specification=stories.a_locked_market_is_priced_from_its_limit)
def prices_a_locked_market_from_its_empty_side(put: Any) -> None:
    put(repair_view.Market, "limit_ticks", lambda self, side: self.payup_ticks)


@mutant(specification=stories.one_order_queues_and_one_person_is_called)
def calls_a_queued_order_back_with_every_tick(put: Any) -> None:
    put(repair_case, "CHEAPER_BY", Fraction(99))


@mutant
def queues_twice(put: Any) -> None:
    def is_live(self: Any) -> bool:
        return any(order.is_live and order.intent.time_in_force is not TimeInForce.DAY for order in self.orders)

    put(execution.Execution, "is_live", property(is_live))


@mutant(specification=stories.a_case_that_holds_calls_one_person)
def calls_a_person_with_every_tick(put: Any) -> None:
    def loud(self: Any, case: Any, rule: str) -> Any:
        return [self.alert(rule, "P1", case.id)]

    put(state.ProgramState, "_tell", loud)


@mutant(specification=stories.too_much_naked_is_not_waited_for)
def waits_however_much_is_naked(put: Any) -> None:
    put(repair_case.Repairs, "_is_too_much", lambda self, case: False)


@mutant(specification=stories.part_of_a_stand_in_hedges_nothing)
def rounds_a_stand_in_up(put: Any) -> None:
    put(execution, "hedged_by", lambda held, proxy: -(-held // proxy.lots) * proxy.replaces_lots)


@mutant(specification=stories.a_stray_part_of_a_stand_in_is_traded_back)
def forgets_a_stray_part_of_a_stand_in(put: Any) -> None:
    put(execution.Execution, "is_naked", property(lambda self: any(self.naked)))
