"""What screens see of a desk, computed by the engine at the board's own pace and offered to the stream."""

from trading.engine.config import DeskConfig
from trading.engine.host import Host


class Board:
    def __init__(self, host: Host, config: DeskConfig) -> None:
        self._host, self._config = host, config

    def start(self) -> None: ...

    def stop(self) -> None: ...
