"""What the shop's own words are, for people who build rules: tags, stores, guides, groups, offers."""

from __future__ import annotations

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import ContactWay, Follow, Guide, Store
from bot.domain.influence import SHARED
from bot.domain.offers import Offer
from bot.domain.orders import OrderLine, Product
from bot.domain.tags import CustomerTag, Tag, TagGroup
from bot.store import group_chats

Pairs = list[tuple[str, str]]
MOST = 300


async def choices(session: AsyncSession) -> dict[str, Pairs]:
    """Field → its values with their words."""
    return {
        "tag": await tag_names(session),
        "store": await _pairs(session, select(Store.code, Store.name).order_by(Store.code)),
        "follows.guide": await _pairs(
            session, select(Guide.userid, Guide.name).where(Guide.active).order_by(Guide.id)
        ),
        "group.in": [(rule.key, rule.name) for rule in await group_chats.live_rules(session)],
        "coupon.held": await _pairs(session, select(Offer.key, Offer.name).order_by(Offer.id)),
        "orders.category": await _categories(session),
        "source_state": await _sources(session),
    }


async def _pairs(session: AsyncSession, query: Select[str, str]) -> Pairs:
    return [(value, words or value) for value, words in await session.execute(query.limit(MOST))]


async def tag_names(session: AsyncSession) -> Pairs:
    """Those that most customers wear stand first."""
    worn = select(CustomerTag.tag_id, func.count().label("n")).group_by(CustomerTag.tag_id)
    counted = worn.subquery()
    query = (
        select(TagGroup.name, Tag.name)
        .join(Tag, Tag.group_id == TagGroup.id)
        .outerjoin(counted, counted.c.tag_id == Tag.id)
        .order_by(counted.c.n.desc().nulls_last(), TagGroup.id, Tag.id)
    )
    rows = await session.execute(query.limit(MOST))
    return [(f"{group}/{name}", f"{group} / {name}") for group, name in rows]


async def _categories(session: AsyncSession) -> Pairs:
    products = select(Product.category).where(Product.category != "")
    lines = select(OrderLine.category).where(OrderLine.category != "")
    names = await session.scalars(products.union(lines).limit(MOST))
    return [(name, name) for name in sorted(names)]


async def _sources(session: AsyncSession) -> Pairs:
    known = await session.execute(select(ContactWay.state, ContactWay.label))
    seen = await session.scalars(select(Follow.state).where(Follow.state.is_not(None)).distinct())
    labels = {str(state): str(state) for state in seen} | dict(known.all())
    labels = {state: label for state, label in labels.items() if not state.startswith(SHARED)}
    return sorted(labels.items())[:MOST]
