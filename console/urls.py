"""Mounts each package's URLs. Everything below /api/ is documented; every other page is the frontend."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from console import auth, errors, health, pages, schema

__all__ = ["schema", "urlpatterns"]

urlpatterns = [
    path("api/auth/login", auth.LoginView.as_view()),
    path("api/auth/logout", auth.LogoutView.as_view()),
    path("api/me", auth.MeView.as_view()),
    path("api/me/preferences", auth.PreferencesView.as_view()),
    path("api/health", health.HealthView.as_view()),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", pages.api_docs),
    path("api/", include("trading.urls")),
    path("api/", include("risk.urls")),
    path("api/", include("audit.urls")),
    re_path(r"^api/", errors.unknown_endpoint),
    path("livez", health.livez),
    path("readyz", health.readyz),
    re_path(r"^(?!static/|ws/).*$", pages.frontend),
]
