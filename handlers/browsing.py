"""What people look at: in the mall, as it reports it, and on our own pages."""

from __future__ import annotations

from bot.events import NoteView, PageStayed
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import browsing, customers, links
from bot.store.browsing import Glimpse

router = Router()


@router.on(NoteView)
async def note(command: NoteView, turn: Turn) -> Answer:
    seen = Glimpse("item", command.sku, command.seconds)
    kept = await browsing.looked(turn.session, command.customer_id, [seen], at=turn.now)
    return Answer({"kept": kept})


@router.on(PageStayed)
async def note_stay(event: PageStayed, turn: Turn) -> None:
    """A stay right behind a link tells of the link's words too; a link that was passed on tells of nobody."""
    customer = await customers.by_ref(turn.session, event.who)
    if customer is None:
        return
    seen = [Glimpse("page", event.path, event.seconds, int(not event.again))]
    link = await links.find(turn.session, event.token) if event.token else None
    if link is not None and link.tag and link.target.partition("?")[0] == event.path:
        opener = await links.opener(turn.session, link, event.who)
        if opener is not None:
            seen.append(seen[0]._replace(of="link", what=link.tag))
    await browsing.looked(turn.session, customer.id, seen, at=event.at)
