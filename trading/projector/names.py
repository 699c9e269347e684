"""What a desk's records refer to by name: its programs, pairs and instruments, read once per batch."""

from decimal import Decimal

from trading.core.units import Ticks
from trading.models import Desk, HedgeProgram, Instrument, Pair


class Names:
    """Programs, pairs and instruments of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.programs: dict[str, HedgeProgram] = {
            row.name: row
            for row in HedgeProgram.objects.filter(desk=desk).select_related("pair", "pair__fx_instrument")
        }
        self.instruments: dict[str, Instrument] = {row.code: row for row in Instrument.objects.select_related("venue")}
        self._pair_instruments: dict[str, tuple[str, ...]] = {}

    def program(self, name: str) -> HedgeProgram | None:
        return self.programs.get(name)

    def pair_of(self, program: str) -> Pair | None:
        row = self.programs.get(program)
        return None if row is None else row.pair

    def instruments_of(self, program: str) -> tuple[str, ...]:
        """Return the codes of a program's traded instruments, for filing its receipts."""
        pair = self.pair_of(program)
        if pair is None:
            return ()
        if pair.code not in self._pair_instruments:
            legs = pair.legs.select_related("instrument")
            self._pair_instruments[pair.code] = tuple(leg.instrument.code for leg in legs)
        return self._pair_instruments[pair.code]

    def price(self, instrument: str, ticks: Ticks) -> Decimal:
        """Return the price of `ticks`; raises KeyError for an instrument that nobody declared."""
        return ticks * self.instruments[instrument].tick
