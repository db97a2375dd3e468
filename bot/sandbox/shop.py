"""The shop's own system, which is no platform's: it reports orders by Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox.address import TYPES, Post

if TYPE_CHECKING:
    from bot.sandbox.callbacks import Parcel
    from bot.sandbox.world.spec import Settings


@dataclass
class OrderDoor:
    """Where the bot hears of orders, and the secret that both sides hold."""

    url: str
    secret: str
    taken: frozenset[int] = frozenset({200, 202})

    def envelope(
        self,
        parcel: Parcel,
        *,
        settings: Settings,  # noqa: ARG002 - a shop system has none of the platforms' modes
        timestamp: int,
        nonce: str,  # noqa: ARG002
    ) -> Post:
        """The same id however often it is sent, and a fresh moment each time."""
        identifier = str(parcel.facts["event_id"])
        signed = f"{identifier}.{timestamp}.{parcel.plain}".encode()
        headers = {
            "webhook-id": identifier,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": "v1," + self._mac(signed),
        }
        return Post({}, parcel.plain, TYPES["json"], headers)

    def _mac(self, signed: bytes) -> str:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
