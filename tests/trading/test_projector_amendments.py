"""Trades taken back or corrected show in the tables of the screens, whichever report comes first."""

import pytest

from tests.trading.test_projector import LME, SHFE, copy_all
from trading.core import events as e
from trading.models import ChildOrder, Fill, Position

pytestmark = pytest.mark.django_db


def lots() -> dict[str, int]:
    return dict(Position.objects.values_list("instrument", "net_lots"))


def test_a_trade_taken_back_stands_with_no_lots_and_the_position_without_it(story):
    story.arm()
    story.hedged()
    copy_all()
    name = story.order_id(1)
    fill = Fill.objects.get(order__client_order_id=name)

    story.say(e.FillBusted(name, fill.fill_id, fill.trading_day))
    copy_all()

    assert lots() == {SHFE: -5, LME: 0}
    assert Fill.objects.get(pk=fill.pk).lots == 0
    assert ChildOrder.objects.get(client_order_id=name).filled_lots == 0


def test_a_correction_that_comes_before_its_trade_counts_once(story):
    story.trigger()
    name = story.order_id(0)
    story.say(e.FillCorrected(name, "F1", 4, 7946, "20261123"))
    story.fill(0, 5, 7947)

    copy_all()

    assert lots() == {SHFE: -4}
    assert [fill.lots for fill in Fill.objects.all()] == [4]
