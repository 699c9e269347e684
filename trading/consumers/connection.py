"""One screen's end of the live socket: who it is, what it may see, and the numbering of what it was sent."""

import time
from typing import Any

import msgspec
from autobahn.exception import Disconnected
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from audit.access import permissions_of
from trading.consumers.channels import encoded, envelope, permission_of
from trading.consumers.hub import Hub

UNAUTHENTICATED = 4401
TOO_MUCH = 4429
BYTES_MAX = 2048
MESSAGES_PER_S_MAX = 50
CHANNELS_MAX = 40


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """What a screen may say."""

    op: str
    ch: str


_decoder = msgspec.json.Decoder(Request)


class LiveConsumer(AsyncWebsocketConsumer):
    """One open socket. The hub pushes; this end numbers per channel and checks permissions."""

    # No channel layer: it lives in Redis, and a socket must outlive Redis.
    channel_layer_alias = "none"

    async def connect(self) -> None:
        self.seqs: dict[str, int] = {}
        self.held_back: dict[str, list[str]] = {}  # deltas of a channel whose snapshot is still being read
        self.permissions: list[str] = []
        self.beats = 0
        self._second, self._count = 0, 0
        self.hub: Hub | None = None
        user = self.scope["user"]
        await self.accept()
        if not user.is_authenticated or self.session_key is None:
            await self.close(UNAUTHENTICATED)
            return
        self.username, self.user_id, self.password = user.get_username(), user.pk, user.password
        self.permissions = await database_sync_to_async(permissions_of)(user)
        self.hub = Hub.of_this_loop()
        await self.hub.join(self)

    @property
    def session_key(self) -> str | None:
        return self.scope["session"].session_key

    async def disconnect(self, code: int) -> None:
        if self.hub is not None:
            await self.hub.leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.hub is None:
            return
        if self._is_too_fast() or text_data is None or len(text_data) > BYTES_MAX:
            await self.close(TOO_MUCH)
            return
        try:
            request = _decoder.decode(text_data)
        except msgspec.DecodeError as fault:
            await self.complain("", "bad_message", f"Not a request this socket knows: {fault}.")
            return
        await self._obey(request)

    async def _obey(self, request: Request) -> None:
        match request.op:
            case "sub" | "resync" if self._may_see(request.ch):
                if request.ch in self.seqs or len(self.seqs) < CHANNELS_MAX:
                    await self._subscribe(request.ch)
            case "sub" | "resync":
                await self.complain(request.ch, *self._why_not(request.ch))
            case "unsub":
                self.seqs.pop(request.ch, None)
                self.held_back.pop(request.ch, None)
            case _:
                await self.complain(request.ch, "bad_message", "Say sub, unsub or resync.")

    def _may_see(self, channel: str) -> bool:
        permission = permission_of(channel)
        return permission is not None and (not permission or permission in self.permissions)

    def _why_not(self, channel: str) -> tuple[str, str]:
        if permission_of(channel) is None:
            return "unknown_channel", f"There is no channel {channel}."
        return "permission_denied", f"Your role does not see {channel}."

    async def _subscribe(self, channel: str) -> None:
        assert self.hub is not None
        self.seqs[channel] = 0
        self.held_back[channel] = []
        items = await self.hub.snapshot(channel, self.username)
        if channel not in self.seqs:
            return
        await self._send(channel, "snap", items)
        for delta in self.held_back.pop(channel, []):
            await self._send(channel, "delta", delta)

    async def push(self, channel: str, items: str) -> None:
        """Send a delta of a channel, if this screen is subscribed to it."""
        if channel in self.held_back:
            self.held_back[channel].append(items)
        elif channel in self.seqs:
            await self._send(channel, "delta", items)

    async def _send(self, channel: str, kind: str, items: str) -> None:
        self.seqs[channel] += 1
        await self._write(envelope(channel, self.seqs[channel], kind, items))

    async def _write(self, text: str) -> None:
        """Send, or drop what a tab that was just closed will not read: the other screens wait in the same turn."""
        try:
            await self.send(text_data=text)
        except Disconnected:
            self.seqs.clear()
            self.held_back.clear()

    async def beat(self, items: str) -> None:
        """Send the heartbeat with the state of the links behind this socket."""
        self.beats += 1
        await self._write(envelope("heartbeat", self.beats, "heartbeat", items))

    async def recheck(self, standing: tuple[str, list[str]] | None) -> bool:
        """Go on only while the session and the password are the ones that opened the socket; say whether it does."""
        if standing is None or standing[0] != self.password:
            await self.close(UNAUTHENTICATED)
            return False
        self.permissions = standing[1]
        for channel in [channel for channel in self.seqs if not self._may_see(channel)]:
            del self.seqs[channel]
            self.held_back.pop(channel, None)
            await self.complain(channel, *self._why_not(channel))
        return True

    async def complain(self, channel: str, code: str, message: str) -> None:
        """Say why a request was not obeyed."""
        items: list[Any] = [{"code": code, "message": message}]
        await self._write(envelope(channel, 0, "error", encoded(items)))

    def _is_too_fast(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        return self._count > MESSAGES_PER_S_MAX
