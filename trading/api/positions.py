"""Positions: books, venues' figures, and pairs leg by leg."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trading.api.schemas import maybe_whole, text, whole
from trading.selectors.positions import positions


class SideSchema(s.Serializer):
    """Lots of one side; `frozen` ones are inside today's and yesterday's, tied up in our closing orders."""

    today = whole()
    yesterday = whole()
    frozen = whole()


class VenueLotsSchema(s.Serializer):
    long = whole()
    short = whole()


class LineSchema(s.Serializer):
    """One book; `hedge_flag` is empty where the venue nets.

    `venue_lots` is what the venue last told, null when it told nothing; `is_current` False: we traded since.
    """

    venue = text()
    instrument = text()
    hedge_flag = text()
    prompt = text()
    long = SideSchema()
    short = SideSchema()
    net = whole()
    venue_lots = VenueLotsSchema(allow_null=True)
    is_broken = s.BooleanField()
    is_current = s.BooleanField()


class PairLegSchema(s.Serializer):
    """One leg of a pair: signed lots, bought positive, and what of them no whole unit matches."""

    instrument = text()
    role = text()
    ratio_lots = whole()
    lots = whole()
    quantity = text()
    residual_lots = whole()
    residual = text()


class PairPositionSchema(s.Serializer):
    """Quantities in `unit`; `net_quantity` is what all legs together leave unhedged."""

    pair = text()
    unit = text()
    unit_quantity = text()
    matched_units = whole()
    legs = PairLegSchema(many=True)
    net_quantity = text()
    is_naked = s.BooleanField()


class VenueStandingSchema(s.Serializer):
    venue = text()
    trading_day = text()
    offset_rule = text()
    tells_positions = s.BooleanField()
    is_compared = s.BooleanField()
    reported_at = maybe_whole()


class DeskPositionsSchema(s.Serializer):
    desk = text()
    live = s.BooleanField()
    at = maybe_whole()
    venues = VenueStandingSchema(many=True)
    lines = LineSchema(many=True)
    pairs = PairPositionSchema(many=True)


class PositionsSchema(s.Serializer):
    desks = DeskPositionsSchema(many=True)


class PositionsView(APIView):
    """What every desk holds, per book and per pair, beside what the venues say."""

    required_permission = "board.read"

    @extend_schema(operation_id="positions_list", responses=PositionsSchema)
    def get(self, request: Request) -> Response:
        return Response(positions())
