"""A stand-in for a leg that cannot be traded: when it is taken, what it costs, and that only whole multiples count."""

import msgspec

from tests.core.rig import CA, CU, HG, SECOND, Decimal, Rig, entered, quote
from trading.core import events as e
from trading.core.events import Offset, Purpose, RejectClass
from trading.core.terms import Proxy, RepairPreference
from trading.core.units import Side
from trading.simulation.copper import CU_NEXT, REPAIR, copper_terms

NEXT_MONTH = Proxy(CU_NEXT.code, CU.code, 1, 1)
COMEX = Proxy(HG.code, CA.code, 11, 5)  # 11 HG for 5 CA leave 0.21 % (domain.md §7.2)


def terms_with(units: int = 2, proxy: Proxy = NEXT_MONTH, **changes: object):
    return copper_terms(clip_units=units, repair=msgspec.structs.replace(REPAIR, proxies=(proxy,), **changes))


def shanghai_halts(terms, *, next_month: bool = True, london: str = "9798") -> Rig:
    """Return a case whose London leg is filled while Shanghai's contract halts."""
    rig, domestic, foreign = entered(terms)
    rig.see(msgspec.structs.replace(quote(CU, "79490", "79500", rig.now), is_trading=False))
    rig.see(quote(CA, london, "9800", rig.now))
    if next_month:
        rig.see(quote(CU_NEXT, "79550", "79560", rig.now))
    rig.fill(foreign)
    rig.reject(domestic, RejectClass.CLOSED)
    return rig


def test_the_next_month_stands_in_because_london_would_cost_more_to_sell_back():
    rig = shanghai_halts(terms_with())
    options = rig.last_options()
    [order] = rig.orders[2:]

    # Its spread of 10 on 50 t is 500, opening at 79550 is 198.875, closing one day at the dearer rate 397.75.
    assert (options["proxy:2"].cost, options["proxy:2"].reason) == (Decimal("1096.62"), "chosen")
    # London back: 9802.5 - 9798 = 4.5 USD/t on 2 lots.
    assert options["unwind:0"].cost == Decimal("1597.72")
    assert (order.instrument, order.venue, order.leg, order.side, order.lots) == (
        CU_NEXT.code,
        "SHFE",
        0,
        Side.SELL,
        10,
    )
    assert (order.purpose, order.offset) == (Purpose.PROXY, Offset.OPEN)
    assert order.price_ticks == 7955 - 2  # its own bid less the payup


def test_what_stands_in_is_hedged_and_a_person_is_told_to_swap_it():
    rig = shanghai_halts(terms_with())
    rig.fill(rig.orders[-1])
    [told] = [alert for alert in rig.alerts if alert.rule == "execution_proxied"]

    assert (rig.outcome, rig.naked) == ("proxied", (0, 0))
    assert (told.severity, told.values["proxy"]) == ("P2", "SHFE.cu2704 -10")


def test_a_proxy_is_no_way_out_while_the_legs_own_market_trades():
    rig, domestic, foreign = entered(terms_with())
    rig.see(quote(CU_NEXT, "79990", "79990", rig.now))
    rig.fill(foreign)
    rig.reject(domestic)

    assert rig.last_options()["proxy:-1"].reason == "the legs' own markets can be traded"
    assert rig.orders[-1].instrument == CU.code


def test_a_proxy_needs_a_fresh_book_of_its_own():
    rig = shanghai_halts(terms_with(preference=RepairPreference.TOP_UP_FIRST), next_month=False)

    assert rig.last_options()["proxy:2"].reason == "SHFE.cu2704: no fresh quote"
    assert rig.orders[-1].purpose is Purpose.UNWIND


def london_is_down() -> Rig:
    """Return 25 cu sold and no CA bought, because the line to London dropped after its reject."""
    rig, domestic, foreign = entered(terms_with(5, COMEX, preference=RepairPreference.TOP_UP_FIRST))
    rig.see(quote(HG, "4.4510", "4.4515", rig.now))
    rig.reject(foreign, RejectClass.PRICE)
    rig.tell(e.VenueDown("LME", "dropped"))
    rig.fill(domestic)
    return rig


def test_eleven_comex_lots_stand_in_for_five_of_london():
    rig = london_is_down()
    order = rig.orders[-1]
    rig.fill(order)

    assert (order.instrument, order.venue, order.leg, order.side, order.lots) == (HG.code, "CME", 1, Side.BUY, 11)
    assert (rig.outcome, rig.naked) == ("proxied", (0, 0))


def test_four_of_eleven_comex_lots_hedge_nothing_and_the_other_seven_follow():
    rig = london_is_down()
    rig.fill(rig.orders[-1], 4)
    naked, again = rig.naked, rig.orders[-1]
    rig.fill(again)

    assert naked == (-25, 0)
    assert (again.instrument, again.lots) == (HG.code, 7)
    assert rig.outcome == "proxied"


def test_a_part_of_a_proxy_is_traded_back_when_london_fills_after_all():
    rig = london_is_down()
    rig.fill(rig.orders[-1], 4)
    again = rig.orders[-1]
    london = rig.orders[1]
    rig.tell(e.VenueUp("LME"))
    rig.tell(e.OrderFilled(london.client_order_id, "LATE", 5, london.price_ticks, "D1"))
    rig.tell(e.OrderClosed(london.client_order_id, 5, "filled"))
    rig.close(again)
    back = rig.orders[-1]
    rig.fill(back)

    assert (back.instrument, back.side, back.lots, back.purpose) == (HG.code, Side.SELL, 4, Purpose.UNWIND)
    assert rig.outcome == "topped_up"


def test_two_london_lots_are_not_a_multiple_of_five():
    rig, domestic, foreign = entered(terms_with(2, COMEX))
    rig.see(quote(HG, "4.4510", "4.4515", rig.now))
    rig.reject(foreign, RejectClass.PRICE)
    rig.tell(e.VenueDown("LME", "dropped"))
    rig.fill(domestic)

    assert rig.last_options()["proxy:2"].reason == "CME.HGH7: 2 lots are not a multiple of 5"
    assert rig.orders[-1].instrument == CU.code


def test_a_reducing_mandate_opens_no_proxy():
    rig = shanghai_halts(terms_with(), london="9700")
    rig.tell(e.UnwindRequested("C2", "trader1", "enough"))
    rig.close(rig.orders[-1])

    assert rig.orders[-1].instrument == CA.code
    assert rig.last_options()["proxy:-1"].reason == "only reducing is allowed"


def test_a_restart_knows_what_stands_in():
    rig = shanghai_halts(terms_with())
    rig.fill(rig.orders[-1], 4)
    rig.wait(SECOND)
    [live], [again] = rig.program.state.open, rig.restarted().state.open

    assert again.facts() == live.facts()
    assert again.proxy_positions() == {CU_NEXT.code: -4}
