"""Addresses of the trading API, below /api/."""

from django.urls import path

from trading.api import commands, executions, operations, positions, programs

urlpatterns = [
    path("board", programs.BoardView.as_view()),
    path("pairs/<str:code>", programs.PairView.as_view()),
    path("programs", programs.ProgramsView.as_view()),
    path("programs/<str:name>", programs.ProgramView.as_view()),
    path("programs/<str:name>/terms", programs.TermsView.as_view()),
    path("programs/<str:name>/arm-review", programs.ArmReviewView.as_view()),
    path("programs/<str:name>/arm", commands.ArmView.as_view()),
    path("programs/<str:name>/disarm", commands.DisarmView.as_view()),
    path("programs/<str:name>/unwind", commands.UnwindView.as_view()),
    path("programs/<str:name>/unwind-preview", operations.UnwindPreviewView.as_view()),
    path("programs/<str:name>/flatten-preview", operations.FlattenPreviewView.as_view()),
    path("programs/<str:name>/flatten", operations.FlattenView.as_view()),
    path("positions/adjust", operations.AdjustPositionView.as_view()),
    path("desks/<str:desk>/foreign-orders", operations.ForeignOrdersView.as_view()),
    path("desks/<str:desk>/foreign-orders/release", operations.ReleaseForeignView.as_view()),
    path("requests/<int:approval_id>/approve", operations.RequestApproveView.as_view()),
    path("requests/<int:approval_id>/reject", operations.RequestRejectView.as_view()),
    path("commands/<str:command_id>", commands.CommandView.as_view()),
    path("kill", commands.KillView.as_view()),
    path("kill/lift", commands.LiftRequestView.as_view()),
    path("kill/lift/<int:approval_id>/approve", commands.LiftApproveView.as_view()),
    path("kill/lift/<int:approval_id>/reject", commands.LiftRejectView.as_view()),
    path("executions", executions.ExecutionsView.as_view()),
    path("executions/<str:execution_id>", executions.ExecutionView.as_view()),
    path("positions", positions.PositionsView.as_view()),
    path("executions/<str:execution_id>/accept", operations.AcceptResidualView.as_view()),
    path("venues", executions.VenuesView.as_view()),
]
