"""Previews, flatten, taking a residual over, corrections of positions, and the second person's answer."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from risk.models import Approval
from trading.api import operation_schemas as shapes
from trading.api import schemas
from trading.api.commands import ERRORS, KEY, key_of
from trading.api.missing import as_404
from trading.models import Command
from trading.selectors.executions import execution_named
from trading.selectors.programs import desk_named, program_named
from trading.services import operations


class UnwindPreviewView(APIView):
    """What an unwind would trade now and what it is expected to cost; changes nothing."""

    required_permission = "programs.unwind"

    @extend_schema(responses={200: shapes.PreviewSchema, **ERRORS})
    def get(self, request: Request, name: str) -> Response:
        with as_404():
            program = program_named(name)
        return Response(operations.preview(program=program, op="preview_unwind"))


class FlattenPreviewView(APIView):
    """What a flatten would trade first, what that is expected to cost, and whether one person may do it."""

    required_permission = "programs.flatten"

    @extend_schema(
        parameters=[OpenApiParameter("units", int, required=True)],
        responses={200: shapes.FlattenPreviewSchema, **ERRORS},
    )
    def get(self, request: Request, name: str) -> Response:
        form = shapes.UnitsSchema(data=request.query_params)
        form.is_valid(raise_exception=True)
        units = form.validated_data["units"]
        with as_404():
            program = program_named(name)
        shown = operations.preview(program=program, op="preview_flatten", units=units)
        return Response(shown | {"takes_two_people": not operations.may_flatten_alone(program, units)})


class FlattenView(APIView):
    """Trades matched units back, reduce-only; above a size it becomes a request that a second person decides."""

    required_permission = "programs.flatten"

    @extend_schema(request=shapes.FlattenSchema, responses={202: shapes.GivenOrAskedSchema, **ERRORS}, parameters=[KEY])
    def post(self, request: Request, name: str) -> Response:
        form = shapes.FlattenSchema(data=request.data)
        form.is_valid(raise_exception=True)
        with as_404():
            program = program_named(name)
        outcome = operations.flatten(
            program=program, actor=request.user, key=key_of(request), at=timezone.now(), **form.validated_data
        )
        return Response(_given_or_asked(outcome), status=202)


class AcceptResidualView(APIView):
    """Ends an open execution with its naked lots named and owned by whoever accepts them."""

    required_permission = "residuals.accept"

    @extend_schema(
        request=shapes.AcceptResidualSchema, responses={202: schemas.GivenCommandSchema, **ERRORS}, parameters=[KEY]
    )
    def post(self, request: Request, execution_id: str) -> Response:
        form = shapes.AcceptResidualSchema(data=request.data)
        form.is_valid(raise_exception=True)
        with as_404():
            execution = execution_named(execution_id)
        command = operations.accept_residual(
            execution=execution, actor=request.user, key=key_of(request), at=timezone.now(), **form.validated_data
        )
        return Response({"command_id": command.command_id}, status=202)


class AdjustPositionView(APIView):
    """Asks a second person to correct one line of the books after a break with the venue."""

    required_permission = "positions.adjust"

    @extend_schema(request=shapes.AdjustPositionSchema, responses={202: shapes.GivenOrAskedSchema, **ERRORS})
    def post(self, request: Request) -> Response:
        form = shapes.AdjustPositionSchema(data=request.data)
        form.is_valid(raise_exception=True)
        given = dict(form.validated_data)
        with as_404():
            desk = desk_named(given.pop("desk"))
        reason = given.pop("reason")
        approval = operations.ask_to_adjust(
            desk=desk, position=given, reason=reason, actor=request.user, at=timezone.now()
        )
        return Response(_given_or_asked(approval), status=202)


class ForeignOrdersView(APIView):
    """Orders on this account that the desk does not know; while there are any, nothing is entered."""

    required_permission = "board.read"

    @extend_schema(responses={200: shapes.ForeignOrdersSchema, **ERRORS})
    def get(self, request: Request, desk: str) -> Response:
        with as_404():
            row = desk_named(desk)
        return Response({"desk": desk, "orders": operations.foreign_orders(row)})


class ReleaseForeignView(APIView):
    """Lets entries go on after a person has looked at the foreign orders, with a reason."""

    required_permission = "foreign.release"

    @extend_schema(
        request=shapes.ReleaseForeignSchema, responses={202: schemas.GivenCommandSchema, **ERRORS}, parameters=[KEY]
    )
    def post(self, request: Request, desk: str) -> Response:
        form = shapes.ReleaseForeignSchema(data=request.data)
        form.is_valid(raise_exception=True)
        with as_404():
            row = desk_named(desk)
        command = operations.release_foreign(
            desk=row, actor=request.user, key=key_of(request), at=timezone.now(), **form.validated_data
        )
        return Response({"command_id": command.command_id}, status=202)


class RequestDecisionView(APIView):
    """Base of approving and rejecting a flatten or a correction; never one's own."""

    approve = True
    required_permission = "operations.approve"

    def post(self, request: Request, approval_id: int) -> Response:
        form = schemas.NoteSchema(data=request.data)
        form.is_valid(raise_exception=True)
        with as_404():
            approval, command = operations.decide(
                approval_id=approval_id, approve=self.approve, note=form.validated_data["note"],
                actor=request.user, at=timezone.now(),
            )  # fmt: skip
        answer: dict[str, Any] = {"approval_id": approval.pk, "state": str(approval.state)}
        return Response(answer | {"command_id": command.command_id if command else None}, status=202)


_DECISION = extend_schema(request=schemas.NoteSchema, responses={202: schemas.LiftDecisionSchema, **ERRORS})


class RequestApproveView(RequestDecisionView):
    """Approves somebody else's request; it goes to the engine at once."""

    @_DECISION
    def post(self, request: Request, approval_id: int) -> Response:
        return super().post(request, approval_id)


class RequestRejectView(RequestDecisionView):
    """Rejects somebody else's request; nothing happens."""

    approve = False

    @_DECISION
    def post(self, request: Request, approval_id: int) -> Response:
        return super().post(request, approval_id)


def _given_or_asked(outcome: Command | Approval) -> dict[str, Any]:
    if isinstance(outcome, Approval):
        return {"command_id": None, "approval_id": outcome.pk}
    return {"command_id": outcome.command_id, "approval_id": None}
