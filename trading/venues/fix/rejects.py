"""FIX reasons to refuse an order, mapped to what they ask of us. Pure.

OrdRejReason(103), BusinessRejectReason(380) and SessionRejectReason(373) are the lists of FIX 4.4; the reasons above 15
come from FIX 5.0 and are used by venues on 4.4 profiles too. Most venues say "other" (99) and name the cause in
Text(58), so the words are asked first. What is not recognized stays OTHER, with its code and text kept.
"""

from trading.core.events import RejectClass as R

ORDER_REASONS: dict[int, R] = {
    0: R.OTHER,  # broker or exchange option
    1: R.PERMISSION,  # unknown symbol
    2: R.CLOSED,  # exchange closed
    3: R.MARGIN,  # order exceeds limit
    4: R.CLOSED,  # too late to enter
    6: R.DUPLICATE,
    7: R.DUPLICATE,  # of a verbally communicated order
    8: R.PRICE,  # stale order
    10: R.PERMISSION,  # invalid investor
    11: R.PERMISSION,  # unsupported order characteristic
    12: R.PERMISSION,  # surveillance
    13: R.OTHER,  # incorrect quantity
    15: R.PERMISSION,  # unknown account
    16: R.PRICE,  # price exceeds the current band
    18: R.PRICE,  # invalid price increment
    99: R.OTHER,
}
BUSINESS_REASONS: dict[int, R] = {
    0: R.OTHER,
    1: R.OTHER,  # unknown id
    2: R.PERMISSION,  # unknown security
    3: R.PERMISSION,  # unsupported message type
    4: R.CLOSED,  # application not available
    5: R.OTHER,  # a required field is missing
    6: R.PERMISSION,  # not authorized
    7: R.CLOSED,  # the firm to deliver to is not available
    8: R.THROTTLE,  # throttle limit exceeded (FIX 5.0)
}
WORDS: tuple[tuple[str, R], ...] = (
    ("LIMIT_LOCKED", R.LIMIT_LOCKED),
    ("LIMIT LOCKED", R.LIMIT_LOCKED),
    ("LOCKED LIMIT", R.LIMIT_LOCKED),
    ("THROTTLE", R.THROTTLE),
    ("RATE LIMIT", R.THROTTLE),
    ("TOO MANY", R.THROTTLE),
    ("MARGIN", R.MARGIN),
    ("INSUFFICIENT", R.MARGIN),
    ("CREDIT", R.MARGIN),
    ("PERMISSION", R.PERMISSION),
    ("STALE_EPOCH", R.PERMISSION),
    ("NOT AUTHORI", R.PERMISSION),
    ("OFFSET", R.OFFSET),
    ("PRICE", R.PRICE),
    ("TICK", R.PRICE),
    ("HALT", R.CLOSED),
    ("SUSPENDED", R.CLOSED),
    ("CLOSED", R.CLOSED),
    ("DUPLICATE", R.DUPLICATE),
)


def of_order(reason: int | None, text: str) -> R:
    """Return what a rejected order asks for: from its words, which say more, else from OrdRejReason(103)."""
    return _of(text) or ORDER_REASONS.get(99 if reason is None else reason, R.OTHER)


def of_business(reason: int, text: str) -> R:
    """Return what a BusinessMessageReject of an order asks for."""
    return _of(text) or BUSINESS_REASONS.get(reason, R.OTHER)


def _of(text: str) -> R | None:
    words = text.upper()
    return next((found for part, found in WORDS if part in words), None)
