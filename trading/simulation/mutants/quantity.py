"""Mistakes about how much is traded, on which contract, and who gets it; each is noticed by a story of its own."""

from fractions import Fraction
from typing import Any

from trading.core import alignment, entry, ratio, repair_case, residual, routing, view
from trading.core.terms import Terms
from trading.engine import allocation
from trading.engine.roster import Roster
from trading.simulation import quantities as story
from trading.simulation.mutants import mutant


@mutant(specification=story.the_vat_neutral_unit_is_22_to_5)
def rounds_the_ratio_to_whole_lots(put: Any) -> None:
    put(ratio, "simplest_between", lambda low, high: Fraction(round((low + high) / 2)))


@mutant(specification=story.ten_units_leave_ten_times_what_one_leaves)
def rounds_what_whole_units_leave(put: Any) -> None:
    put(residual, "unit_residual", lambda *facts: Fraction(round(alignment.unit_residual(*facts), 1)))


@mutant(specification=story.a_reopened_execution_leaves_nothing_until_it_ends_again)
def counts_a_reopened_residual_twice(put: Any) -> None:
    put(residual.Residual, "take_out", lambda self, case: None)


@mutant(specification=story.an_entry_stays_inside_the_residual_budget)
def spends_more_residual_than_the_budget(put: Any) -> None:
    put(entry, "residual_room", lambda program, view: None)


@mutant(specification=story.an_entry_is_a_multiple_on_both_legs)
def ignores_the_multiple(put: Any) -> None:
    put(alignment, "multiple_on", lambda instrument, day: 1)


@mutant(specification=story.a_repair_aims_only_at_lots_the_venue_takes)
def repairs_in_lots_that_no_venue_takes(put: Any) -> None:
    put(repair_case, "misfit", lambda instrument, lots, day: "")


@mutant(specification=story.nothing_is_entered_that_the_delivery_month_keeps)
def forgets_that_the_delivery_month_is_near(put: Any) -> None:
    put(view, "ROLLBACK_WITHIN", 0)


@mutant(specification=story.each_leg_has_the_ratio_of_its_route)
def sizes_a_route_on_the_ratio_of_another(put: Any) -> None:
    put(Terms, "pair_on", lambda self, route: self.pair)


@mutant(specification=story.the_route_that_earns_more_is_taken)
def takes_the_first_route_that_holds(put: Any) -> None:
    offers = routing._offers
    put(routing, "_offers", lambda *facts: sorted(offers(*facts), key=lambda offer: offer.view.route))


@mutant(specification=story.the_rest_of_a_clip_stands_behind_its_first_part)
def splits_a_clip_on_the_same_depth(put: Any) -> None:
    put(routing, "_stand_behind", lambda ahead, view, units: None)


@mutant(specification=story.nothing_of_a_split_clip_follows_later)
def goes_on_splitting_in_a_later_turn(put: Any) -> None:
    put(routing, "split_cases", lambda program, now: [case for case in program.state.open if case.is_split])


@mutant(specification=story.depth_is_not_offered_twice)
def gives_depth_twice(put: Any) -> None:
    put(Roster, "take", lambda self, program, decided: None)


@mutant(specification=story.a_new_quote_is_whole_again)
def keeps_depth_taken_for_ever(put: Any) -> None:
    show = view.Cell.show

    def forgetful(self: Any, quote: Any) -> None:
        taken = self.taken
        show(self, quote)
        self.taken = taken

    put(view.Cell, "show", forgetful)


@mutant(specification=story.the_more_important_program_is_served_first)
def serves_in_the_order_of_edge_alone(put: Any) -> None:
    ranked = allocation.ranked
    put(allocation, "ranked", lambda wishes: sorted(ranked(wishes), key=lambda equals: -equals[0].edge))


@mutant(specification=story.equals_share_pro_rata)
def gives_all_to_the_first_of_equals(put: Any) -> None:
    put(allocation, "ranked", lambda wishes: [[wish] for wish in sorted(wishes, key=lambda wish: wish.program)])
