"""Real AES envelopes, made and opened with wechatpy, so that the bot's own crypto meets a stranger's."""

from __future__ import annotations

import base64
import json
from typing import Any
from xml.etree import ElementTree as ET

from wechatpy.crypto import PrpCrypto as OfficialCrypto
from wechatpy.enterprise.crypto import PrpCrypto as WecomCrypto
from wechatpy.utils import WeChatSigner

Field = tuple[str, "str | int | float | list[Field]"]


def cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def xml(fields: list[Field], root: str = "xml") -> str:
    """Numbers stand bare and texts in CDATA, as on the platforms."""
    parts = []
    for name, value in fields:
        if isinstance(value, list):
            parts.append(xml(value, name))
        else:
            parts.append(
                f"<{name}>{value if isinstance(value, int | float) else cdata(value)}</{name}>"
            )
    return f"<{root}>{''.join(parts)}</{root}>"


def tree(fields: list[Field]) -> dict[str, Any]:
    """The JSON form: keys equal the XML's tags, and what repeats is a list."""
    out: dict[str, Any] = {}
    for name, value in fields:
        inner = tree(value) if isinstance(value, list) else value
        if name.startswith("SubscribeMsg") and isinstance(inner, dict):
            out |= inner  # the JSON pushes carry `List` at the top, without the XML's wrapper
        elif name in out:
            earlier = out[name]
            out[name] = [*(earlier if isinstance(earlier, list) else [earlier]), inner]
        else:
            out[name] = inner
    return out


def worded(fields: list[Field], form: str) -> str:
    """A push before encryption, as XML or JSON."""
    return json.dumps(tree(fields), ensure_ascii=False) if form == "json" else xml(fields)


def sign(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)


class Seal:
    """One app's callback token and AES key."""

    def __init__(self, *, token: str, aes_key: str, receiver: str, platform: str) -> None:
        self.token = token
        self._receiver = receiver
        crypto = WecomCrypto if platform == "wecom" else OfficialCrypto
        self._crypto = crypto(base64.b64decode(aes_key + "="))

    def encrypt(self, plain: str) -> str:
        sealed: bytes = self._crypto.encrypt(plain, self._receiver)
        return sealed.decode()

    def query(self, encrypted: str, *, timestamp: int, nonce: str) -> dict[str, str]:
        signature = sign(self.token, str(timestamp), nonce, encrypted)
        return {"msg_signature": signature, "timestamp": str(timestamp), "nonce": nonce}

    def open_reply(self, outer: dict[str, Any]) -> dict[str, Any]:
        """The fields of an encrypted passive reply; ValueError when it would be refused."""
        given = {name.lower().replace("_", ""): str(value) for name, value in outer.items()}
        if "encrypt" not in given:
            raise ValueError("the reply is not encrypted")
        stamp, nonce, encrypted = given.get("timestamp"), given.get("nonce"), given["encrypt"]
        if sign(self.token, stamp or "", nonce or "", encrypted) != given.get("msgsignature"):
            raise ValueError("the reply's signature is wrong")
        try:
            plain = self._crypto.decrypt(encrypted, self._receiver)
        except Exception as error:  # wechatpy raises whatever its ciphers raise
            raise ValueError("the reply cannot be decrypted") from error
        return read_fields(plain)


def read_fields(body: str | bytes) -> dict[str, Any]:
    """XML or JSON, whichever it is."""
    text = body.decode() if isinstance(body, bytes) else body
    if not text.lstrip().startswith("{"):
        try:
            return fields_of(ET.fromstring(text))
        except ET.ParseError as error:
            raise ValueError(f"neither XML nor JSON: {error}") from error
    found = json.loads(text)
    return found if isinstance(found, dict) else {}


def fields_of(element: ET.Element) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for child in element:
        value = fields_of(child) if len(child) else (child.text or "")
        if child.tag in out:
            earlier = out[child.tag]
            out[child.tag] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            out[child.tag] = value
    return out
