"""What customers did in games: one entry each and round, tallies, and draws that end a round once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer
from bot.domain.games import Game, GameEntry, GameRound, Question, drawn, hash_of
from bot.domain.offers import code_for
from bot.domain.tags import TagBook
from bot.store import tags
from bot.store.engine import upsert
from bot.store.family import family, surviving
from bot.store.vault import Vault

ABOUT = "game_entry.text"


def seed_of(vault: Vault, game: Game, round_: str) -> str:
    """Nobody without the house's secret can foretell it, and nobody with it can change it."""
    return vault.blind(f"{game.key}|{round_}", about="game.seed")


def commitment(vault: Vault, game: Game, round_: str) -> str:
    return hash_of(seed_of(vault, game, round_))


async def enter(
    session: AsyncSession,
    vault: Vault,
    game: Game,
    *,
    round_: str,
    customer_id: int,
    choice: str,
    now: datetime,
    text: str | None = None,
    state: str = "in",
) -> GameEntry | None:
    """None when she, under whichever of her records, has taken part in this round."""
    hers = await surviving(session, customer_id)
    if await entry_of(session, game, round_, hers) is not None:
        return None
    sealed = await vault.seal_for(session, hers, text, about=ABOUT) if text else None
    insert = upsert(session, GameEntry).values(
        game=game.key,
        round=round_,
        customer_id=hers,
        choice=choice,
        text=sealed,
        state=state,
        at=now,
    )
    once = insert.on_conflict_do_nothing(index_elements=["game", "round", "customer_id"])
    return (await session.scalars(once.returning(GameEntry))).first()


async def entry_of(
    session: AsyncSession, game: Game, round_: str, customer_id: int
) -> GameEntry | None:
    hers = await family(session, await surviving(session, customer_id))
    query = select(GameEntry).where(
        GameEntry.game == game.key, GameEntry.round == round_, GameEntry.customer_id.in_(hers)
    )
    return (await session.scalars(query.order_by(GameEntry.id))).first()


async def ticket(session: AsyncSession, vault: Vault, game: Game, round_: str, who: int) -> str:
    """Hers alone, and telling nobody who she is."""
    hers = await session.get_one(Customer, await surviving(session, who))
    return code_for(vault.blind(game.key, about="game.ticket"), round_, hers.ref)


async def tally(session: AsyncSession, game: Game, round_: str) -> dict[str, int]:
    """What was chosen how often; several records of one person are one voice."""
    voice = func.coalesce(Customer.merged_into, Customer.id)
    query = (
        select(GameEntry.choice, func.count(voice.distinct()))
        .join(Customer, Customer.id == GameEntry.customer_id)
        .where(GameEntry.game == game.key, GameEntry.round == round_)
        .group_by(GameEntry.choice)
    )
    return dict((await session.execute(query)).all())


async def rounds_of(session: AsyncSession, game: Game, customer_id: int) -> list[str]:
    """The rounds in which she took part."""
    hers = await family(session, await surviving(session, customer_id))
    query = select(GameEntry.round).where(
        GameEntry.game == game.key, GameEntry.customer_id.in_(hers)
    )
    return list(await session.scalars(query))


async def words(
    session: AsyncSession, vault: Vault, game: Game, round_: str, *, newest: int | None = None
) -> list[tuple[GameEntry, str]]:
    """What may be shown of a 接龙, in the order it was said; of a long one, if so wished, its end."""
    query = select(GameEntry).where(
        GameEntry.game == game.key, GameEntry.round == round_, GameEntry.state == "in"
    )
    backwards = query.order_by(GameEntry.at.desc(), GameEntry.id.desc()).limit(newest)
    rows = list(reversed((await session.scalars(backwards)).all()))
    return await _unsealed(session, vault, rows)


async def said_by(
    session: AsyncSession, vault: Vault, game: Game, round_: str, customer_id: int
) -> tuple[GameEntry, str] | None:
    """Hers, also while somebody has yet to read it."""
    hers = await entry_of(session, game, round_, customer_id)
    return next(iter(await _unsealed(session, vault, [hers] if hers else [])), None)


async def _unsealed(
    session: AsyncSession, vault: Vault, rows: Sequence[GameEntry]
) -> list[tuple[GameEntry, str]]:
    await vault.load_keys(session, {row.customer_id for row in rows})
    return [
        (row, vault.unseal_known(row.customer_id, row.text, about=ABOUT))
        for row in rows
        if row.text is not None
    ]


async def read(session: AsyncSession, entry_id: int, *, fine: bool) -> None:
    """Somebody has read what was held."""
    await session.execute(
        update(GameEntry)
        .where(GameEntry.id == entry_id, GameEntry.state == "held")
        .values(state="in" if fine else "refused")
    )


async def ended(session: AsyncSession, game: Game, before: str) -> Sequence[str]:
    """Rounds earlier than this one that somebody took part in and that were not ended yet."""
    done = select(GameRound.round).where(GameRound.game == game.key)
    query = select(GameEntry.round).where(
        GameEntry.game == game.key, GameEntry.round < before, GameEntry.round.not_in(done)
    )
    return (await session.scalars(query.distinct().order_by(GameEntry.round))).all()


async def next_question(
    session: AsyncSession, book: TagBook, game: Game, customer_id: int, now: datetime
) -> Question | None:
    """The first one that she neither answered here nor by what she has shown otherwise."""
    done = await rounds_of(session, game, customer_id)
    worn = {one.tag for one in await tags.worn(session, customer_id, now)}
    for question in game.questions:
        rules = (
            rule
            for choice in question.choices
            for rule in book.answered(game.key, {question.field: choice})
        )
        if question.field not in done and not any(rule.tag in worn for rule in rules):
            return question
    return None


async def draws(session: AsyncSession, game: Game, *, limit: int) -> Sequence[GameRound]:
    """The latest first."""
    query = select(GameRound).where(GameRound.game == game.key)
    return (await session.scalars(query.order_by(GameRound.round.desc()).limit(limit))).all()


async def draw(session: AsyncSession, game: Game, round_: str) -> GameRound | None:
    return await session.get(GameRound, (game.key, round_))


async def last_round(session: AsyncSession, game: Game) -> GameRound | None:
    return next(iter(await draws(session, game, limit=1)), None)


async def end(
    session: AsyncSession, vault: Vault, game: Game, round_: str, now: datetime
) -> list[GameEntry] | None:
    """Close the round and, of a draw, name who won; None when another process did it."""
    query = select(GameEntry).where(GameEntry.game == game.key, GameEntry.round == round_)
    entries = {entry.choice: entry for entry in await session.scalars(query)}
    seed = seed_of(vault, game, round_)
    tickets = sorted(entries) if game.kind == "lottery" else []
    lucky = drawn(seed, tickets, game.winners)
    insert = upsert(session, GameRound).values(
        game=game.key, round=round_, at=now, seed=seed, tickets=tickets, winners=lucky
    )
    once = insert.on_conflict_do_nothing(index_elements=["game", "round"])
    if await session.scalar(once.returning(GameRound.round)) is None:
        return None
    for code in lucky:
        entries[code].state = "won"
    await session.flush()
    return [entries[code] for code in lucky]
