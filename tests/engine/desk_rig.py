"""A desk driven by hand, with a journal in memory: the tests say what venues, disk and operators do."""

import msgspec

from risk.gate import review
from trading.core import events as e
from trading.core.units import SECOND
from trading.engine import commands as c
from trading.engine.actions import Reply, Submit
from trading.engine.desk import Desk
from trading.engine.journal import MemoryJournal
from trading.simulation.copper import (
    CA,
    COPPER_LIMITS,
    CU,
    FX,
    copper_desk,
    copper_terms,
    quote,
)

START = 1_800_000_000 * SECOND


class DeskRig:
    """A desk whose venues answer as told. `sent` are the orders that left."""

    def __init__(self, *programs, limits=COPPER_LIMITS, history=(), epoch=1, **capabilities):
        self.now = START
        self.config = copper_desk(programs or (copper_terms(),), limits)
        if capabilities:
            self.config = msgspec.structs.replace(
                self.config,
                venues=tuple(
                    msgspec.structs.replace(v, capabilities=msgspec.structs.replace(v.capabilities, **capabilities))
                    for v in self.config.venues
                ),
            )
        self.journal = MemoryJournal(epoch=epoch)
        self.desk = Desk(self.config, self.journal, review, epoch, self.now)
        self.sent, self.actions, self.replies = [], [], []
        self.desk.recover(history)
        self.do(self.desk.resume(self.now))

    def do(self, actions):
        self.actions += actions
        for action in actions:
            if isinstance(action, Submit):
                self.sent += action.orders
            elif isinstance(action, Reply):
                self.replies.append(action)
        return actions

    def tell(self, event):
        return self.do(self.desk.on_report(event, self.now))

    def command(self, command):
        return self.do(self.desk.on_command(command, self.now))

    def synced(self):
        return self.do(self.desk.on_durable(self.journal.seq, self.now))

    def connect(self, *venues):
        for venue in venues or ("SHFE", "LME"):
            self.tell(e.VenueUp(venue))
            self.tell(e.StatusEnded(venue, self.now))

    def arm(self, **changes):
        command = c.ArmProgram("CU-SELL", "C1", "trader1", 1, self.now + 2 * SECOND)
        self.command(msgspec.structs.replace(command, **changes))
        self.synced()

    def market(self, bid="79490", ask="79500"):
        for instrument, prices in ((CA, ("9799.5", "9800")), (FX, ("7.0990", "7.1010")), (CU, (bid, ask))):
            self.do(self.desk.on_quote(quote(instrument, *prices, self.now), self.now))

    def events(self, kind):
        return [record.event for record in self.journal.records if isinstance(record.event, kind)]

    @property
    def program(self):
        return self.desk.programs["CU-SELL"]


def ready(*programs, **options):
    rig = DeskRig(*programs, **options)
    rig.connect()
    rig.arm()
    return rig
