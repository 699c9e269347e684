"""Engine time: UTC anchored once at the start and advanced by the monotonic clock, so that it never steps."""

import time
from collections.abc import Callable

from trading.core.units import Nanos


def engine_clock() -> Callable[[], Nanos]:
    """Return a function that tells engine time in nanoseconds UTC."""
    anchor = time.time_ns() - time.monotonic_ns()
    monotonic_ns = time.monotonic_ns

    def now() -> Nanos:
        return anchor + monotonic_ns()

    return now
