"""What was said with whom, who is talking, and how long and how often one may still write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import CursorResult, Executable, bindparam, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.channels import WINDOWS
from bot.domain.conversations import Conversation
from bot.domain.delivery import Message, Window
from bot.domain.mapping import Moment
from bot.store.bulk import among
from bot.store.engine import dialect_of, table_of, upsert, upsert_in
from bot.store.together import together
from bot.store.vault import Vault

ABOUT = "message.text"
Rows = Sequence[dict[str, Any]]
PERSON_KEEPS = timedelta(hours=48)
"""A person's session lives this long at most; then the program answers again."""


async def heard(
    session: AsyncSession,
    vault: Vault,
    *,
    customer_id: int,
    channel: str,
    address: str,
    text: str,
    key: str,
    at: datetime,
    intent: str | None = None,
) -> None:
    """She wrote: remember it, and open the window that a message opens."""
    await opened(
        session, customer_id=customer_id, channel=channel, address=address, by="message", at=at
    )
    await _remember(
        session,
        vault,
        customer_id,
        text,
        key=key,
        channel=channel,
        direction="in",
        intent=intent,
        at=at,
    )


async def said(
    session: AsyncSession,
    vault: Vault,
    *,
    customer_id: int,
    channel: str,
    text: str,
    key: str,
    at: datetime,
    intent: str | None = None,
) -> None:
    """We wrote, or a person of ours did."""
    await _remember(
        session,
        vault,
        customer_id,
        text,
        key=key,
        channel=channel,
        direction="out",
        intent=intent,
        at=at,
    )


async def _remember(
    session: AsyncSession, vault: Vault, customer_id: int, text: str, **columns: object
) -> None:
    sealed = await vault.seal_for(session, customer_id, text, about=ABOUT)
    row = {"customer_id": customer_id, "text": sealed, **columns}
    await together(session, _remember_many, row)


async def _remember_many(session: AsyncSession, rows: Rows) -> Rows:
    await session.execute(_remembering(dialect_of(session)), rows)
    return rows


# Every message runs these: they are built once.
@lru_cache
def _remembering(dialect: str) -> Executable:
    line = upsert_in(dialect, table_of(Message))
    remembering: Executable = line.on_conflict_do_nothing(index_elements=["key"])
    return remembering


@lru_cache
def _opening(dialect: str) -> Executable:
    table = table_of(Window)
    insert = upsert_in(dialect, table)
    fresh = insert.excluded
    # A tap opens one minute: it must not shorten the two days that a message opened.
    opening: Executable = insert.on_conflict_do_update(
        index_elements=["customer_id", "channel"],
        set_={"address": fresh.address, "closes_at": fresh.closes_at, "left": fresh.left},
        where=or_(table.c.closes_at <= fresh.closes_at, table.c.left == 0),
    )
    return opening


_hers = (
    Window.customer_id == bindparam("whose"),
    Window.channel == bindparam("which"),
    Window.closes_at > bindparam("at_moment", type_=Moment),
    Window.left > 0,
)
_OPEN_WINDOW = select(Window).where(*_hers).execution_options(populate_existing=True)
_USE = update(Window).where(*_hers).values(left=Window.left - 1)
_HELD_BY = select(Conversation.held_by).where(
    Conversation.customer_id == bindparam("whose"),
    Conversation.channel == bindparam("which"),
    Conversation.since > bindparam("after", type_=Moment),
)


@lru_cache
def _counting(dialect: str, *, understood: bool) -> Executable:
    table = table_of(Conversation)
    insert = upsert_in(dialect, table)
    misses = insert.excluded.misses if understood else table.c.misses + 1
    counting: Executable = insert.on_conflict_do_update(
        index_elements=["customer_id", "channel"], set_={"misses": misses}
    ).returning(table.c.customer_id, table.c.channel, table.c.misses)
    return counting


async def opened(
    session: AsyncSession, *, customer_id: int, channel: str, address: str, by: str, at: datetime
) -> None:
    """Open or renew the window as `message`, `click`, `follow` or `scan` does on this channel."""
    length, count = WINDOWS[channel, by]
    row = {
        "customer_id": customer_id,
        "channel": channel,
        "address": address,
        "closes_at": at + length,
        "left": count,
    }
    await together(session, _open_many, row)


async def _open_many(session: AsyncSession, rows: Rows) -> Rows:
    await session.execute(_opening(dialect_of(session)), rows)
    return rows


async def window(
    session: AsyncSession, customer_id: int, channel: str, now: datetime
) -> Window | None:
    """The open window, if one more message may go through it."""
    hers = {"whose": customer_id, "which": channel, "at_moment": now}
    return (await session.scalars(_OPEN_WINDOW, hers)).first()


async def use_window(session: AsyncSession, customer_id: int, channel: str, now: datetime) -> bool:
    """Take one message off the window; False when none is left or it has closed."""
    hers = {"whose": customer_id, "which": channel, "at_moment": now}
    used = await session.execute(_USE, hers)
    return isinstance(used, CursorResult) and used.rowcount == 1


async def use_windows(
    session: AsyncSession, customer_ids: Sequence[int], channel: str, now: datetime, *, each: int
) -> set[int]:
    """The same for many at once, `each` taking so many: who had them left."""
    hers = {"whose": list(customer_ids), "which": channel, "at_moment": now, "each": each}
    return set(await session.scalars(_using(dialect_of(session)), hers))


@lru_cache
def _using(dialect: str) -> Executable:
    window = table_of(Window)
    return (
        update(window)
        .where(
            among(dialect, window.c.customer_id, "whose"),
            window.c.channel == bindparam("which"),
            window.c.closes_at > bindparam("at_moment", type_=Moment),
            window.c.left >= bindparam("each"),
        )
        .values(left=window.c.left - bindparam("each"))
        .returning(window.c.customer_id)
    )


async def give_back(
    session: AsyncSession, touch_ids: Sequence[int], now: datetime, *, each: int
) -> None:
    """So many of each were never asked for after all: what they took off their windows is there again."""
    hers = select(Touch.id).where(
        Touch.id.in_(touch_ids),
        Touch.customer_id == Window.customer_id,
        Touch.channel == Window.channel,
    )
    most = max(count for _, count in WINDOWS.values())
    back = update(Window).where(hers.exists(), Window.closes_at > now, Window.left < most)
    left = case((Window.left > most - each, most), else_=Window.left + each)
    await session.execute(back.values(left=left))


async def shut_window(session: AsyncSession, customer_id: int, channel: str) -> None:
    """The platform says that nothing more goes through."""
    await session.execute(
        update(Window)
        .where(Window.customer_id == customer_id, Window.channel == channel)
        .values(left=0)
    )


async def hold(
    session: AsyncSession, *, customer_id: int, channel: str, by: str | None, at: datetime
) -> None:
    """From now on this person answers, or `pool`; None gives the word back to the program."""
    insert = upsert(session, Conversation).values(
        customer_id=customer_id, channel=channel, held_by=by, since=at, misses=0
    )
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=["customer_id", "channel"],
            set_={"held_by": by, "since": at, "misses": 0},
        )
    )


async def held_by(
    session: AsyncSession, customer_id: int, channel: str, now: datetime
) -> str | None:
    asked = {"whose": customer_id, "which": channel, "after": now - PERSON_KEEPS}
    return await session.scalar(_HELD_BY, asked)


async def count_miss(
    session: AsyncSession, *, customer_id: int, channel: str, understood: bool, at: datetime
) -> int:
    """How many questions in a row we did not understand, this one included."""
    misses = 0 if understood else 1
    row = {"customer_id": customer_id, "channel": channel, "since": at, "misses": misses}
    return await together(session, _forget_misses if understood else _count_misses, row)


async def _forget_misses(session: AsyncSession, rows: Rows) -> list[int]:
    return await _count(session, rows, understood=True)


async def _count_misses(session: AsyncSession, rows: Rows) -> list[int]:
    return await _count(session, rows, understood=False)


async def _count(session: AsyncSession, rows: Rows, *, understood: bool) -> list[int]:
    counted = await session.execute(_counting(dialect_of(session), understood=understood), rows)
    found = {(whose, channel): misses for whose, channel, misses in counted}
    return [found[row["customer_id"], row["channel"]] for row in rows]


async def lines(
    session: AsyncSession, vault: Vault, customer_id: int, *, limit: int = 50
) -> Sequence[tuple[Message, str]]:
    """The latest lines with their words, oldest first."""
    query = (
        select(Message)
        .where(Message.customer_id == customer_id)
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(limit)
    )
    rows = (await session.scalars(query)).all()
    await vault.load_keys(session, [customer_id])
    told = [(row, vault.unseal_known(customer_id, row.text, about=ABOUT)) for row in rows]
    return told[::-1]
