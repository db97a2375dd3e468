"""Pictures of a contest: entered with the right to show them, looked at by a person, voted on, and drawn no longer
than their owner wants."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.contests import SHOWN, ContestEntry, winners
from bot.domain.customers import Customer
from bot.domain.games import Game, GameEntry, GameRound
from bot.domain.pictures import Picture
from bot.domain.refusals import Refusal
from bot.store import games
from bot.store.engine import upsert
from bot.store.family import family, surviving
from bot.store.vault import Vault

CAPTION, PICTURE = "contest_entry.caption", "contest_entry.picture"
VOTE = "vote"
"""The round of a vote: one a person and contest."""


async def enter(
    session: AsyncSession,
    vault: Vault,
    game: Game,
    *,
    customer_id: int,
    caption: str,
    picture: Picture,
    now: datetime,
) -> ContestEntry:
    """Refused as contest_over, entered or same_picture."""
    if not game.takes(now):
        raise Refusal("contest_over", "征集已经截止，不再收新的照片")
    hers = await surviving(session, customer_id)
    if await entry_of(session, game, hers) is not None:
        raise Refusal("entered", "你已经交过一张了，撤回以后也不能再交")
    sealed = await vault.seal_for(session, hers, caption, about=CAPTION)
    written = base64.b64encode(picture.bare).decode()
    insert = upsert(session, ContestEntry).values(
        game=game.key,
        customer_id=hers,
        state="held",
        caption=sealed,
        picture=await vault.seal_for(session, hers, written, about=PICTURE),
        kind=picture.kind,
        digest=picture.digest,
        rights=game.rights,
        at=now,
    )
    once = insert.on_conflict_do_nothing().returning(ContestEntry)
    entry: ContestEntry | None = (await session.scalars(once)).first()
    if entry is None:
        raise Refusal("same_picture", "这张照片已经有人交过了，请换一张自己拍的")
    return entry


async def entry_of(session: AsyncSession, game: Game, customer_id: int) -> ContestEntry | None:
    hers = await family(session, await surviving(session, customer_id))
    query = select(ContestEntry).where(
        ContestEntry.game == game.key, ContestEntry.customer_id.in_(hers)
    )
    return (await session.scalars(query.order_by(ContestEntry.id))).first()


async def entries(
    session: AsyncSession, vault: Vault, game: Game, states: Sequence[str] = SHOWN
) -> list[tuple[ContestEntry, str]]:
    """Each with its caption, the first to enter first."""
    query = select(ContestEntry).where(
        ContestEntry.game == game.key, ContestEntry.state.in_(states)
    )
    rows = (await session.scalars(query.order_by(ContestEntry.id))).all()
    await vault.load_keys(session, {row.customer_id for row in rows})
    return [(row, vault.unseal_known(row.customer_id, row.caption, about=CAPTION)) for row in rows]


async def picture_of(
    session: AsyncSession, vault: Vault, game: Game, entry_id: int
) -> tuple[ContestEntry, bytes] | None:
    """None where there is none, or none any more."""
    entry = await session.get(ContestEntry, entry_id)
    if entry is None or entry.game != game.key or entry.picture is None:
        return None
    written = await vault.unseal_for(session, entry.customer_id, entry.picture, about=PICTURE)
    return entry, base64.b64decode(written)


async def vote(
    session: AsyncSession,
    vault: Vault,
    game: Game,
    *,
    customer_id: int,
    entry_id: int,
    now: datetime,
) -> None:
    """Refused as contest_over, unknown_entry, own_entry or voted."""
    if not game.counts(now):
        raise Refusal("contest_over", "投票已经截止")
    entry = await session.get(ContestEntry, entry_id, populate_existing=True)
    if entry is None or entry.game != game.key or entry.state != "in":
        raise Refusal("unknown_entry", "没有这一张，或者它已经撤回了", status=404)
    voter = await surviving(session, customer_id)
    if entry.customer_id in await family(session, voter):
        raise Refusal("own_entry", "自己的不能投，投一张别人的吧")
    cast = await games.enter(
        session,
        vault,
        game,
        round_=VOTE,
        customer_id=voter,
        choice=str(entry_id),
        now=now,
    )
    if cast is None:
        raise Refusal("voted", "每人一票，你已经投过了")


async def voted_for(session: AsyncSession, game: Game, customer_id: int) -> int | None:
    cast = await games.entry_of(session, game, VOTE, customer_id)
    return None if cast is None else int(cast.choice)


async def tally(session: AsyncSession, game: Game) -> Counter[int]:
    """Votes by entry; several records of one person are one voice."""
    counted = await games.tally(session, game, VOTE)
    return Counter({int(entry): votes for entry, votes in counted.items()})


async def withdraw(session: AsyncSession, game: Game, customer_id: int, now: datetime) -> None:
    """She takes her consent back: it is shown no longer, and the picture is gone."""
    entry = await entry_of(session, game, customer_id)
    if entry is None or entry.state == "withdrawn":
        raise Refusal("unknown_entry", "没有可以撤回的照片", status=404)
    entry.state, entry.picture, entry.withdrawn_at = "withdrawn", None, now


async def read(session: AsyncSession, entry_id: int, *, fine: bool) -> str | None:
    """A person has looked at it; the contest it is in, None when there was nothing to look at."""
    found: str | None = await session.scalar(
        update(ContestEntry)
        .where(ContestEntry.id == entry_id, ContestEntry.state == "held")
        .values(state="in" if fine else "refused")
        .returning(ContestEntry.game)
    )
    return found


async def waiting(session: AsyncSession) -> int:
    query = select(func.count()).where(ContestEntry.state == "held")
    return await session.scalar(query) or 0


async def end(session: AsyncSession, game: Game, now: datetime) -> list[ContestEntry] | None:
    """Whoever has most votes, once; None when it is not over, or another process did it."""
    if game.counts(now) or await session.get(GameRound, (game.key, VOTE)) is not None:
        return None
    shown = select(ContestEntry).where(ContestEntry.game == game.key, ContestEntry.state == "in")
    rows = {row.id: row for row in await session.scalars(shown)}
    counted = await tally(session, game)
    lucky = winners({row: counted[row] for row in rows}, game.winners)
    ended = upsert(session, GameRound).values(
        game=game.key,
        round=VOTE,
        at=now,
        seed="",
        tickets=[[row, counted[row]] for row in sorted(rows)],
        winners=lucky,
    )
    once = ended.on_conflict_do_nothing(index_elements=["game", "round"])
    if await session.scalar(once.returning(GameRound.round)) is None:
        return None
    for row in lucky:
        rows[row].state = "won"
    await session.flush()
    return [rows[row] for row in lucky]


async def voices(session: AsyncSession, game: Game) -> int:
    """How many people voted."""
    voice = func.coalesce(Customer.merged_into, Customer.id)
    query = (
        select(func.count(voice.distinct()))
        .select_from(GameEntry)
        .join(Customer, Customer.id == GameEntry.customer_id)
        .where(GameEntry.game == game.key, GameEntry.round == VOTE)
    )
    return await session.scalar(query) or 0
