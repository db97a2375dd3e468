"""Every chapter of the WeCom API that answers here."""

from __future__ import annotations

from bot.sandbox.wecom import (
    acquisition,
    albums,
    app_messages,
    contact_ways,
    contacts,
    groups,
    handover,
    intercept,
    join_ways,
    kf,
    kf_sync,
    mass,
    media,
    moments,
    oauth,
    tags,
    tokens,
    welcome,
)

ROOMS = (
    tokens.routes,
    contacts.routes,
    tags.routes,
    contact_ways.routes,
    welcome.routes,
    mass.routes,
    groups.routes,
    join_ways.routes,
    handover.routes,
    app_messages.routes,
    oauth.routes,
    kf.routes,
    kf_sync.routes,
    media.routes,
    moments.routes,
    acquisition.routes,
    intercept.routes,
    albums.routes,
)
