"""What every desk holds, as its engine last published it: the books beside the venues' figures, and the pairs."""

from typing import Any

from trading.selectors.board import desks
from trading.selectors.live import last_frame


def positions() -> dict[str, Any]:
    """Return one entry per desk; `live` is False, and nothing is claimed, while its engine publishes nothing."""
    return {"desks": [_desk(name) for name in desks()]}


def _desk(name: str) -> dict[str, Any]:
    items = last_frame(name, "positions")
    if not items:
        return {"desk": name, "live": False, "at": None, "venues": [], "lines": [], "pairs": []}
    return {**items[0], "live": True}
