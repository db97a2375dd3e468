"""Signatures that are not envelopes: pages for the JS-SDK, and webhooks of shop systems (Standard Webhooks)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

_FRESH_SECONDS = 300
_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_ID = re.compile(r"[!-~]{1,255}", re.ASCII)


def js_signature(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """For `wx.config` and `ww.register`; the page's URL counts without its fragment."""
    page = url.partition("#")[0]
    spoken = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}"
    return hashlib.sha1(spoken.encode()).hexdigest()


def sign_webhook(secret: str, identifier: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` a sender would give."""
    return "v1," + _mac(_key(secret), identifier, str(timestamp), body)


def verify_webhook(
    secrets: str | Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Whether one of the given signatures fits one of our secrets, over the exact bytes, within 300 s."""
    identifier, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(identifier) or not _STAMP.fullmatch(stamp):
        return False
    if abs(int(stamp) - now.timestamp()) > _FRESH_SECONDS:
        return False
    ours = (secrets,) if isinstance(secrets, str) else secrets
    expected = [_mac(_key(secret), identifier, stamp, body) for secret in ours]
    given = _given(headers.get("webhook-signature", ""))
    return any(hmac.compare_digest(one, each.encode()) for one in given for each in expected)


def _given(header: str) -> list[bytes]:
    versions = [entry.partition(",") for entry in header.split(" ")[:16]]
    return [mac.encode(errors="replace") for version, _, mac in versions if version == "v1"]


def _mac(key: bytes, identifier: str, stamp: str, body: bytes) -> str:
    signed = f"{identifier}.{stamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError("a webhook secret is whsec_ and base64") from None
    if len(key) < 16:
        raise ValueError("a webhook secret is too short")
    return key
