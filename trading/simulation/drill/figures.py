"""How a drill states its times."""


def spread(values: list[float]) -> dict[str, float]:
    """Return p50, p99 and the largest, by nearest rank."""
    if not values:
        return {}
    ordered = sorted(values)
    rank = {"p50": 50, "p99": 99}
    found = {name: ordered[max(0, -(-len(ordered) * share // 100) - 1)] for name, share in rank.items()}
    return {name: round(value, 1) for name, value in (*found.items(), ("max", ordered[-1]))} | {"n": len(ordered)}
