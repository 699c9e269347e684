"""`python -m console.launcher NAME`: becomes one process of the plan, for a container that runs just that.

Names: web, engine [DESK], jobs, beat, venues, and demo, which applies the demo configuration and ends.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from django.conf import settings  # noqa: E402 - needs the settings to be loaded

from console.launcher import demo, plan, ports  # noqa: E402


def become(argv: list[str]) -> None:
    """Replace this process by the one that `argv` names."""
    name, *rest = argv or ["web"]
    paths = settings.CMC_PATHS
    if name == "demo":
        if demo.is_due():
            demo.apply()
        return
    if name == "engine" and rest:
        spec = plan.engine_worker(paths, rest[0], name=name)
    else:
        host = os.environ.get("CMC_BIND") or ports.LOOPBACK
        stages = [*plan.simulated_venues(paths), *plan.workers(paths, host=host, port=settings.CMC_PORT)]
        spec = next((spec for spec in stages if spec.name == name), None)
    if spec is None:
        sys.exit(f"There is no process {name!r}: use web, engine DESK, jobs, beat, venues or demo.")
    os.execv(spec.argv[0], list(spec.argv))


if __name__ == "__main__":
    become(sys.argv[1:])
