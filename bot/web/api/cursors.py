"""Where a list goes on: a mark that only we can write and that fits only the list it was given for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.web.desk import ACTOR, DESK

MAC = 12
LONGEST = 60


def write(request: web.Request, mark: int) -> str:
    body = str(mark).encode()
    return base64.urlsafe_b64encode(_mac(request, body) + body).decode().rstrip("=")


def read(request: web.Request, cursor: str | None) -> int | None:
    """None at the beginning. Raises Refusal bad_cursor for any that we did not write for this very list."""
    if cursor is None:
        return None
    try:
        whole = base64.urlsafe_b64decode(cursor[:LONGEST].encode() + b"==")
    except (binascii.Error, UnicodeEncodeError):
        whole = b""
    mac, body = whole[:MAC], whole[MAC:]
    if not body or not hmac.compare_digest(mac, _mac(request, body)):
        raise Refusal("bad_cursor", "cursor 不是这份列表给的，请从第一页重新取", status=400)
    return int(body)


def _mac(request: web.Request, body: bytes) -> bytes:
    """Bound to the address, the filter and whoever asks."""
    asked = sorted(
        (name, value) for name, value in request.query.items() if name not in {"cursor", "limit"}
    )
    about = repr((request.path, asked, str(request[ACTOR]), request[ACTOR].store)).encode()
    key = hashlib.sha256(b"siyu cursors" + request.app[DESK].work.settings.key).digest()
    return hmac.digest(key, about + b"\0" + body, "sha256")[:MAC]
