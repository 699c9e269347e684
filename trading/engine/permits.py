"""What the desk lets a program do now: nothing, repairs only, or entries too."""

from typing import TYPE_CHECKING

from trading.core.program import HedgeProgram, Permit
from trading.engine import foreign
from trading.engine.position_duty import is_broken
from trading.engine.recovery import DeskState

if TYPE_CHECKING:
    from trading.engine.desk import Desk


def permit_of(desk: "Desk", program: HedgeProgram) -> Permit:
    """Return the permit, and mark each route of the program by whether its venues have told all they know.

    A route out of step is not taken; the others may go on without it.
    """
    for view in program.views:
        view.is_in_step = all(desk.reconciliation.is_in_step(venue) for venue in view.venues)
    if desk.reconciliation.state is not DeskState.RECONCILED or desk.lease == "lost":
        return Permit.NOTHING
    is_in_step = any(view.is_in_step for view in program.views)
    if desk.lease == "late" or foreign.blocks_entries(desk) or is_broken(desk, program) or not is_in_step:
        return Permit.REPAIRS
    return Permit.ENTRIES
