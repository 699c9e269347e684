"""The faults of one schedule: which may happen, and how often, drawn from the schedule's seed.

Every schedule draws its own rates, so some are quiet and some are hostile in one way only; a fault that is on in every
schedule hides what another one would show. Numbers after a name are the entries of controls.md §3.4.
"""

from collections import Counter
from random import Random

RATES: dict[str, tuple[float, float]] = {  # name -> (share of schedules that have it, highest rate per occasion)
    "reject": (0.45, 0.4),  # 1-3
    "partial": (0.5, 0.5),  # 4, 5
    "no_fill": (0.35, 0.3),
    "report_lost": (0.3, 0.3),  # 6, 16, 17
    "report_late": (0.35, 0.4),  # 42
    "report_duplicated": (0.4, 0.5),  # 11, 35
    "report_reordered": (0.4, 0.6),  # 9, 10
    "order_lost": (0.2, 0.25),  # 7, 31
    "order_late": (0.2, 0.3),  # 8: may arrive after it was presumed dead
    "fill_after_close": (0.15, 0.2),  # 14: the closing report understates what was filled
    "rests": (0.2, 0.4),  # 23: an immediate order that stays working
    "cancel_rejected": (0.5, 0.5),  # 15
    "answer_lost": (0.3, 0.4),
    "line_drop": (0.3, 0.06),  # 31, 32
    "half_open": (0.12, 0.04),  # 33
    "venue_unreachable": (0.08, 0.3),  # 32: longer than recovery waits
    "venue_halt": (0.15, 0.05),  # 22
    "feed_frozen": (0.15, 0.05),  # 45
    "quote_crossed": (0.2, 0.15),  # 47
    "quote_zero": (0.2, 0.15),  # 47
    "quote_one_sided": (0.2, 0.15),  # 22
    "limit_locked": (0.12, 0.05),  # 22
    "quote_thin": (0.3, 0.5),
    "clock_skew": (0.2, 1.0),  # 27
    "slow_sync": (0.15, 0.3),  # 65
    "crash_at_action": (0.35, 0.12),  # 70-75
    "crash_in_recovery": (0.3, 0.2),  # 76
    "lost_tail": (1.0, 1.0),  # 66: records that were never synced are cut at random
    "kill": (0.25, 0.12),  # 82
    "unwind": (0.25, 0.15),
    "disarm": (0.1, 0.03),
    "command_duplicated": (0.3, 0.6),  # 79
    "command_expired": (0.1, 0.5),
    "lease_late": (0.1, 0.03),
    "tight_limits": (0.08, 1.0),  # 80
}  # fmt: skip


class Faults:
    """The dice of one schedule. `hits` answers whether a fault happens now and counts it; none does when calm."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.rates = {name: rng.random() * highest for name, (share, highest) in RATES.items() if rng.random() < share}
        self.is_calm = False
        self.counts: Counter[str] = Counter()

    def hits(self, name: str) -> bool:
        rate = self.rates.get(name)
        if rate is None or self.is_calm or self.rng.random() >= rate:
            return False
        self.counts[name] += 1
        return True

    def has(self, name: str) -> bool:
        """Whether the fault belongs to this schedule at all."""
        return name in self.rates
