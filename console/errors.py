"""One shape for every refusal: {"code", "message", "fields"}, with a code that never changes."""

import logging
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from audit.errors import DomainError

logger = logging.getLogger(__name__)


def body(code: str, message: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the one shape; `fields` maps an input's name to what is wrong with it."""
    return {"code": code, "message": message, "fields": fields or {}}


def to_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into an answer; None means a bug, which becomes a plain 500."""
    if isinstance(error, DomainError):
        return Response(body(error.code, error.message, error.fields), status=error.status)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        response.data = _invalid_input(error)
    elif isinstance(error, Http404):
        response.data = body("not_found", "There is nothing at this address.")
    elif isinstance(error, exceptions.APIException):
        response.data = body(_code_of(error), str(error.detail))
    else:
        response.data = body("forbidden", "You may not do this.")
    return response


def _code_of(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.PermissionDenied) and "CSRF" in str(error.detail):
        return "csrf_failed"
    return str(error.get_codes()) if isinstance(error.get_codes(), str) else error.default_code


def _invalid_input(error: exceptions.ValidationError) -> dict[str, Any]:
    if not isinstance(error.detail, dict):
        return body("invalid_input", " ".join(map(str, error.detail)))
    fields = {name: _first_line(detail) for name, detail in error.detail.items()}
    summary = "; ".join(f"{name}: {text}" for name, text in fields.items())
    return body("invalid_input", summary, fields)


def _first_line(detail: Any) -> str:
    while isinstance(detail, (list, dict)) and detail:
        detail = next(iter(detail.values())) if isinstance(detail, dict) else detail[0]
    return str(detail)


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    """Answer a request whose CSRF token or origin is wrong."""
    logger.warning("refused %s %s: %s", request.method, request.path, reason)
    return JsonResponse(body("csrf_failed", "Reload the page and try again."), status=403)


def locked_out(request: HttpRequest, *_: object) -> JsonResponse:
    """Answer in place of the login while a name is locked, for the right password as for a wrong one."""
    message = "Too many wrong passwords. Wait 15 minutes, or ask an administrator."
    return JsonResponse(body("locked_out", message), status=429)


def unknown_endpoint(request: HttpRequest) -> JsonResponse:
    """Answer an address below /api/ that no package has."""
    return JsonResponse(body("not_found", f"There is no endpoint {request.path}."), status=404)
