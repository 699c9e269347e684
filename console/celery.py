"""The Celery application: commands to the desks' engines and background jobs.

Queues: `engine.<desk>` is consumed by the one worker that holds the desk, `jobs` by any number of workers.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
# `manage.py up` and `migrate` have checked the project; a worker would load every page to check it again.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("console")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["trading", "risk", "audit"])
