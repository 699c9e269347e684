"""CTP's reasons to refuse an order, mapped to what they ask of us. Pure.

Two sources of reasons, never both at once: a request that CTP's own check refuses carries an ErrorID (OnRspOrderInsert,
OnErrRtnOrderInsert); one that the exchange refuses comes back as OnRtnOrder with OrderSubmitStatus '4' and no number,
only words in StatusMsg. `ReqOrderInsert` itself returns -1 to -3 when nothing was sent.

Sources: the numbers are those of `error.xml` in the CTP API package, as listed in the adapter notes (venues.md §3.4,
§3.5, §3.7); the words are the exchanges' own, which no document lists completely, so they are matched by part and what
is not recognized stays OTHER, with its code and text kept.
"""

from trading.core.events import RejectClass as R

ERROR_IDS: dict[int, R] = {
    -1: R.CLOSED,  # network failure: nothing was sent
    -2: R.THROTTLE,  # too many requests pending
    -3: R.THROTTLE,  # too many requests in this second
    3: R.PERMISSION,  # bad login
    6: R.CLOSED,  # not logged in yet
    7: R.CLOSED,  # not initialized
    8: R.CLOSED,  # front not active
    9: R.PERMISSION,  # no privilege
    15: R.OTHER,  # a field is wrong
    16: R.PERMISSION,  # instrument not found
    17: R.CLOSED,  # instrument is not trading
    18: R.PERMISSION,  # not a participant of the exchange
    19: R.PERMISSION,  # investor not active
    20: R.PERMISSION,  # no client code at the exchange
    21: R.CLOSED,  # no trader of the broker is connected
    22: R.DUPLICATE,  # OrderRef used before
    27: R.PERMISSION,  # function not supported
    28: R.PERMISSION,  # no trading right
    29: R.PERMISSION,  # may only close
    30: R.OFFSET,  # closes more than the position
    31: R.MARGIN,  # not enough money
    42: R.PERMISSION,  # settlement not confirmed
    50: R.OFFSET,  # closes more than today's position
    51: R.OFFSET,  # closes more than yesterday's position
    63: R.PERMISSION,  # authentication failed
    64: R.PERMISSION,  # not authenticated
    75: R.PERMISSION,  # login locked
    90: R.THROTTLE,  # not ready, try again
    91: R.OTHER,  # the exchange reports an error
    116: R.THROTTLE,  # order frequency
    131: R.PERMISSION,  # weak password
    140: R.PERMISSION,  # the first login must change the password
}

# Parts of StatusMsg, in the order they are asked; a more telling word comes before a more general one.
STATUS_WORDS: tuple[tuple[str, R], ...] = (
    ("涨停板", R.PRICE),  # above the upper limit price
    ("跌停板", R.PRICE),
    ("涨跌停", R.PRICE),
    ("最小变动", R.PRICE),  # off the tick
    ("最小单位", R.PRICE),
    ("平今", R.OFFSET),
    ("平昨", R.OFFSET),
    ("平仓量", R.OFFSET),
    ("可平", R.OFFSET),
    ("持仓不足", R.OFFSET),
    ("资金不足", R.MARGIN),
    ("保证金", R.MARGIN),
    ("集合竞价", R.CLOSED),  # continuous orders are not taken in the auction
    ("不在交易", R.CLOSED),
    ("非交易", R.CLOSED),
    ("当前状态", R.CLOSED),  # the present state forbids this
    ("暂停", R.CLOSED),
    ("闭市", R.CLOSED),
    ("休市", R.CLOSED),
    ("流控", R.THROTTLE),
    ("频率", R.THROTTLE),
    ("过于频繁", R.THROTTLE),
    ("权限", R.PERMISSION),
    ("只能平仓", R.PERMISSION),
    ("限仓", R.PERMISSION),  # position limit of the client: it will not pass in this case
    ("重复", R.DUPLICATE),
)


def of_error(error_id: int) -> R:
    """Return what CTP's own refusal asks for; an unlisted number is OTHER."""
    return ERROR_IDS.get(error_id, R.OTHER)


def of_status(text: str) -> R:
    """Return what an exchange's refusal asks for, by its words."""
    return next((found for part, found in STATUS_WORDS if part in text), R.OTHER)


def of_code(code: str, text: str) -> R:
    """Return the class of a refusal as a CTP gateway passes it on: a number when CTP gave one, else its words."""
    number = code.strip()
    if number.lstrip("-").isdigit() and int(number) in ERROR_IDS:
        found = ERROR_IDS[int(number)]
        return of_status(text) if found is R.OTHER else found
    return of_status(text)
