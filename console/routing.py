"""Mounts each package's WebSocket routes."""

from trading.routing import websocket_urlpatterns

__all__ = ["websocket_urlpatterns"]
