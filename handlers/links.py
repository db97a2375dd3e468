"""A customer opened a link of ours: the only reading that we ever learn of."""

from __future__ import annotations

from bot.events import LinkOpened
from bot.inbound.router import Router
from bot.inbound.turn import Turn
from bot.store import links

router = Router()


@router.on(LinkOpened)
async def note_opening(event: LinkOpened, turn: Turn) -> None:
    await links.opened(turn.session, event.token, event.at, event.who)
