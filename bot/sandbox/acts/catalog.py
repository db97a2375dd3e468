"""Every act by its name."""

from __future__ import annotations

from bot.sandbox.acts import (
    acquisition,
    admin,
    consoles,
    friends,
    groups,
    guides,
    kf,
    links,
    official,
    shop,
)
from bot.sandbox.acts.kinds import Act

ACTS: dict[str, Act] = {
    **friends.ACTS,
    **groups.ACTS,
    **guides.ACTS,
    **kf.ACTS,
    **official.ACTS,
    **links.ACTS,
    **acquisition.ACTS,
    **admin.ACTS,
    **consoles.ACTS,
    **shop.ACTS,
}
