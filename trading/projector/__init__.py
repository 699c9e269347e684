"""Copies a desk's journal into the database: receipts with their own bytes and hashes, and the tables of screens.

One thread per desk writes, in batches, each in one transaction together with the cursor: a crash between two batches
loses nothing and repeats nothing. Start reading at copying.py; fold.py says what each record changes.
"""

from trading.projector.copying import Projector, follow

__all__ = ["Projector", "follow"]
