"""Addresses of thresholds, requests and alerts, below /api/."""

from django.urls import path

from risk import api

urlpatterns = [
    path("thresholds", api.ThresholdsView.as_view()),
    path("thresholds/<int:threshold_id>", api.ThresholdView.as_view()),
    path("approvals", api.ApprovalsView.as_view()),
    path("approvals/<int:approval_id>/approve", api.ApprovalDecisionView.as_view(approve=True)),
    path("approvals/<int:approval_id>/reject", api.ApprovalDecisionView.as_view(approve=False)),
    path("alerts", api.AlertsView.as_view()),
    path("alerts/<int:seq>/ack", api.AlertAckView.as_view()),
]
