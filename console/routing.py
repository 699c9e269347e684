"""Mounts each package's WebSocket routes."""

from importlib.util import find_spec

websocket_urlpatterns: list = []
if find_spec("trading.routing"):
    from trading.routing import websocket_urlpatterns  # noqa: F401
