"""The faults of one schedule: which may happen, and how often, drawn from the schedule's seed.

Every schedule draws its own rates, so some are quiet and some are hostile in one way only; a fault that is on in every
schedule hides what another one would show. Numbers after a name are the entries of the fault list in COVERAGE.md.
"""

from collections import Counter
from random import Random

RATES: dict[str, tuple[float, float]] = {  # name -> (share of schedules that have it, highest rate per occasion)
    # orders and trades
    "reject": (0.45, 0.4),  # 1, 2
    "reject_storm": (0.1, 0.08),  # 3
    "partial": (0.5, 0.5),  # 4, 5
    "no_fill": (0.35, 0.3),
    "order_lost": (0.2, 0.25),  # 7, 31
    "order_late": (0.2, 0.3),  # 8: may arrive after it was presumed dead
    "fill_before_ack": (0.25, 0.5),  # 9
    "close_before_fills": (0.25, 0.5),  # 10
    "fill_repeated": (0.25, 0.5),  # 11
    "trade_id_shared": (0.2, 0.4),  # 12
    "day_turns": (0.15, 0.1),  # 13: trade numbers start over
    "fill_after_close": (0.15, 0.2),  # 14: the closing report understates what was filled
    "fill_never_told": (0.1, 0.6),  # a close understates and the trade is never told: only the position shows it
    "rests": (0.2, 0.4),  # an immediate order that stays working
    "cancel_rejected": (0.5, 0.5),  # 15
    "cancel_ack_lost": (0.3, 0.5),  # 16
    "fill_only_on_query": (0.15, 0.4),  # 17, 37
    "trade_amended": (0.15, 0.25),  # 18: taken back or corrected
    "venue_cancels": (0.3, 0.6),  # 19
    "foreign_order": (0.06, 0.05),  # 20, 21
    "venue_halt": (0.15, 0.05),  # 22
    "no_cancel_period": (0.15, 0.1),  # 23
    "session_break": (0.12, 0.05),  # 24
    "offset_rejected": (0.15, 0.4),  # 25
    "fill_off_price": (0.1, 0.3),  # 30
    # reports and lines
    "report_lost": (0.3, 0.3),  # 6, 16
    "report_late": (0.35, 0.4),  # 42
    "report_duplicated": (0.4, 0.5),  # 11, 35
    "report_reordered": (0.4, 0.6),  # 9, 10, 42
    "answer_lost": (0.3, 0.4),
    "line_drop": (0.3, 0.06),  # 31, 32
    "half_open": (0.12, 0.04),  # 33, 43
    "venue_unreachable": (0.08, 0.3),  # 32: longer than recovery waits
    "both_down": (0.1, 0.03),  # 86
    "day_replayed": (0.25, 0.7),  # 36
    "flow_control": (0.12, 0.2),  # 40
    # books and clocks
    "feed_frozen": (0.15, 0.05),  # 45, 46
    "quote_crossed": (0.2, 0.15),  # 47
    "quote_zero": (0.2, 0.15),  # 47
    "quote_one_sided": (0.2, 0.15),  # 22
    "limit_locked": (0.2, 0.1),  # 22: at the upper limit or at the lower one
    "locks_under_order": (0.15, 0.3),  # 22: the market goes to its limit just when an order arrives
    "contract_halted": (0.15, 0.08),  # 22: one contract only; what stands in for it trades on
    "quote_thin": (0.3, 0.5),
    "clock_skew": (0.2, 1.0),  # 27
    # our own machine
    "slow_sync": (0.15, 0.3),  # 65
    "disk_full": (0.06, 0.03),  # 61, 64, 85
    "crash_at_action": (0.35, 0.12),  # 70-75
    "crash_in_recovery": (0.3, 0.2),  # 76
    "lost_tail": (1.0, 1.0),  # 66: records that were never synced are cut at random
    "engine_paused": (0.15, 0.1),  # 54, 77: a standby takes over, then the paused engine wakes
    "lease_late": (0.1, 0.03),
    # people
    "kill": (0.2, 0.08),  # 82
    "kill_one_program": (0.1, 0.05),
    "lift": (0.5, 0.5),
    "lift_alone": (0.2, 0.4),  # 82
    "unwind": (0.25, 0.15),
    "disarm": (0.1, 0.03),
    "command_duplicated": (0.3, 0.6),  # 79
    "command_expired": (0.1, 0.5),
    "tight_limits": (0.08, 1.0),  # 80
}  # fmt: skip

# What some of them do only now and then, counted apart.
EFFECTS = (
    "busted", "corrected", "reject_storm_order", "no_cancel_period_order", "cut_cancel", "cut_hold", "cut_none",
    "not_sent",
)  # fmt: skip


class Faults:
    """The dice of one schedule. `hits` answers whether a fault happens now and counts it; none does when calm."""

    def __init__(self, rng: Random) -> None:
        self._random = rng.random
        self.rates = {name: rng.random() * highest for name, (share, highest) in RATES.items() if rng.random() < share}
        self.is_calm = False
        self.counts: Counter[str] = Counter()

    def hits(self, name: str) -> bool:
        rate = self.rates.get(name)
        if rate is None or self.is_calm or self._random() >= rate:
            return False
        self.counts[name] += 1
        return True

    def has(self, name: str) -> bool:
        """Whether the fault belongs to this schedule at all."""
        return name in self.rates
