"""`/api/v1/tags/…`: tags made, what gives them, one tag for many, and where WeCom disagrees."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bot.domain.refusals import Refusal
from bot.events.commands import DefineTag, RetireTagRule, SettleTagDispute, TagCustomers
from bot.store import segments, tags
from bot.web.api.bodies import Query, Strict, Word
from bot.web.api.endpoints import NUMBER, Ask, Done, Routes, Told
from bot.web.console.scopes import narrowed
from bot.work.renewing import renew

routes = Routes()
Name = Annotated[str, Field(pattern=r"^[^/\s]{1,30}/[^/\s]{1,30}$")]
"""组/标签; a group that there is not yet comes with its first tag."""


class WeakIn(Strict):
    """A small sign: what it is of, which ones, how long they must last, how many points each gives."""

    of: Literal["item", "page", "link", "intent"]
    any: Annotated[list[Word], Field(min_length=1, max_length=50)]
    seconds: Annotated[int, Field(ge=0, le=600)] | None = None
    points: Annotated[float, Field(gt=0, le=10)] | None = None


class PriceIn(Strict):
    """From included, below not: fen of her average order, or percent of what such things usually cost."""

    of: Literal["order", "category"] = "order"
    from_: Annotated[int, Field(alias="from", ge=0, le=10**9)] = 0
    below: Annotated[int, Field(ge=1, le=10**9)] | None = None

    @model_validator(mode="after")
    def _some(self) -> PriceIn:
        if not self.from_ and self.below is None:
            raise ValueError("写从多少起（from），或到多少为止（below）")
        if self.below is not None and self.below <= self.from_:
            raise ValueError("below 要比 from 大")
        return self


Orders = Annotated[int, Field(ge=1, le=10_000)]


class OrdersIn(Strict):
    least: Orders = 1
    most: Orders | None = None


class HabitIn(Strict):
    """At least this share of at least so many orders."""

    share: Annotated[float, Field(gt=0, le=1)]
    orders: Orders


class NoveltyIn(HabitIn):
    """Of orders with something that had been on sale for fewer days."""

    days: Annotated[int, Field(ge=1, le=365)]


class GivenBy(Strict):
    """What gives it, as a rule of `content/tags.yaml`: a rule of the segment language, how she buys, what she
    answered, small signs that add up, or something heard."""

    when: Literal[
        "rule",
        "purchase",
        "answer",
        "counter",
        "contact_way",
        "intent",
        "keyword",
        "link",
        "menu",
    ]
    rule: dict[str, Any] | None = None
    price: PriceIn | None = None
    category: Word | None = None
    """`*` gives one tag for each category that was bought; the tag is then 组/{category}."""
    orders: OrdersIn | None = None
    with_coupon: HabitIn | None = None
    at_weekends: HabitIn | None = None
    new_items: NoveltyIn | None = None
    within_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    form: Word | None = None
    field: Word | None = None
    is_: Annotated[Word | None, Field(alias="is")] = None
    counts: Annotated[list[WeakIn], Field(min_length=1, max_length=8)] | None = None
    half_life: Annotated[float, Field(ge=1, le=90)] | None = None
    enters: Annotated[float, Field(gt=0, le=1000)] | None = None
    leaves: Annotated[float, Field(gt=0, le=1000)] | None = None
    any: Annotated[list[Word], Field(max_length=50)] | None = None
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    confidence: Annotated[float, Field(gt=0, le=1)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> GivenBy:
        may, must = WRITES.get(self.when, HEARD)
        told = {name for name in self.written if name != "when"}
        if told - may or must - told:
            words = "、".join([*sorted(must), *sorted(may - must)])
            raise ValueError(f"when 是 {self.when} 时写 {words}")
        if self.when == "purchase" and len(told & WAYS | _counted(told)) != 1:
            raise ValueError(
                f"purchase 只写一种看法：{'、'.join(sorted(WAYS))}，或 category、orders"
            )
        return self

    @property
    def written(self) -> dict[str, Any]:
        """As `content/tags.yaml` has it."""
        return self.model_dump(exclude_none=True, by_alias=True)


WAYS = {"price", "with_coupon", "at_weekends", "new_items"}
"""Of how she buys, beside how often and what."""
WRITES: dict[str, tuple[set[str], set[str]]] = {
    "rule": ({"rule"}, {"rule"}),
    "purchase": (WAYS | {"category", "orders", "within_days"}, set()),
    "answer": ({"form", "field", "is"}, {"form", "field", "is"}),
    "counter": ({"counts", "half_life", "enters", "leaves"}, {"counts"}),
}
"""Kind of rule → what may be written, and what must be."""
HEARD = ({"any", "days", "confidence"}, {"any"})


def _counted(told: set[str]) -> set[str]:
    return {"orders"} if told & {"category", "orders"} else set()


class TagIn(Strict):
    tag: Name
    given: GivenBy | None = None
    """Without it, the tag is given by hand."""


@routes.asks("POST", "/tags", "tag.define", "建标签，写什么时候打上它", says=TagIn)
async def define(ask: Ask[TagIn]) -> Done:
    rule = ask.said.given.written if ask.said.given else {}
    told = await ask.does(DefineTag, name=ask.said.tag, rule=rule)
    await renew(ask.desk.work)
    return told


class NamedIn(Strict):
    tag: Name


@routes.asks("POST", "/tags/retire", "tag.define", "停用在后台写的规则", says=NamedIn)
async def retire(ask: Ask[NamedIn]) -> Done:
    return await ask.does(RetireTagRule, name=ask.said.tag)


class ManyIn(Strict):
    tag: Name
    rule: dict[str, Any] | None = None
    segment: Word | None = None
    refs: Annotated[list[Word], Field(min_length=1, max_length=1000)] | None = None
    remove: bool = False

    @model_validator(mode="after")
    def _somebody(self) -> ManyIn:
        if [self.rule, self.segment, self.refs].count(None) != 2:
            raise ValueError("rule、segment、refs 要且只要一个")
        return self


@routes.asks("POST", "/tags/assign", "tag.assign", "给一群人打上或去掉一个标签", says=ManyIn)
async def assign(ask: Ask[ManyIn]) -> Done:
    said, rule = ask.said, ask.said.rule or {"all": []}
    if said.segment is not None:
        async with ask.reading() as session:
            known = await segments.published(session, said.segment)
        if known is None:
            raise Refusal("unknown_segment", "没有这个分群", status=404)
        rule = known.rule
    return await ask.does(
        TagCustomers,
        tag=said.tag,
        rule=narrowed(ask.request, rule),
        refs=tuple(said.refs or ()),
        remove=said.remove,
    )


class DisputeTold(Told):
    follow: int
    tag_id: int
    tag: str
    customer: str
    guide: str
    at: datetime


class Disputes(Told):
    waiting: int
    items: list[DisputeTold]


@routes.asks(
    "GET", "/tags/disputes", "tag.define", "导购在企业微信里摘掉、这里还留着的", gives=Disputes
)
async def disputes(ask: Ask[Query]) -> Disputes:
    async with ask.reading() as session:
        waiting, found = await tags.disputes(session, ask.now)
    items = [
        DisputeTold(
            follow=one.follow_id,
            tag_id=one.tag_id,
            tag=one.tag,
            customer=one.customer.ref,
            guide=one.guide,
            at=one.at,
        )
        for one in found
    ]
    return Disputes(waiting=waiting, items=items)


class SettleIn(Strict):
    keep: bool
    """True marks it in WeCom once more; false takes it off here too."""


@routes.asks(
    "POST",
    f"/tags/disputes/{NUMBER % 'follow'}/{NUMBER % 'tag'}/settle",
    "tag.define",
    "留着，或也摘掉",
    says=SettleIn,
)
async def settle(ask: Ask[SettleIn]) -> Done:
    return await ask.does(
        SettleTagDispute,
        follow_id=ask.number("follow"),
        tag_id=ask.number("tag"),
        keep=ask.said.keep,
    )
