"""Moves simulated venues away from ports that something else uses, in every exported configuration alike."""

import json
from pathlib import Path
from typing import Any

from console.launcher import ports
from console.paths import Paths


def replace_busy(paths: Paths) -> list[str]:
    """Give every simulated venue a free port; return one line for each that had to move."""
    if not paths.venues_config.exists():
        return []
    config = json.loads(paths.venues_config.read_text())
    moved = {
        venue["name"]: ports.free_port()
        for venue in config["venues"]
        if not ports.is_free(venue["port"], venue.get("host", ports.LOOPBACK))
    }
    if not moved:
        return []
    for file in [paths.venues_config, *paths.var.glob("desks/*/desk.json")]:
        _move(file, moved)
    return [
        f"The simulated venue {name} listens on port {port}; its own was in use."
        for name, port in moved.items()
    ]


def _move(file: Path, moved: dict[str, int]) -> None:
    content: dict[str, Any] = json.loads(file.read_text())
    for venue in content["venues"]:
        if venue["name"] in moved and venue.get("is_simulated", True):
            venue["port"] = moved[venue["name"]]
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    draft.chmod(file.stat().st_mode)
    draft.replace(file)
