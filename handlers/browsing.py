"""What people look at in the mall, as it reports it."""

from __future__ import annotations

from bot.events import NoteView
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import browsing

router = Router()


@router.on(NoteView)
async def note(command: NoteView, turn: Turn) -> Answer:
    kept = await browsing.looked(
        turn.session, customer_id=command.customer_id, sku=command.sku, at=turn.now
    )
    return Answer({"kept": kept})
