"""The last thing the launcher prints: where the console is, who may log in and what to try first."""

from console.paths import Paths

WELCOME = """
{line}
  The console is ready:  {address}

{logins}
  Everything is simulated: the venues are our own servers on this machine, no order leaves it.
  {input}

  Try first
    1. Log in as trader1, open the copper pair on the board and arm it.
    2. Watch it execute under Executions; every step has its time.
    3. In another window log in as risk1: thresholds, alerts, the kill switch.
    4. As auditor1 open Audit: verify the chain, export the project as PDF.

  Ctrl-C ends everything; the data stay for the next start.
{line}
"""


def text(paths: Paths, *, address: str, recorded_ticks: str) -> str:
    """Return the words for this installation."""
    source = (
        f"One side of each pair replays recordings from {recorded_ticks}; the other is generated from it."
        if recorded_ticks
        else "Prices are generated; set RECORDED_TICKS to a folder of recordings to replay real ticks."
    )
    return WELCOME.format(line="─" * 98, address=address, logins=_logins(paths), input=source)


def _logins(paths: Paths) -> str:
    if not paths.demo_logins.exists():
        return ""
    rows = [row for row in paths.demo_logins.read_text().splitlines() if row and not row.startswith("#")]
    return "\n".join([f"  Demo logins, kept in {paths.demo_logins}:", *(f"    {row}" for row in rows), ""])
