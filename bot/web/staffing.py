"""Secrets of colleagues and tills: shown once, the same again for the same act, and kept nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac

from bot.domain import phones
from bot.domain.access import PIN
from bot.domain.refusals import Refusal
from bot.store import access
from bot.store.vault import Vault
from bot.tongue import _

LENGTH = 12
PAIRING = 24
SALT = 16


def first_password(secret: bytes, act: str) -> tuple[str, str]:
    """The password, and what is kept of it; both follow from the act, so that a repeated one is the same act."""
    made = _made(b"siyu staff", secret, act)
    password = base64.urlsafe_b64encode(made[:LENGTH]).decode()
    return password, access.hashed(password, salt=made[-SALT:])


def pairing(secret: bytes, act: str) -> tuple[str, str]:
    """The token of the link that pairs a till, and what is kept of it."""
    token = base64.urlsafe_b64encode(_made(b"siyu till", secret, act)[:PAIRING]).decode()
    return token, access.fingerprint(token)


def pin_kept(secret: bytes, act: str, pin: str) -> str:
    """What is kept of a till's PIN. Raises Refusal bad_pin."""
    if not PIN.fullmatch(pin):
        raise Refusal("bad_pin", _("PIN 是 4 到 8 位数字"), status=422)
    return access.hashed(pin, salt=_made(b"siyu pin", secret, act)[-SALT:])


def _made(what: bytes, secret: bytes, act: str) -> bytes:
    return hmac.digest(hashlib.sha256(what + secret).digest(), act.encode(), "sha512")


def own_number(vault: Vault, written: str | None) -> str | None:
    """A colleague's own phone as it is kept: only to be compared with. "" forgets it."""
    if not written:
        return written
    digits = phones.digits(written)
    if not 7 <= len(digits) <= 15:
        raise Refusal("bad_phone", _("这不像一个手机号"), status=422)
    return vault.blind(digits, about="phone")
