"""The demo configuration: applied to an installation that has no desk yet, never to one that has."""

from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command

FOLDER = Path(__file__).resolve().parents[1] / "demo"


def is_due() -> bool:
    """Say whether this installation has no desk yet; what people changed since the first start stays."""
    return not apps.get_model("trading", "Desk").objects.exists()


def apply() -> None:
    """Apply the demo's files and give its people passwords of this installation's own."""
    files = sorted(map(str, FOLDER.glob("*.toml")))
    call_command("apply", *files, generate_logins=settings.CMC_PATHS.demo_logins)
