"""Who gets what of something short: priority, then edge, then pro rata by the largest remainder."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.core.allocation import Grant, Wish, largest_shares, pro_rata, ranked, shares_of


def wish(program, priority=100, edge=10, units=4):
    return Wish(program, priority, Fraction(edge), units)


def names(groups):
    return [[one.program for one in group] for group in groups]


def test_the_lower_priority_number_is_served_first_whatever_the_edge():
    assert names(ranked([wish("B", 100, 90), wish("A", 200, 999), wish("C", 10, 1)])) == [["C"], ["B"], ["A"]]


def test_at_equal_priority_the_higher_edge_is_served_first():
    assert names(ranked([wish("A", edge=10), wish("B", edge=30), wish("C", edge=20)])) == [["B"], ["C"], ["A"]]


def test_equal_rank_stands_together_in_the_order_of_names():
    assert names(ranked([wish("Z"), wish("A"), wish("M", edge=11)])) == [["M"], ["A", "Z"]]


@pytest.mark.parametrize(
    ("total", "wanted", "granted"),
    [
        (10, {"A": 4, "B": 4}, {"A": 4, "B": 4}),
        (4, {"A": 4, "B": 4}, {"A": 2, "B": 2}),
        (5, {"A": 4, "B": 4}, {"A": 3, "B": 2}),  # equal remainders: in the order of names
        (7, {"A": 5, "B": 3, "C": 2}, {"A": 4, "B": 2, "C": 1}),  # 3.5, 2.1, 1.4
        (1, {"A": 1, "B": 9}, {"A": 0, "B": 1}),
        (0, {"A": 1, "B": 9}, {"A": 0, "B": 0}),
    ],
)
def test_shares_follow_the_largest_remainder(total, wanted, granted):
    assert pro_rata(total, wanted) == granted


@given(st.integers(0, 60), st.dictionaries(st.sampled_from("ABCDEFG"), st.integers(1, 12), min_size=1))
def test_shares_add_up_and_nobody_is_a_whole_unit_off_its_part(total, wanted):
    granted, whole = pro_rata(total, wanted), sum(wanted.values())

    assert sum(granted.values()) == min(total, whole)
    for name, units in wanted.items():
        assert 0 <= granted[name] <= units
        assert abs(granted[name] - Fraction(min(total, whole) * units, whole)) < 1


def test_the_largest_total_that_fits_is_shared():
    asked = []

    def fits(shares):
        asked.append(sum(shares.values()))
        return sum(shares.values()) <= 5

    assert largest_shares({"A": 4, "B": 4}, fits) == {"A": 3, "B": 2}
    assert asked == [8, 7, 6, 5]
    assert largest_shares({"A": 4}, lambda shares: False) == {"A": 0}


def test_the_receipt_says_who_got_what_and_by_which_rule():
    first, better, equal, other = wish("A", 10), wish("B", 20, 50), wish("C", 20, 10), wish("D", 20, 10)
    shares = shares_of(
        [Grant(first, 4), Grant(better, 3, "depth"), Grant(equal, 1, "headroom"), Grant(other, 0, "depth")]
    )

    assert [(share.program, share.wanted_units, share.granted_units, share.reason) for share in shares] == [
        ("A", 4, 4, "priority"),
        ("B", 4, 3, "edge, short of depth"),
        ("C", 4, 1, "pro rata, short of headroom"),
        ("D", 4, 0, "pro rata, short of depth"),
    ]
