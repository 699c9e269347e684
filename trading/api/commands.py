"""Orders to an engine: arm, disarm, unwind, kill and lifting a kill. Never answered with an outcome, only
with an id.
"""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trading.api import schemas
from trading.api.missing import as_404
from trading.selectors.board import desks
from trading.selectors.commands import command_dict, command_of
from trading.selectors.programs import desk_named, program_named
from trading.services import commands, lifting

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, required=True,
    description="Minted once per dialog. A repeated key returns the first command and does nothing else.",
)  # fmt: skip
ERRORS = {
    400: schemas.ErrorSchema,
    403: schemas.ErrorSchema,
    409: schemas.ErrorSchema,
    503: schemas.ErrorSchema,
}


def key_of(request: Request) -> str:
    """Return the idempotency key of a request; raises ValidationError without one."""
    key = request.headers.get("Idempotency-Key", "")
    if not 8 <= len(key) <= 64:
        raise serializers.ValidationError({"Idempotency-Key": "Send a header with 8 to 64 characters."})
    return key


class OrderProgramView(APIView):
    """Base of the three orders to one program."""

    op = ""
    form: type[serializers.Serializer] = schemas.OrderProgramSchema

    def post(self, request: Request, name: str) -> Response:
        form = self.form(data=request.data)
        form.is_valid(raise_exception=True)
        with as_404():
            program = program_named(name)
        command = commands.order_program(
            op=self.op, program=program, key=key_of(request), actor=request.user, at=timezone.now(),
            **form.validated_data,
        )  # fmt: skip
        return Response({"command_id": command.command_id}, status=202)


_ORDER = extend_schema(
    request=schemas.OrderProgramSchema,
    responses={202: schemas.GivenCommandSchema, **ERRORS},
    parameters=[KEY],
)


class ArmView(OrderProgramView):
    """Arms the reviewed revision. The command expires after two seconds; only members of the project may."""

    op = "arm"
    required_permission = "programs.arm"

    @_ORDER
    def post(self, request: Request, name: str) -> Response:
        return super().post(request, name)


class DisarmView(OrderProgramView):
    """Disarms a program; an execution in flight is finished, or what is naked of it is traded away."""

    op = "disarm"
    form = schemas.DisarmSchema
    required_permission = "programs.disarm"

    @extend_schema(
        request=schemas.DisarmSchema, responses={202: schemas.GivenCommandSchema, **ERRORS}, parameters=[KEY]
    )
    def post(self, request: Request, name: str) -> Response:
        return super().post(request, name)


class UnwindView(OrderProgramView):
    """Trades a naked leg away, reduce-only; never more than is naked."""

    op = "unwind"
    required_permission = "programs.unwind"

    @_ORDER
    def post(self, request: Request, name: str) -> Response:
        return super().post(request, name)


class CommandView(APIView):
    """What became of a command that you gave."""

    required_permission = "board.read"

    @extend_schema(responses=schemas.CommandSchema)
    def get(self, request: Request, command_id: str) -> Response:
        with as_404():
            command = command_of(command_id, request.user.get_username())
        return Response(command_dict(command, timezone.now()))


class KillView(APIView):
    """Stops at once and stays stopped until two people lift it. Works without Redis, Celery and the queue."""

    required_permission = "kill.use"

    @extend_schema(request=schemas.KillSchema, responses={202: schemas.GivenCommandsSchema, **ERRORS}, parameters=[KEY])
    def post(self, request: Request) -> Response:
        form = schemas.KillSchema(data=request.data)
        form.is_valid(raise_exception=True)
        given = dict(form.validated_data)
        names = _desks(given.pop("desk"), given["scope"])
        key, at = key_of(request), timezone.now()
        ids: list[dict[str, str]] = []
        failure: commands.EngineAway | None = None
        for name in names:
            with as_404():
                desk = desk_named(name)
            try:
                command_id = commands.kill(
                    desk=desk,
                    key=key if len(names) == 1 else f"{key[:55]}.{name}",
                    actor=request.user,
                    at=at,
                    **given,
                )
            except commands.EngineAway as away:
                failure = away  # the other desks must still be stopped
            else:
                ids.append({"command_id": command_id})
        if failure is not None:
            raise failure
        return Response({"command_id": ids[0]["command_id"], "commands": ids}, status=202)


def _desks(desk: str, scope: str) -> list[str]:
    if scope.startswith("program:"):
        with as_404():
            return [program_named(scope.removeprefix("program:")).desk.name]
    return [desk] if desk else desks()


class LiftRequestView(APIView):
    """Asks a second person to lift a kill."""

    required_permission = "kill.lift_request"

    @extend_schema(request=schemas.LiftSchema, responses={202: schemas.LiftRequestSchema, **ERRORS})
    def post(self, request: Request) -> Response:
        form = schemas.LiftSchema(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        with as_404():
            desk = desk_named(_desks(given["desk"], given["scope"])[0])
        approval = lifting.ask_to_lift(
            desk=desk, scope=given["scope"], reason=given["reason"], actor=request.user, at=timezone.now()
        )
        return Response({"approval_id": approval.pk, "state": str(approval.state)}, status=202)


class LiftDecisionView(APIView):
    """Base of approving and rejecting a request to lift a kill."""

    approve = True
    required_permission = "kill.lift_approve"

    def post(self, request: Request, approval_id: int) -> Response:
        form = schemas.NoteSchema(data=request.data)
        form.is_valid(raise_exception=True)
        with as_404():
            approval, command = lifting.decide_lift(
                approval_id=approval_id, approve=self.approve, note=form.validated_data["note"],
                actor=request.user, key=f"lift-{approval_id}", at=timezone.now(),
            )  # fmt: skip
        answer: dict[str, Any] = {"approval_id": approval.pk, "state": str(approval.state)}
        return Response(answer | {"command_id": command.command_id if command else None}, status=202)


_DECISION = extend_schema(request=schemas.NoteSchema, responses={202: schemas.LiftDecisionSchema, **ERRORS})


class LiftApproveView(LiftDecisionView):
    """Lifts the kill; another person than the one who asked. Everything comes back disarmed."""

    @_DECISION
    def post(self, request: Request, approval_id: int) -> Response:
        return super().post(request, approval_id)


class LiftRejectView(LiftDecisionView):
    """Rejects the request; the kill stays."""

    approve = False

    @_DECISION
    def post(self, request: Request, approval_id: int) -> Response:
        return super().post(request, approval_id)
