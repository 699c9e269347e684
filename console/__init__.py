"""The Django project: settings, access, health and the launcher. No business rules live here."""

from console.celery import app as celery_app

__all__ = ["celery_app"]
