"""Where one platform's callbacks go and in which form: XML or JSON; plain, compat or secure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.envelope import Seal, cdata, read_fields, sign

if TYPE_CHECKING:
    from bot.sandbox.callbacks import Parcel
    from bot.sandbox.world.spec import Settings

TYPES = {"xml": "text/xml", "json": "application/json"}


@dataclass(frozen=True)
class Post:
    """One delivery: what stands in the address and what in the body."""

    query: dict[str, str]
    body: str
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Address:
    url: str
    seal: Seal
    receiver: str
    agent_id: int = 0
    taken: frozenset[int] = frozenset({200})
    """The statuses that say it arrived."""

    def envelope(self, parcel: Parcel, *, settings: Settings, timestamp: int, nonce: str) -> Post:
        """Only the Official Account knows unencrypted modes; WeCom always encrypts."""
        if parcel.platform == "wecom":
            encrypted = self.seal.encrypt(parcel.plain)
            query = self.seal.query(encrypted, timestamp=timestamp, nonce=nonce)
            return Post(query, self._wecom_body(encrypted, parcel.form), TYPES[parcel.form])
        query = {"timestamp": str(timestamp), "nonce": nonce}
        query["signature"] = sign(self.seal.token, str(timestamp), nonce)
        query["openid"] = str(parcel.facts.get("openid", ""))
        if settings.official_mode == "plain":
            return Post(query, parcel.plain, TYPES[parcel.form])
        encrypted = self.seal.encrypt(parcel.plain)
        query |= self.seal.query(encrypted, timestamp=timestamp, nonce=nonce)
        query["encrypt_type"] = "aes"
        body = self._official_body(parcel, encrypted, compat=settings.official_mode == "compat")
        return Post(query, body, TYPES[parcel.form])

    def _wecom_body(self, encrypted: str, form: str) -> str:
        agent = str(self.agent_id) if self.agent_id else ""
        if form == "json":
            said = {"tousername": self.receiver, "encrypt": encrypted, "agentid": agent}
            return json.dumps(said)
        return (
            f"<xml><ToUserName>{cdata(self.receiver)}</ToUserName>"
            f"<AgentID>{cdata(agent)}</AgentID><Encrypt>{cdata(encrypted)}</Encrypt></xml>"
        )

    def _official_body(self, parcel: Parcel, encrypted: str, *, compat: bool) -> str:
        """Compat carries the plain fields beside the sealed ones."""
        if parcel.form == "json":
            plain = json.loads(parcel.plain) if compat else {"ToUserName": self.receiver}
            return json.dumps({**plain, "Encrypt": encrypted}, ensure_ascii=False)
        sealed = f"<Encrypt>{cdata(encrypted)}</Encrypt></xml>"
        if compat:
            return parcel.plain.removesuffix("</xml>") + sealed
        return f"<xml><ToUserName>{cdata(self.receiver)}</ToUserName>{sealed}"

    def read_reply(self, reply: str, *, platform: str, mode: str) -> dict[str, Any]:
        """The fields of a passive reply; ValueError when the platform would refuse it."""
        outer = read_fields(reply)
        sealed = any(name.lower() == "encrypt" for name in outer)
        if platform == "official" and not sealed and mode in ("plain", "compat"):
            return outer
        if platform == "official" and mode == "plain":
            raise ValueError("an encrypted reply in plain mode")
        return self.seal.open_reply(outer)
