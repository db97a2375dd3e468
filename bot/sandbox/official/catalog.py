"""Every chapter of the Official Account API that answers here."""

from __future__ import annotations

from bot.sandbox.official import (
    articles,
    fans,
    lookups,
    mass,
    media,
    menus,
    messages,
    oauth,
    subscriptions,
    templates,
    tokens,
)
from bot.sandbox.pictures import official as pictures

ROOMS = (
    tokens.routes,
    messages.routes,
    templates.routes,
    fans.routes,
    menus.routes,
    oauth.routes,
    mass.routes,
    media.routes,
    articles.routes,
    subscriptions.routes,
    lookups.routes,
    pictures,
)
