"""Receipts, verification, projects and their reports over REST: translate, one call, translate back."""

from pathlib import Path
from typing import Any

import msgspec
from django.http import FileResponse, Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import exports, selectors, verify, verify_export
from audit.exports import DIRECT_RECORDS_MAX, Export, Window
from audit.models import ExportRecord, Project, Receipt
from audit.report.words import Language
from audit.selectors import PAGE_MAX, Search
from audit.trace_csv import Profile


class WindowSerializer(serializers.Serializer):
    """`from` is included, `to` is not; both ISO 8601 with an offset."""

    to = serializers.DateTimeField(required=False, default=None)

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of the language and cannot be written as an attribute.
        return super().get_fields() | {"from": serializers.DateTimeField(required=False, default=None)}

    @property
    def window(self) -> Window:
        return Window(self.validated_data["from"], self.validated_data["to"])


class PdfRequestSerializer(WindowSerializer):
    lang = serializers.ChoiceField(list(Language), default=Language.EN)


class CsvRequestSerializer(WindowSerializer):
    profile = serializers.ChoiceField(list(Profile), default=Profile.HUMAN)


class SearchSerializer(WindowSerializer):
    project = serializers.CharField(required=False, default="", max_length=40)
    instrument = serializers.CharField(required=False, default="", max_length=60, help_text="Code, or start*.")
    kind = serializers.CharField(required=False, default="", max_length=40)
    execution = serializers.CharField(required=False, default="", max_length=60)
    actor = serializers.CharField(required=False, default="", max_length=150)
    q = serializers.CharField(required=False, default="", max_length=200, help_text="Text inside the record.")
    cursor = serializers.CharField(required=False, default="", max_length=80)
    limit = serializers.IntegerField(required=False, default=PAGE_MAX, min_value=1, max_value=PAGE_MAX)

    @property
    def search(self) -> Search:
        asked = self.validated_data
        names = ("project", "instrument", "kind", "execution", "actor")
        return Search(**{name: asked[name] for name in names}, text=asked["q"], since=asked["from"], until=asked["to"])


class ReceiptSerializer(serializers.ModelSerializer):
    instruments = serializers.SerializerMethodField()

    class Meta:
        model = Receipt
        fields = [
            "stream", "seq", "at_ns", "kind", "actor", "project", "pair", "program", "execution",
            "instruments", "body", "prev_hash", "hash",
        ]  # fmt: skip

    def get_instruments(self, receipt: Receipt) -> list[str]:
        return [code for code in receipt.instruments.split("|") if code]


class ReceiptPageSerializer(serializers.Serializer):
    items = ReceiptSerializer(many=True)
    count = serializers.IntegerField(help_text="Matching receipts; counting stops at 10,000.")
    next_cursor = serializers.CharField(allow_blank=True)


class ExportRecordSerializer(serializers.ModelSerializer):
    class Meta:
        model = ExportRecord
        fields = ["format", "file_name", "requested_by", "at_ns", "from_ns", "until_ns", "records", "sha256"]


class ProjectSerializer(serializers.ModelSerializer):
    class Meta:
        model = Project
        fields = ["code", "name", "name_zh", "stage", "stage_since", "owner", "members"]


class ProjectDetailSerializer(ProjectSerializer):
    exports = ExportRecordSerializer(many=True)
    records = serializers.SerializerMethodField()

    class Meta(ProjectSerializer.Meta):
        fields = [*ProjectSerializer.Meta.fields, "exports", "records"]

    def get_records(self, project: Project) -> int:
        return Receipt.objects.filter(project=project.code).count()


class ReceiptsView(APIView):
    required_permission = "audit.read"

    @extend_schema(parameters=[SearchSerializer], responses=ReceiptPageSerializer)
    def get(self, request: Request) -> Response:
        """Search receipts, newest first; traders and project managers find those of their own projects."""
        asked = _checked(SearchSerializer, request)
        page = selectors.search(
            request.user,
            asked.search,
            cursor=asked.validated_data["cursor"],
            limit=asked.validated_data["limit"],
        )
        return Response(ReceiptPageSerializer(page).data)


class VerifyView(APIView):
    required_permission = "audit.verify"

    @extend_schema(parameters=[OpenApiParameter("project", str)], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Check every link and checkpoint of every stream, or of those that hold a project's records."""
        code = request.query_params.get("project", "")
        if code:
            _project(request, code)
        verdicts = [verify.verify_stream(stream, code) for stream in verify.streams(code)]
        sound = all(verdict.is_sound for verdict in verdicts)
        return Response({"sound": sound, "project": code, "streams": msgspec.to_builtins(verdicts)})


class ProjectsView(APIView):
    required_permission = "projects.read"

    @extend_schema(operation_id="projects_list", responses=ProjectSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the projects that the person may see."""
        return Response(ProjectSerializer(selectors.projects(request.user), many=True).data)


class ProjectView(APIView):
    required_permission = "projects.read"

    @extend_schema(operation_id="projects_retrieve", responses=ProjectDetailSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Return a project with its exports."""
        return Response(ProjectDetailSerializer(_project(request, code)).data)


class VerifierView(APIView):
    required_permission = "audit.read"

    @extend_schema(responses={(200, "text/x-python"): OpenApiTypes.BINARY})
    def get(self, request: Request) -> FileResponse:
        """Download the small program that checks an exported trace without this product."""
        path = Path(verify_export.__file__)
        return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type="text/x-python")


class _FileView(APIView):
    """Answers with a file and, when it refuses, with JSON, whatever the client says it accepts."""

    required_permission = "audit.export"

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)


class ReportPdfView(_FileView):
    @extend_schema(parameters=[PdfRequestSerializer], responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str) -> HttpResponse:
        """Download the project's report: timeline, executions, limits, alerts and integrity proof."""
        asked = _checked(PdfRequestSerializer, request)
        return _download(
            exports.export_pdf(
                project=_project(request, code), window=asked.window,
                language=Language(asked.validated_data["lang"]), by=request.user.get_username(),
                at=timezone.now(), records_max=DIRECT_RECORDS_MAX,
            )
        )  # fmt: skip


class ReportCsvView(_FileView):
    @extend_schema(parameters=[CsvRequestSerializer], responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str) -> HttpResponse:
        """Download the project's trace, one row per event."""
        return _download(_csv(request, code))


class ReportManifestView(_FileView):
    @extend_schema(
        parameters=[CsvRequestSerializer],
        responses=OpenApiResponse(OpenApiTypes.OBJECT, description="Hash, ranges and inclusion proofs."),
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """Return what goes beside the CSV of the same window and profile: its hash and a proof per record."""
        return HttpResponse(_csv(request, code).manifest, content_type="application/json")


def _csv(request: Request, code: str) -> Export:
    asked = _checked(CsvRequestSerializer, request)
    return exports.export_csv(
        project=_project(request, code), window=asked.window,
        profile=Profile(asked.validated_data["profile"]), by=request.user.get_username(),
        at=timezone.now(), records_max=DIRECT_RECORDS_MAX,
    )  # fmt: skip


def _checked(form: type[WindowSerializer], request: Request) -> Any:
    asked = form(data=request.query_params)
    asked.is_valid(raise_exception=True)
    return asked


def _project(request: Request, code: str) -> Project:
    project = selectors.projects(request.user).filter(code=code).first()
    if project is None:
        raise Http404
    return project


def _download(export: Export) -> HttpResponse:
    """Answer with a file under our own name for it, never one that was sent in."""
    response = HttpResponse(export.content, content_type=export.content_type)
    response["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    response["X-Content-SHA256"] = export.sha256
    response["Cache-Control"] = "no-store"
    return response
