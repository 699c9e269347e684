"""Other contracts for a leg: an execution stays on the route it was entered on, with that route's ratio and books."""

import msgspec
import pytest

from tests.core.rig import CA, CU, FX, HG, START, Decimal, Rig, quote
from trading.core import events as e
from trading.core.measure import BadTerms
from trading.core.program import HedgeProgram
from trading.core.terms import LegRole
from trading.simulation.copper import CU_CA, CU_HG, INSTRUMENTS, REPLY_TIMES, copper_terms


def two_routes(**changes):
    """Sell domestic copper against LME copper or, as the other route, against COMEX copper."""
    times = dict.fromkeys(("SHFE", "LME", "CME"), REPLY_TIMES)
    return msgspec.structs.replace(copper_terms(), routes=(CU_HG,), reply_times=times, **changes)


def test_a_program_looks_at_the_books_of_all_its_routes():
    program = HedgeProgram(two_routes(), INSTRUMENTS)

    assert program.views[0] is program
    assert [view.codes for view in program.views] == [(CU.code, CA.code, FX.code), (CU.code, HG.code, FX.code)]
    assert program.watched == (CU.code, CA.code, FX.code, HG.code)
    assert program.state.venues == ("SHFE", "LME", "CME")


def test_each_route_converts_with_its_own_parity():
    program = HedgeProgram(two_routes(), INSTRUMENTS)
    for instrument, bid, ask in ((CU, "79490", "79500"), (CA, "9799.5", "9800"), (FX, "7.0990", "7.1010")):
        program.see(quote(instrument, bid, ask, START), START)
    program.see(quote(HG, "4.4510", "4.4515", START), START)

    assert program.views[0].shown_value(1) == Decimal("172.0782")
    parity = (Decimal("4.4515") + Decimal("0.03")) * Decimal("2204.6226") * Decimal("1.13") * Decimal("7.1010") + 200
    assert abs(program.views[1].shown_value(1) - (79490 - parity)) < Decimal("0.000001")


def test_an_execution_keeps_the_ratio_of_its_route():
    rig = Rig(two_routes())
    orders = (
        rig.program.intent("1-00", 0, rig.program.sides[0], 18, 7949, view=rig.program.views[1]),
        rig.program.intent("1-10", 1, rig.program.sides[1], 8, 8903, view=rig.program.views[1]),
    )
    quotes = (quote(CU, "79490", "79500", START), quote(HG, "4.4510", "4.4515", START))
    rig.tell(e.OrdersDecided("X-20270115-CU-SELL-000001", e.Purpose.ENTRY, orders, quotes, route=1))

    [case] = rig.program.state.open
    assert (case.route, case.ratio_lots, case.units) == (1, (9, 4), 2)
    assert rig.program.view_of(case) is rig.program.views[1]
    assert [order.intent.instrument for order in case.orders] == [CU.code, HG.code]
    assert [order.intent.venue for order in case.orders] == ["SHFE", "CME"]


def test_a_route_with_its_legs_the_wrong_way_round_is_refused():
    swapped = msgspec.structs.replace(CU_HG, legs=CU_HG.legs[::-1])

    with pytest.raises(BadTerms, match="domestic leg and then a foreign one"):
        HedgeProgram(msgspec.structs.replace(two_routes(), routes=(swapped,)), INSTRUMENTS)


def test_terms_tell_the_pair_of_a_route():
    terms = two_routes()

    assert (terms.pair_on(0), terms.pair_on(1)) == (CU_CA, CU_HG)
    assert terms.pair_on(1).legs[1].role is LegRole.FOREIGN
