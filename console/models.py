"""What the console itself remembers about a person."""

from django.conf import settings
from django.db import models


class Preferences(models.Model):
    """How one person wants the screens: language, colors, layout. Never anything that changes trading."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="console_preferences")
    values = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"preferences of {self.user}"
