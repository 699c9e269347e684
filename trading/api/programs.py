"""Board, pairs, programs and their terms."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trading.api import schemas
from trading.api.missing import as_404
from trading.selectors import arming, programs
from trading.selectors.board import board
from trading.services.delivery import deliver_terms
from trading.services.terms import revise_terms


class BoardView(APIView):
    """Every program's row: quotes, executable figures, state and gates."""

    required_permission = "board.read"

    @extend_schema(responses=schemas.BoardSchema)
    def get(self, request: Request) -> Response:
        return Response(board())


class PairView(APIView):
    """One pair: legs, the price conversion in force and its programs."""

    required_permission = "board.read"

    @extend_schema(responses=schemas.PairSchema)
    def get(self, request: Request, code: str) -> Response:
        with as_404():
            pair = programs.pair_named(code)
        return Response(programs.pair_dict(pair, timezone.localdate()))


class ProgramsView(APIView):
    """Every program with its terms and its state as the journal last gave it."""

    required_permission = "board.read"

    @extend_schema(responses=schemas.ProgramSchema(many=True))
    def get(self, request: Request) -> Response:
        return Response([programs.program_dict(program) for program in programs.all_programs()])


class ProgramView(APIView):
    """One program with all revisions of its terms, newest first."""

    required_permission = "board.read"

    @extend_schema(responses=schemas.ProgramDetailSchema)
    def get(self, request: Request, name: str) -> Response:
        with as_404():
            program = programs.program_named(name)
        return Response(programs.program_dict(program) | {"revisions": programs.revisions(program)})


class TermsView(APIView):
    """Makes the next revision. A revision that is armed stays as it is until it is disarmed and armed again."""

    required_permission = "programs.edit"

    @extend_schema(
        request=schemas.TermsChangeSchema,
        responses={200: schemas.ProgramSchema, 400: schemas.ErrorSchema, 409: schemas.ErrorSchema},
    )
    def put(self, request: Request, name: str) -> Response:
        form = schemas.TermsChangeSchema(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        with as_404():
            program = revise_terms(
                name=name, base_revision=given["base_revision"], changes=given["terms"], reason=given["reason"],
                actor=request.user, at=timezone.now(),
            )  # fmt: skip
        deliver_terms(program, request.user.get_username())
        return Response(programs.program_dict(programs.program_named(program.name)))


class ArmReviewView(APIView):
    """What arming this program would mean, to be read before it is armed."""

    required_permission = "board.read"

    @extend_schema(responses=schemas.ArmReviewSchema)
    def get(self, request: Request, name: str) -> Response:
        with as_404():
            program = programs.program_named(name)
        return Response(arming.arm_review(program))
