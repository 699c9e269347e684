"""A program that quotes, driven by hand: the order rests, and tests move the books it leans on."""

from tests.core.rig import CA, CU, SECOND, Rig, quote
from trading.core import events as e
from trading.core.terms import ExecutionMode, LeadChoice, Working
from trading.simulation.copper import SLICING, copper_terms

FAR = ("79400", "79410")  # the books do not pay yet: 82 CNY/t at counter prices, 100 are wanted


def quoting_terms(lead=LeadChoice.FOREIGN, *, slicing=SLICING, requote_ticks=2, messages=60, rest=30, **changes):
    working = Working(lead, requote_ticks, messages, rest * SECOND)
    return copper_terms(mode=ExecutionMode.QUOTE_AND_LEAN, working=working, slicing=slicing, **changes)


def quoted(*args, domestic=FAR, **terms):
    """Return a rig with a quote that rests at the venue, and the order."""
    rig = Rig(quoting_terms(*args, **terms))
    rig.arm()
    rig.market(domestic)
    [order] = rig.orders
    rig.tell(e.OrderAccepted(order.client_order_id, "V1"))
    return rig, order


def reasons(rig):
    return [event.reason for event in rig.decisions if isinstance(event, e.CancelDecided)]


def foreign(rig, bid, ask, **lots):
    rig.see(quote(CA, bid, ask, rig.now, **lots))


def domestic(rig, bid, ask, **lots):
    rig.see(quote(CU, bid, ask, rig.now, **lots))


def moved(rig, domestic_ticks):
    """Let the other leg's bid fall; one tick of 10 CNY/t is worth two to three foreign ticks of 4.01."""
    bid = 79400 - 10 * domestic_ticks
    domestic(rig, str(bid), str(bid + 10))
