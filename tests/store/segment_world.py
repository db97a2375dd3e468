"""A small world in two forms: rows in the database, and the plain facts behind them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases import Case
from bot.domain.consent import ConsentEntry, ConsentState
from bot.domain.customers import Customer, Follow, Identity
from bot.domain.delivery import Message, ShortLink, Window
from bot.domain.group_chats import GroupChat, GroupMember
from bot.domain.offers import Coupon, Redemption
from bot.domain.orders import Order, OrderLine
from bot.domain.points import PointsAccount
from bot.domain.tags import CustomerTag, Tag, TagGroup
from bot.domain.tiers import CustomerTier
from tests.builders import a_guide, a_store, an_offer

DAY = timedelta(days=1)
TAGS = ("兴趣/连衣裙", "兴趣/针织", "来源/收银台")
TIERS, SHARES = ("核心", "潜力", "普通", "沉睡"), ("头部", "腰部", "大众")
STAGES = ("knows", "understands", "accepts", "buys", "shares")
CATEGORIES = ("连衣裙", "针织", "")
REGIONS = ("上海", "广东省广州市", "Hangzhou", None)


@dataclass
class Facts:
    """What is true of one customer, as plainly as can be."""

    region: str | None
    gender: int
    birthday_month: int | None
    stage: str
    last_active_at: datetime | None
    tier: tuple[str, str] | None = None
    points: tuple[int, str] | None = None
    tags: list[tuple[str, datetime | None]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    follows: list[dict[str, Any]] = field(default_factory=list)
    groups: list[tuple[str, str, bool]] = field(default_factory=list)
    coupons: list[tuple[str, str, datetime]] = field(default_factory=list)
    consents: dict[str, bool] = field(default_factory=dict)
    window: tuple[datetime, int] | None = None
    cases: list[str] = field(default_factory=list)
    star: int = 1
    influence: int = 0
    identities: list[str] = field(default_factory=list)
    messages: list[datetime] = field(default_factory=list)
    intents: list[str | None] = field(default_factory=list)
    opened: list[datetime] = field(default_factory=list)
    used: list[datetime] = field(default_factory=list)


def _asked(chance: random.Random, facts: Facts) -> Facts:
    facts.intents = [chance.choice((None, "size", "stock")) for _ in facts.messages]
    return facts


async def a_world(session: AsyncSession, now: datetime, size: int = 40) -> dict[int, Facts]:
    chance = random.Random(20260312)
    stage = await Stage.build(session, now)
    people = {}
    for n in range(size):
        facts = _asked(chance, _invent(chance, stage, now))
        people[await stage.play(session, n, facts)] = facts
    folded = Customer(ref="folded", created_at=now, merged_into=next(iter(people)))
    session.add(folded)
    return people


def _invent(chance: random.Random, stage: Stage, now: datetime) -> Facts:
    def some(items: Any) -> list[Any]:
        return [item for item in items if chance.random() < 0.35]

    def ago(days: int = 400) -> datetime:
        # Whole days too, so that the edges of windows are met.
        return (
            now
            - DAY * chance.choice((0, 1, 7, 30, 90))
            - (timedelta() if chance.random() < 0.3 else DAY * chance.random() * days)
        )

    return Facts(
        region=chance.choice(REGIONS),
        gender=chance.choice((0, 1, 2)),
        birthday_month=chance.choice((None, 1, now.month, 12)),
        stage=chance.choice(STAGES),
        last_active_at=chance.choice((None, ago())),
        tier=chance.choice((None, (chance.choice(TIERS), chance.choice(SHARES)))),
        points=chance.choice(
            (None, (chance.choice((0, 50, 3000)), chance.choice(("青铜", "黄金"))))
        ),
        tags=[(tag, chance.choice((None, now, now + DAY, now - DAY))) for tag in some(TAGS)],
        orders=[
            {
                "paid_at": chance.choice((None, ago(), ago())),
                "amount": chance.choice((0, 9900, 30000)),
                "refunded": chance.choice((0, 0, 9900)),
                "category": chance.choice(CATEGORIES),
                "price": chance.choice((0, 90, 9900, 30000)),
                "store": chance.choice((None, *stage.stores)),
            }
            for _ in range(chance.choice((0, 0, 1, 2, 5)))
        ],
        follows=[
            {
                "guide": guide,
                "since": ago(),
                "ended": chance.random() < 0.3,
                "state": chance.choice((None, "till")),
            }
            for guide in some(stage.guides)
        ],
        groups=[(chat, stage.chats[chat][1], chance.random() < 0.3) for chat in some(stage.chats)],
        coupons=[
            (key, chance.choice(("held", "redeemed")), now + DAY * chance.choice((-1, 0, 5)))
            for key in some(stage.offers)
        ],
        consents={p: chance.random() < 0.6 for p in some(("service", "marketing_wecom"))},
        window=chance.choice(
            (None, (now + DAY * chance.choice((-1, 0, 1)), chance.choice((0, 3))))
        ),
        cases=some(("open", "closed")),
        star=chance.choice((1, 2, 5)),
        influence=chance.choice((0, 0, 29, 90)),
        identities=some(("openid", "phone", "member_no")),
        messages=[ago() for _ in range(chance.choice((0, 0, 1, 3)))],
        opened=[ago() for _ in range(chance.choice((0, 0, 1, 3)))],
        used=[ago() for _ in range(chance.choice((0, 0, 1, 2)))],
    )


@dataclass
class Stage:
    """What the people of the world have in common."""

    now: datetime
    stores: dict[str, int]
    guides: dict[str, tuple[int, str]]
    tags: dict[str, int]
    chats: dict[str, tuple[int, str]]
    offers: dict[str, int]

    @classmethod
    async def build(cls, session: AsyncSession, now: datetime) -> Stage:
        stores = {s.code: s.id for s in [await a_store(session, code=c) for c in ("A", "B")]}
        guides = {}
        for userid, code in (("lin", "A"), ("chen", "B")):
            guide = await a_guide(session, userid=userid, store_id=stores[code])
            guides[userid] = (guide.id, code)
        tags = {}
        for group_name in ("兴趣", "来源"):
            group = TagGroup(name=group_name)
            session.add(group)
            await session.flush()
            for tag_name in (t for t in TAGS if t.startswith(group_name)):
                tag = Tag(group_id=group.id, name=tag_name.split("/")[1])
                session.add(tag)
                await session.flush()
                tags[tag_name] = tag.id
        chats = {}
        for key, kind in (("fuli", "benefit"), ("zhenzhi", "interest")):
            chat = GroupChat(
                chat_id=key, rule_key=key, kind=kind, name=key, owner="lin", created_at=now
            )
            session.add(chat)
            await session.flush()
            chats[key] = (chat.id, kind)
        offers = {key: (await an_offer(session, key=key)).id for key in ("welcome", "birthday")}
        return cls(now, stores, guides, tags, chats, offers)

    async def play(self, session: AsyncSession, n: int, facts: Facts) -> int:
        customer = Customer(
            ref=f"world{n}",
            created_at=self.now,
            region=facts.region,
            gender=facts.gender,
            birthday_month=facts.birthday_month,
            stage=facts.stage,
            last_active_at=facts.last_active_at,
            influence=facts.influence,
        )
        session.add(customer)
        await session.flush()
        for row in self._rows(customer.id, facts):
            session.add(row)
            await session.flush()
        for number, order in enumerate(facts.orders):
            await self._order(session, customer.id, f"{n}-{number}", order)
        for number, at in enumerate(facts.used):
            await self._use(session, customer.id, number, at)
        for purpose, granted in facts.consents.items():
            await self._consent(session, customer.id, purpose, granted)
        return customer.id

    def _rows(self, who: int, facts: Facts) -> list[Any]:
        rows: list[Any] = []
        if facts.tier:
            tier, share = facts.tier
            rows.append(_tier(who, tier, share, facts.star, self.now))
        if facts.points:
            rows.append(
                PointsAccount(customer_id=who, balance=facts.points[0], level=facts.points[1])
            )
        if facts.window:
            closes, left = facts.window
            rows.append(
                Window(customer_id=who, channel="kf", address="a", closes_at=closes, left=left)
            )
        rows += [
            CustomerTag(
                customer_id=who,
                tag_id=self.tags[tag],
                source="rule",
                evidence={},
                at=self.now,
                expires_at=until,
            )
            for tag, until in facts.tags
        ]
        rows += [
            Follow(
                customer_id=who,
                guide_id=self.guides[f["guide"]][0],
                external_userid=f"wm{who}",
                since=f["since"],
                state=f["state"],
                ended_at=self.now if f["ended"] else None,
            )
            for f in facts.follows
        ]
        rows += [
            GroupMember(
                group_chat_id=self.chats[key][0],
                member_id=f"wm{who}",
                customer_id=who,
                joined_at=self.now,
                left_at=self.now if left else None,
            )
            for key, _, left in facts.groups
        ]
        rows += [
            Coupon(
                code=f"{who}-{key}",
                offer_id=self.offers[key],
                customer_id=who,
                trigger="t",
                state=state,
                issued_at=self.now,
                expires_at=until,
            )
            for key, state, until in facts.coupons
        ]
        rows += [
            Case(
                customer_id=who,
                category="other",
                severity=2,
                state=state,
                channel="kf",
                opened_at=self.now,
                answer_due=self.now,
                resolve_due=self.now,
                source=f"{who}-{state}",
            )
            for state in facts.cases
        ]
        rows += [
            Identity(customer_id=who, kind=kind, value=f"{kind}{who}", since=self.now)
            for kind in facts.identities
        ]
        return rows + self._deeds(who, facts)

    def _deeds(self, who: int, facts: Facts) -> list[Any]:
        def line(n: int, at: datetime, direction: str, intent: str | None = None) -> Message:
            said = {
                "channel": "kf",
                "direction": direction,
                "text": b"",
                "at": at,
                "intent": intent,
            }
            return Message(key=f"{who}-{direction}{n}", customer_id=who, **said)

        said = zip(facts.messages, facts.intents, strict=True)
        rows: list[Any] = [line(n, at, "in", intent) for n, (at, intent) in enumerate(said)]
        rows.append(line(0, self.now, "out"))
        rows += [
            ShortLink(
                token=f"{who}-{n}",
                customer_id=who,
                target="/",
                created_at=at,
                opened_at=at,
                opens=1,
            )
            for n, at in enumerate(facts.opened)
        ]
        rows.append(ShortLink(token=f"{who}-x", customer_id=who, target="/", created_at=self.now))
        return rows

    async def _use(self, session: AsyncSession, who: int, n: int, at: datetime) -> None:
        coupon = Coupon(
            code=f"{who}-used{n}", offer_id=self.offers["welcome"], customer_id=who, trigger=f"u{n}",
            state="redeemed", issued_at=at, expires_at=self.now,
        )  # fmt: skip
        session.add(coupon)
        await session.flush()
        done = {"actor": "clerk:1", "discount_fen": 100}
        session.add(Redemption(coupon_id=coupon.id, at=at, live=coupon.id, **done))
        session.add(Redemption(coupon_id=coupon.id, at=self.now, voided_at=self.now, **done))

    async def _order(
        self, session: AsyncSession, who: int, number: str, order: dict[str, Any]
    ) -> None:
        made = Order(
            source="shop",
            order_no=number,
            customer_id=who,
            paid_at=order["paid_at"],
            amount_fen=order["amount"],
            refunded_fen=order["refunded"],
            state="paid",
            store_id=self.stores.get(order["store"] or ""),
        )
        session.add(made)
        await session.flush()
        session.add(
            OrderLine(
                order_id=made.id,
                ordinal=0,
                sku="x",
                name="x",
                category=order["category"],
                quantity=2,
                amount_fen=2 * order["price"],
            )
        )

    async def _consent(self, session: AsyncSession, who: int, purpose: str, granted: bool) -> None:
        entry = ConsentEntry(
            customer_id=who, purpose=purpose, action="grant", channel="h5", evidence={},
            actor="customer", at=self.now, previous_hash="", hash=f"{who}{purpose}",
        )  # fmt: skip
        session.add(entry)
        await session.flush()
        session.add(
            ConsentState(
                customer_id=who,
                purpose=purpose,
                granted=granted,
                since=self.now,
                entry_id=entry.id,
            )
        )


def _tier(who: int, tier: str, share: str, star: int, now: datetime) -> CustomerTier:
    numbers = dict.fromkeys(("score", "activity", "overdue", "rank"), 0.5)
    cells = dict.fromkeys(("recency", "frequency", "monetary"), star)
    facts = {"customer_id": who, "tier": tier, "share_class": share, "star": star}
    return CustomerTier(**(facts | numbers | cells), reason="", since=now)
