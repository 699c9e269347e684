"""Addresses of receipts, verification, projects and reports, below /api/."""

from django.urls import path

from audit import api

urlpatterns = [
    path("audit/receipts", api.ReceiptsView.as_view()),
    path("audit/verify", api.VerifyView.as_view()),
    path("audit/verifier", api.VerifierView.as_view()),
    path("projects", api.ProjectsView.as_view()),
    path("projects/<str:code>", api.ProjectView.as_view()),
    path("projects/<str:code>/report.pdf", api.ReportPdfView.as_view()),
    path("projects/<str:code>/report.csv", api.ReportCsvView.as_view()),
    path("projects/<str:code>/report.manifest.json", api.ReportManifestView.as_view()),
]
