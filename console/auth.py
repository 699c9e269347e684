"""Log in, log out, who am I: session authentication with lock-out, rotation and receipts."""

import json
from typing import Any

from django.contrib import auth
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import access, receipts
from audit.errors import DomainError
from console.models import Preferences

PREFERENCES_BYTES_MAX = 16_384


class WrongCredentials(DomainError):
    code = "wrong_credentials"
    status = 401


class LoginSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)


class MeSerializer(serializers.Serializer):
    username = serializers.CharField()
    display_name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    permissions = serializers.ListField(child=serializers.CharField())
    preferences = serializers.DictField()


def describe(user: AbstractUser) -> dict[str, Any]:
    """Return what the frontend needs to know about a person."""
    preferences = Preferences.objects.filter(user=user).first()
    return {
        "username": user.get_username(),
        "display_name": user.get_full_name() or user.get_username(),
        "roles": sorted(access.roles_of(user)),
        "permissions": access.permissions_of(user),
        "preferences": preferences.values if preferences else {},
    }


@method_decorator([sensitive_post_parameters(), csrf_protect], name="dispatch")
class LoginView(APIView):
    """Opens a session. Five wrong passwords from one address lock that name there for 15 minutes.

    Afterwards the lock-out middleware answers in this view's place, see `errors.locked_out`.
    """

    permission_classes = [AllowAny]

    @extend_schema(request=LoginSerializer, responses=MeSerializer)
    def post(self, request: Request) -> Response:
        form = LoginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        http = request._request
        user = auth.authenticate(http, **form.validated_data)
        if user is None:
            _record_failure(http, form.validated_data["username"])
            raise WrongCredentials("This name and password do not belong together.")
        with transaction.atomic():
            auth.login(http, user)
            _record("logged_in", user.get_username(), http)
        return Response(describe(user))


class LogoutView(APIView):
    """Ends the session."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={204: None})
    @transaction.atomic
    def post(self, request: Request) -> Response:
        _record("logged_out", request.user.get_username(), request._request)
        auth.logout(request._request)
        return Response(status=204)


def _record(kind: str, actor: str, http: HttpRequest) -> None:
    receipts.issue(kind=kind, actor=actor, at=timezone.now(), body={"address": http.META["REMOTE_ADDR"]})


def _record_failure(http: HttpRequest, username: str) -> None:
    """Leave evidence of a failed login on an existing name.

    A name that does not exist may be a password typed into the wrong field, and anybody could fill the
    chain with such names; the lock-out keeps its own table of them.
    """
    is_known = auth.get_user_model().objects.filter(username=username).exists()
    if is_known:
        kind = "login_locked" if getattr(http, "axes_locked_out", False) else "login_failed"
        _record(kind, username, http)


@method_decorator(ensure_csrf_cookie, name="dispatch")
class MeView(APIView):
    """Who is logged in, and what they may do. Also hands out the CSRF cookie that a login needs."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return Response(describe(request.user))


class PreferencesView(APIView):
    """Changes how this person's screens look; keys that are not sent stay as they are, null removes one."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=OpenApiTypes.OBJECT, responses=MeSerializer)
    @transaction.atomic
    def patch(self, request: Request) -> Response:
        if not isinstance(request.data, dict):
            raise serializers.ValidationError("Send an object of preferences.")
        row, _ = Preferences.objects.get_or_create(user=request.user)
        merged = {**row.values, **request.data}
        row.values = {key: value for key, value in merged.items() if value is not None}
        if len(json.dumps(row.values)) > PREFERENCES_BYTES_MAX:
            raise serializers.ValidationError(f"Preferences may not exceed {PREFERENCES_BYTES_MAX} bytes.")
        row.save()
        return Response(describe(request.user))
