"""Mounts each package's URLs. Everything below /api/ is documented; every other page is the frontend."""

from importlib.util import find_spec

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from console import auth, errors, health, pages

packages = [name for name in ("trading", "risk", "audit") if find_spec(f"{name}.urls")]

urlpatterns = [
    path("api/auth/login", auth.LoginView.as_view()),
    path("api/auth/logout", auth.LogoutView.as_view()),
    path("api/me", auth.MeView.as_view()),
    path("api/me/preferences", auth.PreferencesView.as_view()),
    path("api/health", health.HealthView.as_view()),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", pages.api_docs),
    *[path("api/", include(f"{name}.urls")) for name in packages],
    re_path(r"^api/", errors.unknown_endpoint),
    path("livez", health.livez),
    path("readyz", health.readyz),
    re_path(r"^(?!static/|ws/).*$", pages.frontend),
]
