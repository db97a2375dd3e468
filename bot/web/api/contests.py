"""`/api/v1/contests`: pictures that customers entered, and the yes or no of whoever looked at them."""

from __future__ import annotations

from datetime import datetime

from bot.domain.refusals import Refusal
from bot.events.commands import ReadContestEntry
from bot.store import contests
from bot.web.api.bodies import Query, Strict
from bot.web.api.endpoints import NUMBER, Ask, Done, Routes, Told

routes = Routes()
STATES = ("held", "in", "refused", "withdrawn", "won")


class EntryTold(Told):
    id: int
    state: str
    caption: str
    votes: int
    entered_at: datetime
    withdrawn_at: datetime | None


class Entries(Told):
    items: list[EntryTold]


@routes.asks("GET", "/contests/{key}/entries", "content.read", "征集里的照片和票数", gives=Entries)
async def listed(ask: Ask[Query]) -> Entries:
    work = ask.desk.work
    game = work.content.games.named(ask.named("key"))
    if game is None or game.kind != "contest":
        raise Refusal("no_contest", "没有这个征集", status=404)
    async with ask.reading() as session:
        rows = await contests.entries(session, work.vault, game, STATES)
        votes = await contests.tally(session, game)
    items = [
        EntryTold(
            id=row.id,
            state=row.state,
            caption=caption,
            votes=votes[row.id],
            entered_at=row.at,
            withdrawn_at=row.withdrawn_at,
        )
        for row, caption in rows
    ]
    return Entries(items=items)


class ReadIn(Strict):
    fine: bool


@routes.asks(
    "POST",
    f"/contests/entries/{NUMBER % 'id'}",
    "content.edit",
    "给大家看，或不合适",
    says=ReadIn,
)
async def read(ask: Ask[ReadIn]) -> Done:
    return await ask.does(ReadContestEntry, entry_id=ask.number(), fine=ask.said.fine)
