"""The shapes of previews, flatten, residuals, corrections and foreign orders. Decimals are strings."""

from rest_framework import serializers as s

from trading.api.schemas import maybe_text, maybe_whole, text, whole


class PreviewedOrderSchema(s.Serializer):
    instrument = text()
    venue = text()
    leg = whole()
    side = s.ChoiceField(["buy", "sell"])
    lots = whole()
    price = text(help_text="limit price, quote unit of the instrument")
    offset = s.ChoiceField(["open", "close", "close_today", "close_yesterday"])


class PreviewSchema(s.Serializer):
    """The orders of the next step; `obstacle` is a key that says why there are none."""

    orders = PreviewedOrderSchema(many=True)
    cost = maybe_text()
    held_units = whole()
    units = whole()
    clips = whole(help_text="steps that the whole takes")
    naked = s.ListField(child=whole())
    obstacle = text(allow_blank=True)
    as_of = whole()
    expires_at = whole()
    incarnation = whole()


class FlattenPreviewSchema(PreviewSchema):
    takes_two_people = s.BooleanField()


class UnitsSchema(s.Serializer):
    units = whole(min_value=1, max_value=100_000)


class FlattenSchema(s.Serializer):
    """`held_units` is that of the preview; the engine refuses when it has changed."""

    units = whole(min_value=1, max_value=100_000)
    held_units = whole(min_value=1)
    reason = text(max_length=300)


class AcceptResidualSchema(s.Serializer):
    naked = s.ListField(child=whole(), min_length=2, max_length=2, help_text="signed lots per leg, as seen")
    reason = text(max_length=300)


class AdjustPositionSchema(s.Serializer):
    """What the books shall hold from then on: one line of a position report."""

    desk = text(max_length=8)
    instrument = text(max_length=32)
    side = s.ChoiceField(["buy", "sell"], help_text="buy: a long position")
    today_lots = whole(min_value=0)
    yesterday_lots = whole(min_value=0)
    hedge_flag = s.ChoiceField(["speculation", "arbitrage", "hedge"], default="speculation")
    prompt = text(max_length=8, allow_blank=True, default="")
    reason = text(max_length=300)


class ForeignOrdersSchema(s.Serializer):
    desk = text()
    orders = s.ListField(child=text())


class ReleaseForeignSchema(s.Serializer):
    orders = s.ListField(child=text(), min_length=1)
    reason = text(max_length=300)


class GivenOrAskedSchema(s.Serializer):
    """One of both: the command that was given, or the request that a second person decides."""

    command_id = maybe_text()
    approval_id = maybe_whole()
