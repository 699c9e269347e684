"""What the positions screen is told: five naked lots never look like nothing."""

from tests.engine.test_positions_compared import CA, CU, LONG, SECOND, SHORT, Compared, e, line
from trading.engine.holdings import holdings


def traded(domestic, foreign):
    """A desk of which so many lots of each leg have filled, compared with venues that say the same."""
    desk = Compared()
    desk.connect()
    desk.reports("SHFE")
    desk.reports("LME")
    desk.arm()
    desk.now += SECOND
    desk.market()
    desk.synced()
    for order, lots in zip(desk.sent, (domestic, foreign), strict=True):
        if lots:
            desk.tell(e.OrderFilled(order.client_order_id, f"F{order.leg}", lots, order.price_ticks, "D1"))
    desk.now += SECOND
    return desk


def shown(desk):
    return holdings(desk.desk, desk.now)


def legs(pair):
    return [(leg["lots"], leg["residual_lots"], leg["residual"]) for leg in pair["legs"]]


def test_five_naked_lots_are_five_naked_lots():
    [pair] = shown(traded(5, 0))["pairs"]

    assert (pair["matched_units"], pair["is_naked"], pair["net_quantity"]) == (0, True, "-25")
    assert [(leg["lots"], leg["residual_lots"], leg["residual"]) for leg in pair["legs"]] == [
        (-5, -5, "-25"),
        (0, 0, "0"),
    ]


def test_matched_units_and_the_rest_beside_them():
    [pair] = shown(traded(8, 2))["pairs"]

    assert pair["matched_units"] == 1
    assert [(leg["lots"], leg["residual_lots"], leg["residual"]) for leg in pair["legs"]] == [
        (-8, -3, "-15"),
        (2, 1, "25"),
    ]


def test_a_whole_hedge_leaves_nothing():
    [pair] = shown(traded(10, 2))["pairs"]

    assert (pair["matched_units"], pair["is_naked"], pair["net_quantity"]) == (2, False, "0")


def test_the_venues_figure_stands_beside_ours_and_a_break_is_marked():
    desk = traded(10, 2)
    for _ in range(2):
        desk.reports("SHFE", line(CU, SHORT, 9))
        desk.now += SECOND
    desk.reports("LME", line(CA, LONG, 2))
    lines = {row["instrument"]: row for row in shown(desk)["lines"]}

    assert lines[CU.code]["short"] == {"today": 10, "yesterday": 0, "frozen": 0}
    assert lines[CU.code]["is_current"]
    assert (lines[CU.code]["venue_lots"], lines[CU.code]["is_broken"]) == ({"long": 0, "short": 9}, True)
    assert (lines[CA.code]["net"], lines[CA.code]["venue_lots"], lines[CA.code]["is_broken"]) == (
        2, {"long": 2, "short": 0}, False,
    )  # fmt: skip


def test_what_only_the_venue_knows_has_a_line_too():
    desk = traded(10, 2)
    desk.reports("SHFE", line(CU, SHORT, 10), e.VenuePosition("SHFE.al2703", LONG, 3, 0))
    lines = {row["instrument"]: row for row in shown(desk)["lines"]}

    assert (lines["SHFE.al2703"]["net"], lines["SHFE.al2703"]["venue_lots"]) == (0, {"long": 3, "short": 0})
