"""Reject codes of CTP and FIX, and that both simulated venues mean the same by them."""

import pytest

from trading.core.events import OrderRejected, RejectClass
from trading.venues import ctp_rejects
from trading.venues.fix import rejects
from trading.venues.local import codec
from trading.venues.simulated.fix_reports import OTHER_REASON, REJECT_REASONS
from trading.venues.simulated.messages import RejectCode


@pytest.mark.parametrize(
    ("error_id", "reject_class"),
    [(17, RejectClass.CLOSED), (22, RejectClass.DUPLICATE), (28, RejectClass.PERMISSION), (31, RejectClass.MARGIN),
     (30, RejectClass.OFFSET), (50, RejectClass.OFFSET), (51, RejectClass.OFFSET), (116, RejectClass.THROTTLE),
     (-3, RejectClass.THROTTLE), (42, RejectClass.PERMISSION), (99_999, RejectClass.OTHER)],
)  # fmt: skip
def test_an_error_of_ctp_says_what_it_asks_for(error_id: int, reject_class: RejectClass) -> None:
    assert ctp_rejects.of_error(error_id) is reject_class


@pytest.mark.parametrize(
    ("words", "reject_class"),
    [("已撤单报单被拒绝SHFE:价格跌破跌停板", RejectClass.PRICE), ("SHFE:平今仓位不足", RejectClass.OFFSET),
     ("INE:资金不足", RejectClass.MARGIN), ("DCE:当前状态禁止此项操作", RejectClass.CLOSED),
     ("CTP:报单过于频繁", RejectClass.THROTTLE), ("CFFEX:客户没有交易权限", RejectClass.PERMISSION),
     ("something new", RejectClass.OTHER)],
)  # fmt: skip
def test_an_exchange_behind_ctp_says_it_in_words_only(words: str, reject_class: RejectClass) -> None:
    assert ctp_rejects.of_status(words) is reject_class


def test_a_gateway_may_pass_ctp_codes_on_and_an_unknown_one_is_kept() -> None:
    told = codec.report(codec.Rejected("D1-1", "31", "CTP:资金不足"))
    unknown = codec.report(codec.Rejected("D1-2", "777", "what is this"))

    assert isinstance(told, OrderRejected) and told.reject_class is RejectClass.MARGIN
    assert isinstance(unknown, OrderRejected)
    assert (unknown.reject_class, unknown.code, unknown.text) == (RejectClass.OTHER, "777", "what is this")


@pytest.mark.parametrize(
    ("reason", "text", "reject_class"),
    [(3, "", RejectClass.MARGIN), (1, "", RejectClass.PERMISSION), (4, "", RejectClass.CLOSED),
     (99, "Order price outside band", RejectClass.PRICE), (99, "market is locked limit", RejectClass.LIMIT_LOCKED),
     (0, "Instrument suspended", RejectClass.CLOSED), (None, "", RejectClass.OTHER), (77, "", RejectClass.OTHER)],
)  # fmt: skip
def test_a_fix_reject_is_read_from_its_words_and_then_its_number(
    reason: int | None, text: str, reject_class: RejectClass
) -> None:
    assert rejects.of_order(reason, text) is reject_class


@pytest.mark.parametrize(
    ("reason", "reject_class"),
    [(4, RejectClass.CLOSED), (6, RejectClass.PERMISSION), (2, RejectClass.PERMISSION), (5, RejectClass.OTHER)],
)
def test_a_business_reject_of_an_order_asks_for_something_too(reason: int, reject_class: RejectClass) -> None:
    assert rejects.of_business(reason, "") is reject_class


OF_CANCELS = (RejectCode.UNKNOWN_ORDER, RejectCode.TOO_LATE)


@pytest.mark.parametrize("code", [code for code in RejectCode if code not in OF_CANCELS])
def test_both_simulated_venues_mean_the_same(code: RejectCode) -> None:
    local = codec.report(codec.Rejected("D1-1", code.value, ""))
    fix = rejects.of_order(REJECT_REASONS.get(code, OTHER_REASON), f"{code.value}: ")

    assert isinstance(local, OrderRejected)
    assert local.reject_class is fix
