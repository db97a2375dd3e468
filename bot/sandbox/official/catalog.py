"""Every chapter of the Official Account API that answers here."""

from __future__ import annotations

from bot.sandbox.official import fans, mass, media, menus, messages, oauth, templates, tokens

ROOMS = (
    tokens.routes,
    messages.routes,
    templates.routes,
    fans.routes,
    menus.routes,
    oauth.routes,
    mass.routes,
    media.routes,
)
