"""Every act by its name."""

from __future__ import annotations

from bot.sandbox.acts import admin, friends, groups, guides
from bot.sandbox.acts.kinds import Act

ACTS: dict[str, Act] = {**friends.ACTS, **groups.ACTS, **guides.ACTS, **admin.ACTS}
