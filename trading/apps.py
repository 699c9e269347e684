"""Names this package to Django."""

from django.apps import AppConfig


class TradingConfig(AppConfig):
    name = "trading"
