"""Which processes the product consists of on one machine, in the order in which they start."""

import sys
from functools import partial
from pathlib import Path

from console.launcher import probes
from console.launcher.supervisor import Child, ChildSpec, has_ended_well
from console.paths import Paths

Stage = list[ChildSpec]


def valkey(binary: str, config: Path, url: str) -> Stage:
    """The embedded Redis; it is restarted when it dies, because nothing but freshness depends on it."""
    return [
        ChildSpec(
            "valkey",
            [binary, str(config)],
            is_ready=lambda _: probes.redis_answers(url),
            is_restarted=True,
            is_quiet=True,
        )
    ]


def demo_configuration() -> Stage:
    """Applies the demo once Redis is there to carry what follows from it."""
    return [
        ChildSpec(
            "demo",
            [sys.executable, "-m", "console.launcher", "demo"],
            is_ready=has_ended_well,
            ends_by_itself=True,
        )
    ]


def simulated_venues(paths: Paths) -> Stage:
    """The simulated venues, where the desks have any."""
    if not paths.venues_config.exists():
        return []
    return [
        ChildSpec(
            "venues",
            [sys.executable, "-m", "trading.venues.simulated", "--config", str(paths.venues_config)],
            is_ready=lambda _: probes.socket_answers(paths.venues_control, "state"),
        )
    ]


def workers(paths: Paths, *, host: str, port: int) -> Stage:
    """The web process, an engine worker per desk, the jobs worker and the schedule."""
    return [
        ChildSpec(
            "web",
            [
                sys.executable,
                "-m",
                "daphne",
                "-b",
                host,
                "-p",
                str(port),
                "-v",
                "0",
                "console.asgi:application",
            ],
            is_ready=lambda _: probes.http_answers(port, "/readyz"),
        ),
        *[engine_worker(paths, desk, name=name) for desk, name in _engine_names(desks(paths))],
        _worker("jobs", "-Q", "jobs", "-P", "prefork", "-c", "2", "-n", "jobs@%h"),
        ChildSpec("beat", [*_CELERY, "beat", "--pidfile=", "-l", "INFO"]),
    ]


def desks(paths: Paths) -> list[str]:
    """Return the desks whose configuration has been exported to this machine."""
    return sorted(config.parent.name for config in paths.var.glob("desks/*/desk.json"))


_CELERY = [sys.executable, "-m", "celery", "-q", "-A", "console"]


def _engine_names(names: list[str]) -> list[tuple[str, str]]:
    return [(desk, "engine" if len(names) == 1 else f"engine-{desk}") for desk in names]


def engine_worker(paths: Paths, desk: str, *, name: str) -> ChildSpec:
    """One desk's worker; it owns the desk's engine process and restarts that by itself."""
    spec = _worker(name, "-Q", f"engine.{desk}", "-P", "threads", "-c", "4", "-n", f"engine-{desk}@%h")
    control = paths.control_socket(desk)

    async def engine_and_worker_answer(child: Child) -> bool:
        return child.has_said("ready.") and await probes.socket_answers(control, "status")

    return ChildSpec(spec.name, spec.argv, is_ready=engine_and_worker_answer)


def _worker(name: str, *arguments: str) -> ChildSpec:
    # Gossip and mingle would make workers wait for each other; nothing here elects or syncs.
    return ChildSpec(
        name,
        [*_CELERY, "worker", *arguments, "-l", "INFO", "--without-gossip", "--without-mingle"],
        is_ready=partial(probes.has_said, words="ready."),
    )
