"""Which limit holds when several could."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from risk.limits import LABELS, Limit, LimitKind, LimitSet
from tests.risk.orders import LME, PAIR, SHFE, limit

scopes = st.builds(
    Limit,
    kind=st.just(LimitKind.ORDER_LOTS_MAX),
    hard=st.integers(1, 1000).map(Decimal),
    scope_venue=st.sampled_from(["", "SHFE", "LME"]),
    scope_instrument=st.sampled_from(["", SHFE, LME]),
    scope_pair=st.sampled_from(["", PAIR, "CU-SHFE-CME"]),
)


@given(st.lists(scopes, max_size=12))
def test_the_effective_limit_is_the_tightest_over_all_scopes_that_match(limits: list[Limit]) -> None:
    found = LimitSet.of(1, limits).effective(LimitKind.ORDER_LOTS_MAX, venue="SHFE", instrument=SHFE, pair=PAIR)

    matching = [
        item.hard
        for item in limits
        if item.scope_venue in ("", "SHFE") and item.scope_instrument in ("", SHFE) and item.scope_pair in ("", PAIR)
    ]
    assert (found.hard if found else None) == (min(matching) if matching else None)


def test_the_tightest_floor_is_the_highest() -> None:
    limits = LimitSet.of(
        1, [limit(LimitKind.FILL_RATE_MIN, "0.5"), limit(LimitKind.FILL_RATE_MIN, "0.8", scope_venue="SHFE")]
    )

    found = limits.effective(LimitKind.FILL_RATE_MIN, venue="SHFE")

    assert found is not None and found.hard == Decimal("0.8")


def test_a_limit_of_one_pair_does_not_hold_for_a_question_without_a_pair() -> None:
    limits = LimitSet.of(1, [limit(LimitKind.MESSAGE_RATE_MAX, "5", scope_pair=PAIR)])

    assert limits.effective(LimitKind.MESSAGE_RATE_MAX, venue="SHFE") is None


@given(st.lists(scopes, max_size=6), st.randoms(use_true_random=False))
def test_the_hash_names_the_limits_whatever_their_order(limits: list[Limit], random) -> None:
    shuffled = list(limits)
    random.shuffle(shuffled)

    assert LimitSet.of(1, limits).hash == LimitSet.of(2, shuffled).hash
    changed = [*limits, limit(LimitKind.ORDER_LOTS_MAX, "1001")]
    assert LimitSet.of(1, changed).hash != LimitSet.of(1, limits).hash


def test_limits_survive_the_wire_with_figures_as_strings() -> None:
    limits = LimitSet.of(3, [limit(LimitKind.PRICE_COLLAR_RATE, "0.0150", scope_venue="SHFE")])

    encoded = msgspec.json.encode(limits)

    assert b'"hard":"0.0150"' in encoded
    assert msgspec.json.decode(encoded, type=LimitSet) == limits


def test_every_kind_has_a_unit_and_a_name_in_both_languages() -> None:
    for kind in LimitKind:
        assert kind.unit and kind.label_key == f"limit.{kind.value}"
        english, chinese = LABELS[kind]
        assert english.isascii() and not chinese.isascii()
