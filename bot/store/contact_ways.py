"""Contact ways: the codes and links that add a guide, each with the source that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, false, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import ContactWay, Guide
from bot.domain.refusals import Refusal
from bot.store.engine import upsert
from bot.tongue import _

LONGEST_STATE = 30
MOST_GUIDES = 100


class Opening(NamedTuple):
    """A contact way that the platform does not know yet, and whom it adds."""

    state: str
    label: str
    userids: tuple[str, ...]


class Opened(NamedTuple):
    """A contact way that the platform has, and whom it should add: nobody in particular when empty."""

    state: str
    label: str
    config_id: str
    qr_code: str | None
    userids: tuple[str, ...]


async def configure(
    session: AsyncSession,
    *,
    state: str,
    label: str,
    guide_id: int | None = None,
    store_id: int | None = None,
) -> ContactWay:
    """A source by its state, for one guide or all of a store; made at the platform when there is time."""
    if not 0 < len(state) <= LONGEST_STATE:
        raise Refusal(
            "bad_state",
            _("渠道码的 state 最多 %(most)s 个字", most=LONGEST_STATE),
            status=422,
        )
    insert = upsert(session, ContactWay).values(
        state=state, label=label, guide_id=guide_id, store_id=store_id
    )
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=["state"],
            set_={name: insert.excluded[name] for name in ("label", "guide_id", "store_id")},
        )
    )
    found = select(ContactWay).where(ContactWay.state == state)
    return (await session.scalars(found.execution_options(populate_existing=True))).one()


async def by_state(session: AsyncSession, state: str) -> ContactWay | None:
    found = await session.scalars(select(ContactWay).where(ContactWay.state == state))
    return found.first()


async def unopened(session: AsyncSession, *, limit: int = 20) -> list[Opening]:
    """Ways without a code, as far as somebody is there to be added."""
    ways = await session.scalars(
        select(ContactWay)
        .where(ContactWay.config_id.is_(None))
        .order_by(ContactWay.id)
        .limit(limit)
    )
    found = [(way, await _userids(session, way)) for way in ways.all()]
    return [Opening(way.state, way.label, userids) for way, userids in found if userids]


async def all_opened(session: AsyncSession) -> list[Opened]:
    ways = await session.scalars(
        select(ContactWay).where(ContactWay.config_id.is_not(None)).order_by(ContactWay.id)
    )
    return [
        Opened(way.state, way.label, str(way.config_id), way.qr_code, await _userids(session, way))
        for way in ways.all()
    ]


async def _userids(session: AsyncSession, way: ContactWay) -> tuple[str, ...]:
    found = select(Guide.userid).where(Guide.active, _adds(way)).order_by(Guide.id)
    return tuple(await session.scalars(found.limit(MOST_GUIDES)))


async def closed(session: AsyncSession, state: str) -> None:
    """The platform has its code no more."""
    await session.execute(
        update(ContactWay).where(ContactWay.state == state).values(config_id=None, qr_code=None)
    )


async def adopt(session: AsyncSession, *, state: str, label: str, users: Sequence[str]) -> None:
    """A way that somebody made without us. Of several guides nobody is the one: it stays as it is."""
    if await by_state(session, state) is not None:
        return
    one = select(Guide.id).where(Guide.userid == users[0]) if len(users) == 1 else None
    guide_id = None if one is None else await session.scalar(one)
    await configure(session, state=state, label=label, guide_id=guide_id)


async def opened(
    session: AsyncSession, state: str, *, config_id: str, qr_code: str | None
) -> None:
    await session.execute(
        update(ContactWay)
        .where(ContactWay.state == state)
        .values(config_id=config_id, qr_code=qr_code)
    )


async def unknown_among(session: AsyncSession, config_ids: Sequence[str]) -> list[str]:
    """Codes that the platform has and we cannot place."""
    known = set(
        await session.scalars(
            select(ContactWay.config_id).where(ContactWay.config_id.in_(config_ids))
        )
    )
    return [config_id for config_id in config_ids if config_id not in known]


def _adds(way: ContactWay) -> ColumnElement[bool]:
    if way.guide_id is not None:
        return Guide.id == way.guide_id
    # Compared with nothing, a store would be that of every guide who has none.
    return false() if way.store_id is None else Guide.store_id == way.store_id
