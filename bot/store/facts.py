"""What texts may say of customers, gathered for many at once in a handful of statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Executable, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.customers import Customer, Follow, Guide, Secret, Store
from bot.domain.group_chats import Invite
from bot.domain.mapping import Moment
from bot.domain.offers import Coupon, last_day_words
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.points import PointsAccount
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store import group_chats
from bot.store.customers.people import NAME
from bot.store.vault import Vault
from bot.tongue import speaking

HERE = ZoneInfo("Asia/Shanghai")
AT_ONCE = 500
FROM_PROFILE = frozenset(
    {
        "last_item",
        "last_category",
        "favourite",
        "days_since_order",
        "orders",
        "birthday_month",
        "spent_this_month",
    }
)
"""What is not spoken of to a customer who asked not to be profiled."""

PORTRAIT_FROM = 3
"""With fewer purchases we do not know what she likes, and do not say that we do."""

Facts = dict[int, dict[str, Any]]


class Told(Protocol):
    """Whoever knows what the brand calls things."""

    @property
    def brand(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class _Asking:
    session: AsyncSession
    vault: Vault
    ids: list[int]
    now: datetime

    async def rows(self, query: Executable, **more: Any) -> list[Any]:
        """The rows of one of the queries below."""
        bound = {"ids": self.ids, "now": self.now}
        return list((await self.session.execute(query, bound | more)).all())


async def gather(
    session: AsyncSession,
    vault: Vault,
    content: Told,
    customer_ids: Collection[int],
    now: datetime,
) -> Facts:
    """By customer; a fact that nobody knows is absent, and its text says something general."""
    month = now.astimezone(HERE).month
    ours = _known(season=content.brand.season.get(month), hero=content.brand.hero.get(month))
    found: Facts = {i: dict(ours) for i in customer_ids}
    ids = sorted(found)
    for start in range(0, len(ids), AT_ONCE):
        asking = _Asking(session, vault, ids[start : start + AT_ONCE], now)
        async for customer_id, facts in _all(asking):
            found[customer_id].update(facts)
        for customer_id in asking.ids:
            if found[customer_id].get("orders", 0) < PORTRAIT_FROM:
                found[customer_id].pop("favourite", None)
        await _keep_general(asking, found)
    return found


async def guides_of(session: AsyncSession, customer_ids: Collection[int]) -> dict[int, Guide]:
    """The guide of each customer: whom she talked with last, else the newest."""
    found = await session.execute(_BEST_GUIDES, {"ids": list(customer_ids)})
    return dict(found.all())


async def of_guide(session: AsyncSession, userid: str) -> dict[str, Any]:
    """What a text may say of the guide who speaks; None where nobody told us, so that the text stays general."""
    query = (
        select(Guide.name, Store.name)
        .outerjoin(Store, Store.id == Guide.store_id)
        .where(Guide.userid == userid)
    )
    name, store = (await session.execute(query)).first() or (userid, None)
    return {"guide": None if name == userid else name, "store": store}


async def _all(asking: _Asking) -> AsyncIterator[tuple[int, Mapping[str, Any]]]:
    for source in SOURCES:
        for customer_id, facts in await source(asking):
            yield customer_id, facts


Found = list[tuple[int, dict[str, Any]]]

# Asked for nearly every message: the queries are built once and bound to people and moment.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_NOW = bindparam("now", type_=Moment)


def _ranked_guides() -> Select[Any]:
    latest = (Follow.last_talk_at.desc().nulls_last(), Follow.since.desc(), Follow.id.desc())
    place = func.row_number().over(partition_by=Follow.customer_id, order_by=latest)
    ranked = (
        select(Follow.customer_id, Follow.guide_id, place.label("place"))
        .join(Guide, Guide.id == Follow.guide_id)
        .where(Follow.customer_id.in_(_IDS), Follow.ended_at.is_(None), Guide.active)
        .subquery()
    )
    best = select(ranked.c.customer_id, Guide).join(Guide, Guide.id == ranked.c.guide_id)
    return best.where(ranked.c.place == 1)


def _newest_lines() -> Select[Any]:
    newest = (Order.paid_at.desc(), Order.id.desc(), OrderLine.amount_fen.desc(), OrderLine.id)
    place = func.row_number().over(partition_by=Order.customer_id, order_by=newest)
    lines = (
        select(Order.customer_id, *_LINE, place.label("place"))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(*_BOUGHT)
        .subquery()
    )
    main = aliased(Product)
    name = func.coalesce(main.name, lines.c.name)
    category = func.coalesce(func.nullif(lines.c.category, ""), Product.category)
    filed = select(lines.c.customer_id, name, category).where(lines.c.place == 1)
    filed = filed.outerjoin_from(lines, Product, Product.sku == lines.c.sku)
    return filed.outerjoin(main, main.sku == Product.same_as)


_LINE = (OrderLine.sku, OrderLine.name, OrderLine.category)


_BOUGHT = (
    Order.customer_id.in_(_IDS),
    Order.paid_at <= _NOW,
    # Paid, and not given back: nobody is reminded of what she returned.
    Order.amount_fen > Order.refunded_fen,
)
_BEST_GUIDES = _ranked_guides()
_LAST_ITEMS = _newest_lines()
_NAMES = select(Secret.customer_id, Secret.name).where(
    Secret.customer_id.in_(_IDS), Secret.name.is_not(None)
)
_STORES = select(Store.id, Store.name).where(Store.id.in_(bindparam("stores", expanding=True)))
_STANDING = (
    select(
        Customer.id,
        Customer.birthday_month,
        CustomerTier.tier,
        PurchaseStats.top_category,
        PointsAccount,
    )
    .outerjoin(CustomerTier, CustomerTier.customer_id == Customer.id)
    .outerjoin(PurchaseStats, PurchaseStats.customer_id == Customer.id)
    .outerjoin(PointsAccount, PointsAccount.customer_id == Customer.id)
    .where(Customer.id.in_(_IDS))
)
_COUPONS = (
    select(Coupon.customer_id, Coupon.code, Coupon.expires_at)
    .where(
        Coupon.customer_id.in_(_IDS),
        Coupon.state.in_(("held", "returned")),
        Coupon.expires_at > _NOW,
    )
    .order_by(Coupon.expires_at.desc(), Coupon.id.desc())
)
_ORDERS = (
    select(Order.customer_id, func.count(), func.max(Order.paid_at))
    .where(*_BOUGHT)
    .group_by(Order.customer_id)
)
_SPENT = (
    select(Order.customer_id, func.sum(Order.amount_fen - Order.refunded_fen))
    .where(*_BOUGHT, Order.paid_at >= bindparam("first", type_=Moment))
    .group_by(Order.customer_id)
)
_GENERAL = select(Customer.id).where(Customer.id.in_(_IDS), ~Customer.personalised)
_INVITES = (
    select(Invite.customer_id, Invite.rule_key)
    .where(Invite.customer_id.in_(_IDS), Invite.state.in_(("eligible", "sent")))
    .order_by(Invite.id)
)


async def _names(asking: _Asking) -> Found:
    await asking.vault.load_keys(asking.session, asking.ids)
    return [
        (i, {"称呼": asking.vault.unseal_known(i, sealed, about=NAME)})
        for i, sealed in await asking.rows(_NAMES)
    ]


async def _guides(asking: _Asking) -> Found:
    guides = await guides_of(asking.session, asking.ids)
    ids = sorted({guide.store_id for guide in guides.values() if guide.store_id is not None})
    stores = dict(await asking.rows(_STORES, stores=ids)) if ids else {}
    return [
        (i, {"guide": guide.name} | _known(store=stores.get(guide.store_id)))
        for i, guide in guides.items()
    ]


async def _standing(asking: _Asking) -> Found:
    return [
        (
            i,
            _known(birthday_month=month, tier=tier, favourite=likes)
            | ({"points": account.balance, "level": account.level} if account else {}),
        )
        for i, month, tier, likes, account in await asking.rows(_STANDING)
    ]


async def _coupons(asking: _Asking) -> Found:
    """The coupon that runs out first: the one worth speaking of."""
    rows = await asking.rows(_COUPONS)
    with speaking("zh"):  # she is told, whoever looks on
        return [
            (i, {"coupon_code": code, "coupon_until": last_day_words(until)})
            for i, code, until in rows
        ]


async def _orders(asking: _Asking) -> Found:
    return [
        (i, {"orders": number, "days_since_order": (asking.now - last).days})
        for i, number, last in await asking.rows(_ORDERS)
    ]


async def _this_month(asking: _Asking) -> Found:
    local = asking.now.astimezone(HERE)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = await asking.rows(_SPENT, first=first)
    return [(i, {"spent_this_month": int(fen)}) for i, fen in rows]


async def _last_items(asking: _Asking) -> Found:
    return [
        (i, _known(last_item=name or None, last_category=category or None))
        for i, name, category in await asking.rows(_LAST_ITEMS)
    ]


async def _keep_general(asking: _Asking, found: Facts) -> None:
    for (customer_id,) in await asking.rows(_GENERAL):
        for name in FROM_PROFILE:
            found[customer_id].pop(name, None)


async def _invites(asking: _Asking) -> Found:
    """The group chat she is asked into, and the code that leads to a free place."""
    asked = dict(await asking.rows(_INVITES))
    rules = (
        {rule.key: rule for rule in await group_chats.live_rules(asking.session)} if asked else {}
    )
    links = {
        key: await group_chats.open_code(asking.session, rules[key])
        for key in set(asked.values()) & rules.keys()
    }
    return [
        (i, _known(join_link=links.get(key), group=rules[key].name if key in rules else None))
        for i, key in asked.items()
    ]


SOURCES = (
    _names,
    _guides,
    _standing,
    _coupons,
    _orders,
    _this_month,
    _last_items,
    _invites,
)


def _known(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
