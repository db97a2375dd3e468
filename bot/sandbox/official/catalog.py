"""Every chapter of the Official Account API that answers here."""

from __future__ import annotations

from bot.sandbox.api import Routes

ROOMS: tuple[Routes, ...] = ()
