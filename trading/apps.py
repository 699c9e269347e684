"""The trading app: settings of desks and markets, and the read model of what the engines did."""

from django.apps import AppConfig


class TradingConfig(AppConfig):
    name = "trading"
    default_auto_field = "django.db.models.BigAutoField"
