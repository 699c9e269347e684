"""The control socket of the simulated venues: JSON lines on a private Unix socket.

{"op": "fault", "venue", "name", "params": {}, "count": 1, "probability", "symbol", "side"} · {"op": "faults"} ·
{"op": "clear", "venue", "name"} · {"op": "positions", "venue", "account"} · {"op": "orders", "venue"} ·
{"op": "roll_day", "venue"} · {"op": "tap", "venue"} · {"op": "state"}.
Answers {"ok": true, "result"} or {"ok": false, "code", "text"}.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from trading.venues.simulated.face import price_text
from trading.venues.simulated.fault_catalogue import CATALOGUE
from trading.venues.simulated.faults import UnknownFault
from trading.venues.simulated.server import SimulatedVenue, Venues

TAP_LINES_MAX = 500
LINE_BYTES_MAX = 65_536


class BadRequest(ValueError):
    """A control request that cannot be served; the text says why."""


class ControlSocket:
    def __init__(self, venues: Venues, path: Path) -> None:
        self._venues, self._path = venues, path
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, readable by this user alone; a socket left by a dead process is replaced."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LINE_BYTES_MAX)
        finally:
            os.umask(mask)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.answer(line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):  # gone, or a line beyond the limit: this client only
            pass
        finally:
            writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the answer to one request; a bad one changes nothing."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise BadRequest("a request is a JSON object")
            return {"ok": True, "result": self._result(request)}
        except json.JSONDecodeError as error:
            return {"ok": False, "code": "bad_json", "text": str(error)}
        except UnknownFault as error:
            return {"ok": False, "code": "unknown_fault", "text": str(error)}
        except (BadRequest, TypeError, ValueError) as error:
            return {"ok": False, "code": "bad_request", "text": str(error)}

    def _result(self, request: dict[str, Any]) -> Any:
        match request.get("op"):
            case "fault":
                return self._switch_on(self._venue(request), request)
            case "faults":
                return self._faults()
            case "clear":
                return {"cleared": self._venue(request).exchange.faults.clear(request.get("name", ""))}
            case "positions":
                return _positions(self._venue(request), request.get("account", ""))
            case "orders":
                return _orders(self._venue(request))
            case "roll_day":
                return self._roll_day(self._venue(request))
            case "tap":
                return _tap(self._venue(request))
            case "state":
                return {name: _state(venue) for name, venue in self._venues.by_name.items()}
        raise BadRequest("op is one of fault, faults, clear, positions, orders, roll_day, tap, state")

    def _venue(self, request: dict[str, Any]) -> SimulatedVenue:
        venue = self._venues.by_name.get(request.get("venue", ""))
        if venue is None:
            raise BadRequest(f"venue is one of {', '.join(self._venues.by_name)}, not {request.get('venue')!r}")
        return venue

    def _switch_on(self, venue: SimulatedVenue, request: dict[str, Any]) -> dict[str, Any]:
        switch = venue.exchange.faults.switch_on(
            request.get("name", ""),
            request.get("params") or {},
            request.get("count"),
            now=venue.now(),
            probability=float(request.get("probability", 1.0)),
            symbol=request.get("symbol", ""),
            side=request.get("side", ""),
        )
        venue.switched(switch)
        return {"name": switch.name, "params": switch.params, "left": switch.left}

    def _roll_day(self, venue: SimulatedVenue) -> dict[str, Any]:
        """Begin the venue's next trading day now: today's lots become yesterday's, 3M names another date."""
        venue.dispatch(venue.exchange.roll_trading_day(venue.now()))
        return {"trading_day": venue.trading_day()}

    def _faults(self) -> dict[str, Any]:
        kinds = {
            name: {
                "where": kind.where.value,
                "ids": kind.catalogue_ids,
                "does": kind.does,
                "params": kind.params,
            }
            for name, kind in CATALOGUE.items()
        }
        on = {name: venue.exchange.faults.listing() for name, venue in self._venues.by_name.items()}
        occurred = {name: dict(venue.exchange.faults.occurred) for name, venue in self._venues.by_name.items()}
        return {"catalogue": kinds, "on": on, "occurred": occurred}


def _positions(venue: SimulatedVenue, account: str) -> list[dict[str, Any]]:
    positions = venue.exchange.register.positions
    return [
        {
            "account": owner,
            "symbol": book.symbol,
            "hedge_flag": book.hedge_flag.value,
            "prompt": book.prompt,
            "net_lots": holding.net_lots,
            "long_today": holding.long_today,
            "long_yesterday": holding.long_yesterday,
            "short_today": holding.short_today,
            "short_yesterday": holding.short_yesterday,
        }
        for owner in ([account] if account else positions.accounts())
        for book, holding in positions.of_account(owner).items()
    ]


def _orders(venue: SimulatedVenue) -> list[dict[str, Any]]:
    exchange = venue.exchange
    return [
        {
            "id": order.client_order_id,
            "desk": order.desk,
            "account": order.account,
            "venue_id": order.venue_order_id,
            "symbol": order.symbol,
            "side": order.side.value,
            "lots": order.lots,
            "price": price_text(order.price_ticks, exchange.listed[order.symbol]),
            "tif": order.time_in_force.value,
            "filled": order.reported_lots,
            "state": "working" if order.is_working else "closed",
            "reason": order.reason,
            "accepted_ns": order.accepted_ns,
        }
        for order in exchange.register.orders.values()
        if order.symbol in exchange.listed
    ]


def _tap(venue: SimulatedVenue) -> dict[str, Any]:
    with venue.tap.path.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    orders = [line for line in lines if "journal_synced_offset_ok" in line]
    proven = sum(line["journal_synced_offset_ok"] is True for line in orders)
    return {
        "path": str(venue.tap.path),
        "inbound_orders": len(orders),
        "durable_before_wire": proven,
        "lines": lines[-TAP_LINES_MAX:],
    }


def _state(venue: SimulatedVenue) -> dict[str, Any]:
    exchange, now = venue.exchange, venue.now()
    return {
        "face": venue.entry.face,
        "host": venue.entry.host,
        "port": venue.face.port,
        "clients": venue.face.clients,
        "trading_day": exchange.trading_day(now),
        "orders": len(exchange.register.orders),
        "working": len(exchange.register.working()),
        "instruments": {
            instrument.code: {
                "phase": exchange.phase(instrument.symbol, now),
                "input": venue.label(instrument.code),
            }
            for instrument in venue.entry.instruments
        },
    }
