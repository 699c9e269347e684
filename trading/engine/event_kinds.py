"""Which facts concern whom: one order, a program alone, or the desk as well."""

from typing import get_args

from trading.core import events as e

ORDER_EVENTS = frozenset((
    e.OrderAccepted, e.OrderRejected, e.OrderFilled, e.OrderClosed, e.CancelRejected, e.OrderStatus, e.OrderNotSent,
    e.FillBusted, e.FillCorrected,
))  # fmt: skip
# What venues list at every start.
TOLD_AGAIN = (e.OrderAccepted, e.OrderFilled, e.OrderClosed, e.OrderStatus, e.FillBusted, e.FillCorrected)
CORE_EVENTS = frozenset(get_args(e.Event))
PROGRAM_ONLY_EVENTS = frozenset((  # the desk itself keeps nothing of them
    e.VenueUp, e.VenueDown, e.CancelDecided, e.QueryDecided, e.OrdersRefused, e.ExecutionEnded, e.Halted,
    e.Disarmed, e.RepairHeld,
))  # fmt: skip
