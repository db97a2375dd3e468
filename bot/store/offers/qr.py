"""The code in a QR: sealed, so that a photograph of it is worth nothing two minutes later."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from cryptography.exceptions import InvalidTag

from bot.store.vault import Vault

PREFIX = "SYQ."
SLOT_SECONDS = 60
SLOTS = 2
"""The code shown now, and the one before it: the clerk may have scanned as it changed."""
_ABOUT = "coupon.qr"


def qr_token(vault: Vault, code: str, now: datetime) -> str:
    """A token of this minute. Its tag of 128 bits cannot be guessed, and it does not show the code."""
    sealed = vault.seal(f"{code}|{_slot(now)}", about=_ABOUT)
    return PREFIX + urlsafe_b64encode(sealed).decode().rstrip("=")


def is_token(scanned: str) -> bool:
    return scanned.strip().startswith(PREFIX)


def open_token(vault: Vault, scanned: str, now: datetime) -> tuple[str | None, bool]:
    """The code inside and whether it is fresh; None for a token that is not ours."""
    packed = scanned.strip().removeprefix(PREFIX)
    try:
        sealed = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        code, slot = vault.unseal(sealed, about=_ABOUT).rsplit("|", 1)
    except (ValueError, InvalidTag):
        return None, False
    return code, 0 <= _slot(now) - int(slot) < SLOTS


def _slot(now: datetime) -> int:
    return int(now.timestamp()) // SLOT_SECONDS
