"""The last thing the launcher prints: where the console is, who may log in and what to try first."""

from console.launcher import plan
from console.paths import Paths
from trading.engine import config

RULE = "─" * 98
FIRST_STEPS = """\
  Try first
    1. Log in as trader1, open the copper pair on the board and arm it.
    2. Watch it execute under Executions; every step has its time.
    3. In another window log in as risk1: thresholds, alerts, the kill switch.
    4. As auditor1 open Audit: verify the chain, export the project as PDF.
"""


def text(paths: Paths, *, address: str) -> str:
    """Return the words for this installation."""
    parts = [f"  The console is ready:  {address}\n", _logins(paths), _venues(paths)]
    if paths.demo_logins.exists():
        parts.append(FIRST_STEPS)
    parts.append("  Ctrl-C ends everything; the data stay for the next start.")
    return "\n".join(["", RULE, *filter(None, parts), RULE, ""])


def _logins(paths: Paths) -> str:
    if not paths.demo_logins.exists():
        return ""
    rows = [row for row in paths.demo_logins.read_text().splitlines() if row and not row.startswith("#")]
    return "\n".join([f"  Demo logins, kept in {paths.demo_logins}:", *(f"    {row}" for row in rows), ""])


def _venues(paths: Paths) -> str:
    """Say of every venue whether it is simulated and where its prices come from."""
    venues = [venue for desk in plan.desks(paths) for venue in config.load(paths.desk_config(desk)).venues]
    if not venues:
        return "  No desk is declared yet: manage.py apply FILE.toml\n"
    kinds = {True: "simulated: ", False: "REAL: "}
    rows = [f"    {venue.name:<6} {kinds[venue.is_simulated]}{venue.input_label}" for venue in venues]
    note = "no order leaves this machine" if all(venue.is_simulated for venue in venues) else "ORDERS ARE REAL"
    return "\n".join([f"  Venues ({note}):", *rows, ""])
