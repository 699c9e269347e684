"""Executions and venues."""

from datetime import datetime

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.receipts import nanos
from trading.api import execution_schemas as schemas
from trading.api.missing import as_404
from trading.selectors import executions
from trading.selectors.venues import venues
from trading.selectors.waterfall import execution_detail


class ExecutionQuery(serializers.Serializer):
    pair = serializers.CharField(required=False, default="", allow_blank=True)
    program = serializers.CharField(required=False, default="", allow_blank=True)
    outcome = serializers.CharField(required=False, default="", allow_blank=True)
    cursor = serializers.CharField(required=False, default="", allow_blank=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is a Python keyword.
        moments = {name: serializers.DateTimeField(required=False, default=None) for name in ("from", "to")}
        return {**super().get_fields(), **moments}


def _ns(at: datetime | None) -> int | None:
    return None if at is None else nanos(at)


class ExecutionsView(APIView):
    """Executions, newest first, also triggers that our own gate stopped (outcome refused)."""

    required_permission = "board.read"

    @extend_schema(
        operation_id="executions_list",
        parameters=[
            OpenApiParameter("pair", str),
            OpenApiParameter("program", str),
            OpenApiParameter(
                "outcome", str,
                description="open, hedged, topped_up, rolled_back, proxied, accepted, flattened, rejected, not_sent, "
                "flat, halted or refused",
            ),
            OpenApiParameter("from", datetime),
            OpenApiParameter("to", datetime),
            OpenApiParameter("cursor", str, description="`next` of the page before"),
        ],
        responses=schemas.ExecutionPageSchema,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        form = ExecutionQuery(data=request.query_params)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        wanted = executions.Filter(
            given["pair"], given["program"], given["outcome"], _ns(given["from"]), _ns(given["to"])
        )
        return Response(executions.page(wanted, given["cursor"]))


class ExecutionView(APIView):
    """One execution: its waterfall, orders, fills, decisions, naked band and the range of its receipts."""

    required_permission = "board.read"

    @extend_schema(responses=schemas.ExecutionDetailSchema)
    def get(self, request: Request, execution_id: str) -> Response:
        with as_404():
            execution = executions.execution_named(execution_id)
        return Response(execution_detail(execution))


class VenuesView(APIView):
    """Lines to venues with sessions, what is simulated and where prices come from; and the engines."""

    required_permission = "venues.read"

    @extend_schema(responses=schemas.VenuesSchema)
    def get(self, request: Request) -> Response:
        return Response(venues())
