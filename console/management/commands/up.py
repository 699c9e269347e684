"""`manage.py up`: starts the whole product on this machine and keeps it running until Ctrl-C."""

import asyncio
import os
import signal
import sys
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console import local_secrets
from console.launcher import demo, lock, plan, ports, valkey, venue_ports, welcome
from console.launcher.output import Output
from console.launcher.supervisor import ChildDied, NotReady, StopRequested, Supervisor

# Said by libraries at every start to somebody who can do nothing about them here.
QUIET = ("ignore:No directory at:UserWarning", "ignore:You're running the worker with superuser")


class Command(BaseCommand):
    help = (
        "Start every process of the product on this machine: embedded Redis unless REDIS_URL is set, "
        "simulated venues, web, engine, jobs and schedule. The first start applies the demo configuration. "
        "Example: CMC_PORT=8001 manage.py up --no-demo"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="start without the demo configuration")

    def handle(self, *args: Any, **options: Any) -> None:
        warnings.filterwarnings("ignore", message="No directory at")
        with ExitStack() as stack:
            try:
                stack.enter_context(lock.acquire(settings.CMC_PATHS.launcher_lock))
            except lock.AlreadyRunning as running:
                raise CommandError(str(running)) from None
            _refuse_busy_port(settings.CMC_PORT)
            call_command("migrate", verbosity=0)
            first_steps = plan.demo_configuration() if not options["no_demo"] and demo.is_due() else []
            for line in [] if options["no_demo"] else demo.left_out():
                self.stdout.write(line)
            try:
                asyncio.run(_run(Output(sys.stdout), first_steps))
            except (ChildDied, NotReady, valkey.NoServer) as failure:
                raise CommandError(str(failure)) from None
            except StopRequested:
                self.stdout.write("Stopped while starting.")


def _refuse_busy_port(port: int) -> None:
    host = os.environ.get("CMC_BIND") or ports.LOOPBACK
    if not ports.is_free(port, host):
        holder = ports.holder(port)
        raise CommandError(
            f"Port {port} is in use{f' by {holder}' if holder else ''}. "
            f"Choose another one: CMC_PORT={port + 1} make run"
        )


async def _run(output: Output, first_steps: plan.Stage) -> None:
    """Start the stages, say where everything is, wait for the end, stop the stages."""
    paths = settings.CMC_PATHS
    redis_url, redis_stage = _redis(paths.valkey)
    host = os.environ.get("CMC_BIND") or ports.LOOPBACK
    supervisor = Supervisor(output=output, env=_child_env(redis_url), log_dir=paths.log, hold_dir=paths.run)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.request_stop)
    try:
        await supervisor.start(redis_stage)
        await supervisor.start(first_steps)
        any_port = settings.CMC_VENUE_PORTS == "any"
        for line in await asyncio.to_thread(venue_ports.replace_busy, paths, any_port=any_port):
            output.plain(line)
        workers = plan.workers(paths, host=host, port=settings.CMC_PORT)
        await supervisor.start(plan.simulated_venues(paths), workers)
        address = f"http://127.0.0.1:{settings.CMC_PORT}/"
        output.plain(welcome.text(paths, address=address))
        await supervisor.wait()
        output.plain("Stopping ...")
    finally:
        await supervisor.stop()
        if redis_stage:
            paths.redis_url.unlink(missing_ok=True)
    output.plain("Stopped. Nothing is left running.")


def _redis(folder: Path) -> tuple[str, plan.Stage]:
    """Return the address of Redis and the stage that starts the embedded one where none is given."""
    if given := os.environ.get("REDIS_URL"):
        return given, []
    password = local_secrets.load_or_create(settings.CMC_PATHS.secrets).redis_password
    port = ports.free_port()
    url = f"redis://:{password}@{ports.LOOPBACK}:{port}/0"
    config = valkey.write_config(folder, port=port, password=password)
    address = settings.CMC_PATHS.redis_url
    address.touch(mode=0o600)
    address.write_text(url)
    return url, plan.valkey(valkey.server_binary(), config, url)


def _child_env(redis_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "REDIS_URL": redis_url,
        "CMC_VAR": str(settings.CMC_PATHS.var),
        "CMC_PORT": str(settings.CMC_PORT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": ",".join(filter(None, [*QUIET, os.environ.get("PYTHONWARNINGS")])),
    }
