"""The two pages that the server itself renders: the frontend's shell and the description of the API."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@never_cache
@ensure_csrf_cookie
def frontend(request: HttpRequest) -> HttpResponse:
    """Return the shell of the frontend for every address that the frontend routes by itself."""
    shell = settings.FRONTEND_DIST / "index.html"
    if not shell.exists():
        return HttpResponse("The frontend is not built. Run `make setup`.", status=503, content_type="text/plain")
    return HttpResponse(shell.read_bytes())


def api_docs(request: HttpRequest) -> HttpResponse:
    """List every endpoint from the same OpenAPI document that /api/schema/ serves; needs no script."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect("/login")
    schema = SchemaGenerator().get_schema(request=None, public=True)
    endpoints = [
        {"method": method.upper(), "path": path, **operation}
        for path, operations in sorted(schema["paths"].items())
        for method, operation in operations.items()
        if method in METHODS
    ]
    return render(request, "console/api_docs.html", {"info": schema["info"], "endpoints": endpoints})
