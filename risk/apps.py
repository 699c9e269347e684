"""Names this package to Django."""

from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "risk"
