"""Thresholds, requests and alerts over REST: translate, one call, translate back."""

from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.access import can
from risk import alerts, selectors, services
from risk.limits import LABELS, LimitKind
from risk.models import Alert, Approval, Threshold

# Which permission answers a request of each kind.
DECIDED_BY = {
    Approval.Kind.LOOSEN_THRESHOLD: "limits.loosen_approve",
    Approval.Kind.LIFT_KILL: "kill.lift_approve",
    Approval.Kind.FLATTEN: "operations.approve",
    Approval.Kind.ADJUST_POSITION: "operations.approve",
}


class _Figure(serializers.DecimalField):
    """An exact figure; a string on the wire."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=30, decimal_places=None, **kwargs)


class ApprovalSerializer(serializers.ModelSerializer):
    is_expired = serializers.SerializerMethodField()
    can_decide = serializers.SerializerMethodField()

    class Meta:
        model = Approval
        fields = [
            "id", "kind", "subject", "request", "base_version", "reason", "requested_by", "requested_at",
            "expires_at", "state", "decided_by", "decided_at", "note", "is_expired", "can_decide",
        ]  # fmt: skip

    def get_is_expired(self, approval: Approval) -> bool:
        return approval.state == Approval.State.PENDING and self._now >= approval.expires_at

    def get_can_decide(self, approval: Approval) -> bool:
        open_to_decide = approval.state == Approval.State.PENDING and not self.get_is_expired(approval)
        is_maker = approval.requested_by == self._user.get_username()
        return open_to_decide and not is_maker and can(self._user, DECIDED_BY[approval.kind])

    @property
    def _now(self) -> datetime:
        return self.context["now"]

    @property
    def _user(self) -> Any:
        return self.context["user"]


class ThresholdSerializer(serializers.ModelSerializer):
    unit = serializers.SerializerMethodField()
    label_en = serializers.SerializerMethodField()
    label_zh = serializers.SerializerMethodField()
    warn = serializers.SerializerMethodField(help_text="Decimal string, or null where no warning is set.")
    pending = serializers.SerializerMethodField()

    class Meta:
        model = Threshold
        fields = [
            "id", "desk", "kind", "unit", "label_en", "label_zh",
            "scope_venue", "scope_instrument", "scope_pair",
            "hard", "warn", "version", "changed_at", "changed_by", "reason", "pending",
        ]  # fmt: skip

    def get_unit(self, row: Threshold) -> str:
        return LimitKind(row.kind).unit

    def get_label_en(self, row: Threshold) -> str:
        return LABELS[LimitKind(row.kind)][0]

    def get_label_zh(self, row: Threshold) -> str:
        return LABELS[LimitKind(row.kind)][1]

    def get_warn(self, row: Threshold) -> str | None:
        return row.warn or None

    @extend_schema_field(ApprovalSerializer(allow_null=True))
    def get_pending(self, row: Threshold) -> Any:
        approval = self.context["pending"].get(row.id)
        return ApprovalSerializer(approval, context=self.context).data if approval else None


class VersionSerializer(serializers.Serializer):
    desk = serializers.CharField()
    version = serializers.IntegerField()
    hash = serializers.CharField()
    in_force_version = serializers.IntegerField(allow_null=True)


class ThresholdChangeSerializer(serializers.Serializer):
    hard = _Figure()
    warn = _Figure(allow_null=True, required=False, default=None)
    reason = serializers.CharField(max_length=300)
    base_version = serializers.IntegerField(min_value=1)


class NoteSerializer(serializers.Serializer):
    note = serializers.CharField(max_length=300, allow_blank=True, required=False, default="")


class AlertSerializer(serializers.ModelSerializer):
    class Meta:
        model = Alert
        fields = [
            "seq", "changed_seq", "rule", "severity", "text_key", "values", "desk", "project", "program",
            "execution", "raised_at_ns", "last_at_ns", "count", "state", "acked_by", "acked_at_ns",
            "ack_note", "resolved_at_ns",
        ]  # fmt: skip


ThresholdList = inline_serializer(
    "ThresholdList",
    {"versions": VersionSerializer(many=True), "thresholds": ThresholdSerializer(many=True)},
)


class ThresholdsView(APIView):
    required_permission = "limits.read"

    @extend_schema(operation_id="thresholds_list", responses=ThresholdList)
    def get(self, request: Request) -> Response:
        """List all thresholds, their open requests, and which limit version each desk's engine uses."""
        rows = ThresholdSerializer(selectors.thresholds(), many=True, context=_context(request))
        versions = VersionSerializer(selectors.versions_in_force(), many=True)
        return Response({"versions": versions.data, "thresholds": rows.data})


class ThresholdView(APIView):
    required_permission = "limits.loosen_request"

    @extend_schema(request=ThresholdChangeSerializer, responses={200: ThresholdSerializer, 202: ApprovalSerializer})
    def put(self, request: Request, threshold_id: int) -> Response:
        """Tighten a threshold at once (200), or ask another risk officer to loosen it (202)."""
        change = ThresholdChangeSerializer(data=request.data)
        change.is_valid(raise_exception=True)
        try:
            outcome = services.change_threshold(
                threshold_id=threshold_id, user=request.user, at=timezone.now(), **change.validated_data
            )
        except Threshold.DoesNotExist:
            raise Http404 from None
        if isinstance(outcome, Approval):
            return Response(ApprovalSerializer(outcome, context=_context(request)).data, status=202)
        return Response(ThresholdSerializer(outcome, context=_context(request)).data)


class ApprovalsView(APIView):
    required_permission = "limits.read"

    @extend_schema(
        operation_id="approvals_list",
        parameters=[OpenApiParameter("state", enum=Approval.State.values)],
        responses=ApprovalSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List requests that take a second person, newest first."""
        rows = selectors.approvals(state=request.query_params.get("state", ""))
        return Response(ApprovalSerializer(rows, many=True, context=_context(request)).data)


class ApprovalDecisionView(APIView):
    required_permission = "limits.loosen_approve"
    approve: bool = False

    @extend_schema(request=NoteSerializer, responses=ApprovalSerializer)
    def post(self, request: Request, approval_id: int) -> Response:
        """Decide a request of somebody else; an approved change holds at once."""
        note = NoteSerializer(data=request.data)
        note.is_valid(raise_exception=True)
        try:
            approval = services.decide_threshold(
                approval_id=approval_id, approve=self.approve, by=request.user.get_username(),
                at=timezone.now(), **note.validated_data,
            )  # fmt: skip
        except Approval.DoesNotExist:
            raise Http404 from None
        return Response(ApprovalSerializer(approval, context=_context(request)).data)


class AlertsView(APIView):
    required_permission = "alerts.read"

    @extend_schema(
        operation_id="alerts_list",
        parameters=[
            OpenApiParameter("after", int, description="Only alerts whose changed_seq is greater."),
            OpenApiParameter("state", enum=Alert.State.values),
        ],
        responses=AlertSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List alerts in the order of their last change; poll with the greatest changed_seq seen."""
        after = serializers.IntegerField(min_value=0).run_validation(request.query_params.get("after", 0))
        rows = selectors.alerts(after=after, state=request.query_params.get("state", ""))
        return Response(AlertSerializer(rows, many=True).data)


class AlertAckView(APIView):
    required_permission = "alerts.acknowledge"

    @extend_schema(request=NoteSerializer, responses=AlertSerializer)
    def post(self, request: Request, seq: int) -> Response:
        """Acknowledge an alert and own it from now on."""
        note = NoteSerializer(data=request.data)
        note.is_valid(raise_exception=True)
        try:
            alert = alerts.acknowledge(
                seq=seq, by=request.user.get_username(), at=timezone.now(), **note.validated_data
            )
        except Alert.DoesNotExist:
            raise Http404 from None
        return Response(AlertSerializer(alert).data)


def _context(request: Request) -> dict[str, Any]:
    now = timezone.now()
    return {"now": now, "user": request.user, "pending": selectors.pending_loosenings(now)}
