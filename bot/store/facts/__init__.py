"""What texts may say of customers, gathered for many at once in a handful of statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Executable, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Guide, Store
from bot.domain.levels import Levels
from bot.domain.offers import last_day_words
from bot.domain.points import PointsAccount
from bot.domain.rights import month_of
from bot.store import group_chats, points
from bot.store.customers.people import NAME
from bot.store.engine import dialect_of
from bot.store.facts.questions import STORES, Questions, questions
from bot.store.together import together
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

    @property
    def levels(self) -> Levels: ...


@dataclass(frozen=True, slots=True)
class _Asking:
    session: AsyncSession
    vault: Vault
    ids: list[int]
    now: datetime
    levels: Levels

    @property
    def questions(self) -> Questions:
        return questions(dialect_of(self.session))

    async def rows(self, query: Executable, **more: Any) -> list[Any]:
        """The rows of one of the questions."""
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
    brand = content.brand
    ours = _known(season=brand.season.get(month), hero=brand.hero_of(month))
    found: Facts = {i: dict(ours) for i in customer_ids}
    ids = sorted(found)
    for start in range(0, len(ids), AT_ONCE):
        asking = _Asking(session, vault, ids[start : start + AT_ONCE], now, content.levels)
        async for customer_id, facts in _all(asking):
            found[customer_id].update(facts)
        for customer_id in asking.ids:
            hero = brand.hero_of(month, found[customer_id].get("tier"))
            found[customer_id] |= _known(hero=hero)
            if found[customer_id].get("orders", 0) < PORTRAIT_FROM:
                found[customer_id].pop("favourite", None)
        await _keep_general(asking, found, ours)
    return found


async def of_one(
    session: AsyncSession, vault: Vault, content: Told, customer_id: int, now: datetime
) -> dict[str, Any]:
    """The same for one customer."""
    return await together(session, _of_some, _Her(vault, content, customer_id, now))


class _Her(NamedTuple):
    vault: Vault
    content: Told
    id: int
    now: datetime


async def _of_some(session: AsyncSession, some: Sequence[_Her]) -> list[dict[str, Any]]:
    vault, content, _, now = some[0]
    found = await gather(session, vault, content, [her.id for her in some], now)
    return [found[her.id] for her in some]


async def guides_of(session: AsyncSession, customer_ids: Collection[int]) -> dict[int, Guide]:
    """The guide of each customer: whom she talked with last, else the newest."""
    found = await session.execute(
        questions(dialect_of(session)).best_guides, {"ids": list(customer_ids)}
    )
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


async def _names(asking: _Asking) -> Found:
    await asking.vault.load_keys(asking.session, asking.ids)
    return [
        (i, {"称呼": asking.vault.unseal_known(i, sealed, about=NAME)})
        for i, sealed in await asking.rows(asking.questions.names)
    ]


async def _guides(asking: _Asking) -> Found:
    guides = await guides_of(asking.session, asking.ids)
    ids = sorted({guide.store_id for guide in guides.values() if guide.store_id is not None})
    stores = dict(await asking.rows(STORES, stores=ids)) if ids else {}
    return [
        (i, {"guide": guide.name} | _known(store=stores.get(guide.store_id)))
        for i, guide in guides.items()
    ]


async def _standing(asking: _Asking) -> Found:
    return [
        (
            i,
            _known(birthday_month=month, tier=tier, favourite=likes)
            | (_points(asking.levels, account) if account else {}),
        )
        for i, month, tier, likes, account in await asking.rows(asking.questions.standing)
    ]


def _points(levels: Levels, account: PointsAccount) -> dict[str, Any]:
    """What she has, and what she would have next."""
    told = {"points": account.balance, "level": account.level}
    following = levels.next_after(account.level)
    if following is None:
        return told
    needs = max(following.needs - account.earned_year, 1)
    return told | {"next_right": f"再攒 {needs} 分到{following.name}：{following.rights}"}


async def _running_out(asking: _Asking) -> Found:
    """Points that are gone when this month is."""
    if asking.levels.expire_after_months is None:
        return []
    _, end = month_of(asking.now)
    gone = await points.expiring(asking.session, asking.ids, end)
    with speaking("zh"):
        until = last_day_words(end)
    return [(i, {"points_expiring": {"points": n, "until": until}}) for i, n in gone.items()]


async def _coupons(asking: _Asking) -> Found:
    """The coupon that runs out first: the one worth speaking of."""
    rows = await asking.rows(asking.questions.coupons)
    with speaking("zh"):  # she is told, whoever looks on
        return [
            (i, {"coupon_code": code, "coupon_until": last_day_words(until)})
            for i, code, until in rows
        ]


async def _orders(asking: _Asking) -> Found:
    return [
        (i, {"orders": number, "days_since_order": (asking.now - last).days})
        for i, number, last in await asking.rows(asking.questions.orders)
    ]


async def _this_month(asking: _Asking) -> Found:
    local = asking.now.astimezone(HERE)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = await asking.rows(asking.questions.spent, first=first)
    return [(i, {"spent_this_month": int(fen)}) for i, fen in rows]


async def _last_items(asking: _Asking) -> Found:
    return [
        (i, _known(last_item=name or None, last_category=category or None))
        for i, name, category in await asking.rows(asking.questions.last_items)
    ]


async def _keep_general(asking: _Asking, found: Facts, ours: Mapping[str, Any]) -> None:
    for (customer_id,) in await asking.rows(asking.questions.general):
        found[customer_id].update(ours)
        for name in FROM_PROFILE:
            found[customer_id].pop(name, None)


async def _invites(asking: _Asking) -> Found:
    """The group chat she is asked into, and the code that leads to a free place."""
    asked = dict(await asking.rows(asking.questions.invites))
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
    _running_out,
    _coupons,
    _orders,
    _this_month,
    _last_items,
    _invites,
)


def _known(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
