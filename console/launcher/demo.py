"""The demo configuration: applied to an installation that has no desk yet, never to one that has."""

from pathlib import Path

from django.apps import apps
from django.core.management import call_command

FOLDER = Path(__file__).resolve().parents[1] / "demo"


def apply_once() -> None:
    """Apply the demo's files where no desk exists; what people changed since then stays as it is."""
    if not apps.get_model("trading", "Desk").objects.exists():
        call_command("apply", *sorted(map(str, FOLDER.glob("*.toml"))))
