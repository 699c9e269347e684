"""What a benchmark says: one figure per object, named, with its unit and the number of samples behind it."""

from collections.abc import Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Latencies give p50, p99 and p99.9; throughputs and ratios give `value`."""

    bench: str
    name: str
    unit: str
    n: int
    value: float | None = None
    p50: float | None = None
    p99: float | None = None
    p999: float | None = None
    note: str = ""


def latency(bench: str, name: str, samples_ns: Sequence[int], note: str = "") -> Figure:
    """Return the quantiles of latencies in microseconds."""
    ordered = sorted(samples_ns)
    at = [min(len(ordered) - 1, int(len(ordered) * quantile)) for quantile in (0.5, 0.99, 0.999)]
    p50, p99, p999 = (round(ordered[n] / 1000, 1) for n in at)
    return Figure(bench, name, "us", len(ordered), p50=p50, p99=p99, p999=p999, note=note)


def ratio(bench: str, name: str, ours: Figure, floor: Figure) -> list[Figure]:
    """Return ours over floor at the median and at p99, both of the same run."""
    return [
        Figure(bench, f"{name} {quantile}", "ratio", ours.n, value=round(of_ours / of_floor, 2))
        for quantile, of_ours, of_floor in (("p50", ours.p50, floor.p50), ("p99", ours.p99, floor.p99))
        if of_ours and of_floor
    ]
