"""Is this process alive, can it serve, and how are the things it needs."""

import time
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

STARTED_AT = time.time()


class HealthSerializer(serializers.Serializer):
    environment = serializers.CharField()
    database = serializers.ChoiceField(["up", "down"])
    redis = serializers.ChoiceField(["up", "down"])
    uptime_s = serializers.IntegerField()


def database_is_up() -> bool:
    """Say whether the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def redis_is_up() -> bool:
    """Say whether Redis answers within half a second."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def livez(request: HttpRequest) -> JsonResponse:
    """Answer while the process can answer at all; a supervisor restarts it otherwise."""
    return JsonResponse({"live": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when requests can be served. Redis may be away: screens then say what they do not know."""
    ready = database_is_up()
    return JsonResponse({"ready": ready}, status=200 if ready else 503)


class HealthView(APIView):
    """What this process sees of its surroundings; the engines' health comes over the socket."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=HealthSerializer)
    def get(self, request: Request) -> Response:
        health: dict[str, Any] = {
            "environment": settings.CMC_ENVIRONMENT,
            "database": "up" if database_is_up() else "down",
            "redis": "up" if redis_is_up() else "down",
            "uptime_s": int(time.time() - STARTED_AT),
        }
        return Response(health)
