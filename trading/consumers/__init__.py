"""The live socket /ws/live: a snapshot, then numbered deltas. Commands never travel here.

One hub per web process holds one Redis subscription and one reader of the tables, encodes each change once and hands
the same bytes to every screen. Start reading at hub.py; connection.py is one screen's end.
"""

from trading.consumers.connection import LiveConsumer

__all__ = ["LiveConsumer"]
