"""Names this package to Django."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "console"
