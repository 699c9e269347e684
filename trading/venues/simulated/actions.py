"""Faults that a venue commits once, at once: busts, forced liquidation, orders of another terminal, cancels."""

from collections.abc import Callable

from trading.core.events import Offset, TimeInForce
from trading.core.units import Lots, Nanos, Side
from trading.venues.simulated.book import Order
from trading.venues.simulated.exchange import Exchange
from trading.venues.simulated.faults import Switch
from trading.venues.simulated.messages import FORCED, Busted, Corrected, Delivery, Filled, NewOrder


def perform(exchange: Exchange, switch: Switch, now: Nanos) -> list[Delivery]:
    """Perform an ACTION fault and return what it makes the venue say; nothing to act on is nothing said."""
    exchange.timer(now)
    if exchange.faults.take(switch.name, now, switch.symbol, switch.side) is None:
        return []
    match switch.name:
        case "roll_trading_day":
            return exchange.roll_trading_day(now)
        case "unsolicited_cancel":
            return exchange.cancel_working("", "venue_cancelled", now)
        case "trade_bust":
            return _amend(exchange, switch, exchange.register.bust, now)
        case "trade_correct":
            return _amend(exchange, switch, lambda fill: _correct(exchange, switch, fill), now)
        case "forced_liquidation":
            return _liquidate(exchange, switch, now)
        case "foreign_order":
            account = switch.params["account"] or next(iter(exchange.desk_of_account), "")
            symbol = switch.symbol or next(iter(exchange.listed), "")
            side = switch.side or Side.BUY
            return _trade_for(exchange, account, symbol, side, int(switch.params["lots"]), Offset.OPEN, "TERMINAL", now)
    return []


def _amend(
    exchange: Exchange, switch: Switch, change: Callable[[Filled], Busted | Corrected], now: Nanos
) -> list[Delivery]:
    """Change the last execution and report it; where nothing traded there is nothing to change."""
    fills = [fill for fill in exchange.register.fills if not switch.symbol or fill.symbol == switch.symbol]
    if not fills:
        return []
    report = change(fills[-1])
    return exchange.reports.deliver([report], now, fills[-1].symbol, fills[-1].side)


def _correct(exchange: Exchange, switch: Switch, fill: Filled) -> Corrected:
    lots = int(switch.params["lots"]) or fill.lots
    return exchange.register.correct(fill, lots, fill.price_ticks + int(switch.params["ticks"]))


def _liquidate(exchange: Exchange, switch: Switch, now: Nanos) -> list[Delivery]:
    positions = exchange.register.positions
    accounts = [switch.params["account"]] if switch.params["account"] else positions.accounts()
    for account in accounts:
        for book, holding in positions.of_account(account).items():
            symbol = book.symbol
            if holding.net_lots and switch.symbol in ("", symbol):
                side = Side.SELL if holding.net_lots > 0 else Side.BUY
                lots = min(int(switch.params["lots"]), abs(holding.net_lots))
                today = holding.closable_lots(side, Offset.CLOSE_TODAY, True)
                offset = Offset.CLOSE_TODAY if today >= lots else Offset.CLOSE
                return _trade_for(exchange, account, symbol, side, lots, offset, FORCED, now)
    return []


def _trade_for(
    exchange: Exchange,
    account: str,
    symbol: str,
    side: Side,
    lots: Lots,
    offset: Offset,
    who: str,
    now: Nanos,
) -> list[Delivery]:
    """Trade for the account at the best opposite price; its desk hears of an order it never sent."""
    levels = exchange.books[symbol].levels(side.opposite) if symbol else ()
    if not levels or not account:
        return []
    instrument = exchange.listed[symbol]
    request = NewOrder(
        desk=exchange.desk_of_account.get(account, ""),
        account=account,
        client_order_id=f"{who}-{len(exchange.register.orders) + 1}",
        symbol=symbol,
        side=side,
        lots=lots,
        price=levels[0].price_ticks * instrument.tick,
        time_in_force=TimeInForce.IOC,
        offset=offset,
    )
    order: Order = exchange.register.open(request, levels[0].price_ticks, now)
    order.filled_lots = lots
    filled = exchange.register.execute(order, lots, order.price_ticks, now)
    closed = exchange.register.close(order, "filled", now)
    return exchange.reports.deliver([filled, closed], now, symbol, side)
