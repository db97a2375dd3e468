"""The first password of a colleague: shown once, the same again for the same act, and kept nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac

from bot.store import access

LENGTH = 12


def first_password(secret: bytes, act: str) -> tuple[str, str]:
    """The password, and what is kept of it; both follow from the act, so that a repeated one is the same act."""
    made = hmac.digest(hashlib.sha256(b"siyu staff" + secret).digest(), act.encode(), "sha512")
    password = base64.urlsafe_b64encode(made[:LENGTH]).decode()
    return password, access.hashed(password, salt=made[-16:])
