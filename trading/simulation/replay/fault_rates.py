"""How often venues fail in a replay: stated rates per order, drawn from each exchange's own seeded chance."""

from decimal import Decimal, InvalidOperation

import msgspec

from trading.venues.simulated.faults import Faults


class BadRates(ValueError):
    """Rates that cannot be read; the text says which and how to write them."""


class FaultRates(msgspec.Struct, frozen=True):
    """Shares of all orders, each between 0 and 1. `silence` is half orders that get lost, half reports that do."""

    reject: Decimal = Decimal(0)
    partial: Decimal = Decimal(0)  # fills at most half of the order
    silence: Decimal = Decimal(0)

    @classmethod
    def parse(cls, text: str) -> "FaultRates":
        """Read "reject=0.02,partial=0.05,silence=0.01"; raises BadRates."""
        rates: dict[str, Decimal] = {}
        for part in filter(None, text.split(",")):
            name, _, figure = part.partition("=")
            try:
                rates[name] = Decimal(figure)
            except InvalidOperation:
                raise BadRates(f"{part!r} is no rate; write reject=0.02,partial=0.05,silence=0.01") from None
            if name not in cls.__struct_fields__ or not 0 <= rates[name] <= 1:
                raise BadRates(f"{part!r}: the rates are {', '.join(cls.__struct_fields__)}, each from 0 to 1")
        return cls(**rates)

    def __bool__(self) -> bool:
        return any((self.reject, self.partial, self.silence))

    def switch_on(self, faults: Faults) -> None:
        """Turn the faults on for good."""
        wanted = (
            ("reject_next", {"code": "OTHER", "text": "refused at a stated rate"}, self.reject),
            ("partial_next", {"ratio": "0.5"}, self.partial),
            ("order_lost", {}, self.silence / 2),
            ("reports_lost", {}, self.silence / 2),
        )
        for name, params, rate in wanted:
            if rate:
                faults.switch_on(name, params, 0, now=0, probability=float(rate))

    def stated(self) -> dict[str, str]:
        return {name: str(getattr(self, name)) for name in self.__struct_fields__}


NO_FAULTS = FaultRates()
USUAL_FAULTS = FaultRates(Decimal("0.02"), Decimal("0.05"), Decimal("0.01"))
