"""A desk that makes its venue fail, and the list of faults that some test has shown on the wire."""

from collections.abc import Callable
from typing import Any, TypeVar

from tests.venues.simulated.wire import FixClient, LocalClient, ask_control

Test = TypeVar("Test", bound=Callable[..., Any])
SHOWN: set[str] = set()
REPORTS = {"accepted", "rejected", "fill", "closed", "cancel_rejected", "bust", "correct"}


def shows(*names: str) -> Callable[[Test], Test]:
    """Mark a test as the one that shows these faults on the wire."""
    SHOWN.update(names)
    return lambda test: test


class Desk(LocalClient):
    """A raw client with the control socket beside it."""

    config: Any

    async def breaks(self, name: str, **request: Any) -> dict[str, Any]:
        params = request.pop("params", {})
        answer = await ask_control(self.config, op="fault", venue="SHFE", name=name, params=params, **request)
        assert answer["ok"], answer
        return answer["result"]

    async def said(self, for_s: float = 0.25) -> list[str]:
        """Return the kinds of report that come within a short while."""
        return [line["op"] for line in await self.silence(for_s) if line["op"] in REPORTS]

    async def status(self, order_id: str = "1") -> tuple[str, int]:
        self.send(op="query", epoch=1, id=order_id, ref="q")
        found = await self.until("status", id=order_id)
        return found["state"], found.get("filled", 0)

    async def depth(self) -> dict[str, Any]:
        """Return the next book after what is already on its way."""
        await self.silence(0.02)
        return await self.until("depth")

    async def net_lots(self) -> int:
        answer = await ask_control(self.config, op="positions", venue="SHFE", account="A1")
        return sum(row["net_lots"] for row in answer["result"])

    def ops(self) -> list[str]:
        return [line["op"] for line in self.lines if line["op"] in REPORTS]


async def break_london(client: FixClient, name: str, **params: Any) -> None:
    answer = await ask_control(client.config, op="fault", venue="LME", name=name, params=params)
    assert answer["ok"], answer
