"""The Official Account's menu follows content/menu.yaml."""

from __future__ import annotations

import hashlib
import json

from bot.calls import CreateMenu
from bot.store import cursors, outbox
from bot.work.context import Work

NAME = "official_menu"


async def publish(work: Work) -> int:
    """Owe the menu when it is another one than was published last. Returns 1 when it is."""
    menu, settings = work.content.menu, work.settings
    if not settings.official_app_id or not menu.buttons:
        return 0
    buttons = tuple(button.wire(settings.public_url) for button in menu.buttons)
    digest = hashlib.sha256(json.dumps(buttons, sort_keys=True).encode()).hexdigest()[:16]
    now = work.now()
    async with work.sessions.begin() as session:
        if not await cursors.changed(session, NAME, digest, now=now):
            return 0
        await outbox.owe(
            session,
            work.vault,
            CreateMenu(buttons=buttons),
            effect=f"menu:{digest}:{now.isoformat()}",
            now=now,
        )
    return 1
