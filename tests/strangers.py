"""A town whose truth is known: who owns which ids, and what a brand hears of them, in any order.

Of its phones 15 % are shared in a family and 5 % had another owner before; of its people 10 % use two WeChat accounts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Identity
from bot.events import Buyer
from bot.store import customers
from bot.store.vault import Vault
from tests.builders import LONG_AGO

SHARED, RECYCLED, TWO_ACCOUNTS = 0.15, 0.05, 0.10
SURNAMES, GIVEN = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗",
    "丽娜静敏燕艳娟霞秀英强磊洋勇军杰涛明超华",
)
NICKNAMES = ("小太阳", "Lily", "A小雨", "岁月静好", "momo", "🌸花花", "老地方", "Coco")
DAYS = 700
MALL = "mall"


class Account(NamedTuple):
    """What one WeChat account is called by each platform."""

    unionid: str
    openid: str
    external_userid: str
    nickname: str


@dataclass
class Stranger:
    number: int
    name: str
    phone: str
    accounts: list[Account]
    member_no: str | None
    buyer_id: str | None
    former_phone: str | None = None
    """Given back half way; somebody else has it since."""
    taken_over: bool = False
    """Her number was another person's before."""

    def phone_at(self, day: int) -> str | None:
        if self.former_phone:
            return self.former_phone if day < DAYS / 2 - 60 else self.phone
        return self.phone if not self.taken_over or day > DAYS / 2 + 60 else None


class News(NamedTuple):
    """One thing that the brand hears, and when it happened."""

    at: datetime
    kind: str
    """friend, fan, visit (微信客服), order; or row, of a file of members, which tells a name."""
    account: Account | None = None
    phone: str | None = None
    name: str | None = None
    buyer: Buyer | None = None


@dataclass
class Town:
    people: list[Stranger] = field(default_factory=list)
    news: list[News] = field(default_factory=list)


def build(size: int, seed: int) -> Town:
    """So many people, and the news of two years about them in scrambled order."""
    dice, town = Random(f"{seed}:people"), Town()
    for number in range(size):
        town.people.append(_stranger(dice, number))
    _share_phones(Random(f"{seed}:phones"), town.people)
    told = Random(f"{seed}:news")
    for person in town.people:
        town.news += _life(told, person)
    Random(f"{seed}:order").shuffle(town.news)
    return town


def _stranger(dice: Random, number: int) -> Stranger:
    accounts = []
    for n in range(1 + (dice.random() < TWO_ACCOUNTS)):
        mark = f"{number}-{n}"
        accounts.append(Account(f"u{mark}", f"o{mark}", f"wm{mark}", dice.choice(NICKNAMES)))
    return Stranger(
        number=number,
        name=dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=2)),
        phone=f"138{number:08}",
        accounts=accounts,
        member_no=f"M{number:06}" if dice.random() < 0.9 else None,
        buyer_id=f"b{number}" if dice.random() < 0.5 else None,
    )


def _share_phones(dice: Random, people: list[Stranger]) -> None:
    """Give some phones a second owner at home, and some a former owner."""
    phones = len(people) / (1 + SHARED)
    order = dice.sample(people, len(people))
    for _ in range(round(phones * SHARED)):
        one, other = order.pop(), order.pop()
        other.phone = one.phone
    for _ in range(round(phones * RECYCLED)):
        before, after = order.pop(), order.pop()
        before.former_phone, after.taken_over = after.phone, True


def _life(dice: Random, who: Stranger) -> Iterator[News]:
    """A few meetings and purchases, each carrying only some of her ids."""
    for account in who.accounts:
        yield from _on_wechat(dice, who, account)
    for _ in range(dice.randrange(4)):
        day = dice.randrange(DAYS)
        if buyer := _elsewhere(dice, who, day):
            yield News(_at(day), "order", buyer=buyer)
    if who.member_no and dice.random() < 0.6:
        day = dice.randrange(DAYS)
        buyer = Buyer(member_no=who.member_no, phone=who.phone_at(day))
        yield News(_at(day), "row", name=who.name, buyer=buyer)


def _on_wechat(dice: Random, who: Stranger, account: Account) -> Iterator[News]:
    day = dice.randrange(DAYS)
    if dice.random() < 0.7:
        name = who.name if dice.random() < 0.5 else account.nickname
        phone = who.phone_at(day) if dice.random() < 0.4 else None
        yield News(_at(day), "friend", account, phone, name)
    for kind, share in (("fan", 0.5), ("visit", 0.3)):
        if dice.random() < share:
            yield News(_at(dice.randrange(DAYS)), kind, account)
    for _ in range(1 + dice.randrange(3)):
        day = dice.randrange(DAYS)
        yield News(_at(day), "order", buyer=_in_our_shop(dice, who, account, day))


def _in_our_shop(dice: Random, who: Stranger, account: Account, day: int) -> Buyer:
    """The mini program knows the account; most customers are signed in with phone and card as well."""
    return Buyer(
        unionid=account.unionid,
        phone=who.phone_at(day) if dice.random() < 0.9 else None,
        member_no=who.member_no if dice.random() < 0.9 else None,
        buyer_id=who.buyer_id if dice.random() < 0.3 else None,
    )


def _elsewhere(dice: Random, who: Stranger, day: int) -> Buyer | None:
    """At the till, or in a marketplace that knows nothing of WeChat."""
    if who.buyer_id and dice.random() < 0.5:
        phone = who.phone_at(day) if dice.random() < 0.7 else None
        return Buyer(buyer_id=who.buyer_id, phone=phone)
    card = who.member_no if dice.random() < 0.6 else None
    phone = who.phone_at(day) if not card or dice.random() < 0.5 else None
    return Buyer(member_no=card, phone=phone) if card or phone else None


def _at(day: int) -> datetime:
    return LONG_AGO + timedelta(days=day)


async def tell(session: AsyncSession, vault: Vault, news: News) -> None:
    """Let the store hear it as the handlers would."""
    at, account = news.at, news.account
    if news.buyer is not None:
        if news.kind == "order":
            await customers.meet_buyer(session, vault, news.buyer, at=at, source=MALL)
            return
        ids = [(kind, getattr(news.buyer, kind)) for kind in ("member_no", "buyer_id", "phone")]
        told = [(kind, value) for kind, value in ids if value]
        heard = {"source": MALL, "evidence": "import:file", "name": news.name}
        await customers.meet_by(session, vault, told, at=at, **heard)
    elif account is not None:
        kind, value = {
            "friend": ("external_userid", account.external_userid),
            "visit": ("kf", account.external_userid),
            "fan": ("openid", account.openid),
        }[news.kind]
        met = await customers.meet(session, vault, kind=kind, value=value, at=at)
        await customers.attach(
            session,
            vault,
            met,
            kind="unionid",
            value=account.unionid,
            at=at,
            name=news.name,
            phone=news.phone,
        )


class Score(NamedTuple):
    """Over all pairs of ids that have one owner each."""

    precision: float
    recall: float
    pairs: int


async def measure(session: AsyncSession, vault: Vault, town: Town) -> Score:
    """Two ids count as joined when one customer holds both."""
    owners = _owners(vault, town)
    held = await session.execute(select(Identity.kind, Identity.value, Identity.customer_id))
    ids = [
        (next(iter(owners[kind, value])), customer_id)
        for kind, value, customer_id in held
        if len(owners[kind, value]) == 1
    ]
    both = _pairs(Counter(ids))
    joined = _pairs(Counter(customer_id for _, customer_id in ids))
    true = _pairs(Counter(owner for owner, _ in ids))
    return Score(both / joined, both / true, true)


def _pairs(groups: Mapping[object, int]) -> int:
    return sum(size * (size - 1) // 2 for size in groups.values())


def _owners(vault: Vault, town: Town) -> dict[tuple[str, str], set[int]]:
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for who in town.people:
        mine = [("member_no", who.member_no), ("buyer_id", who.buyer_id)]
        for account in who.accounts:
            mine += [("unionid", account.unionid), ("openid", account.openid)]
            mine += [("external_userid", account.external_userid), ("kf", account.external_userid)]
        for phone in (who.phone, who.former_phone):
            mine.append(("phone", phone and vault.blind(phone)))
        for kind, value in mine:
            if value:
                found[kind, value].add(who.number)
    return found
