"""`/api/v1/segments`, `/tags`, `/tiers`: rules counted and tried before they are published, and what one may ask."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, model_validator

from bot.domain import masks
from bot.domain.refusals import Refusal
from bot.domain.segment_fields import FIELDS
from bot.domain.segments import Rule, parse, read_back
from bot.domain.segments import Segment as Published
from bot.events.commands import KeepSegmentDraft, PublishSegment
from bot.store import choices, listing, roster, segments
from bot.store.tags import live_book
from bot.store.tiers.reading import last_run
from bot.web.api.bodies import Nothing, Query, Strict, Word
from bot.web.api.endpoints import Ask, Done, Routes, Told
from bot.web.console.rules import form_of
from bot.web.console.scopes import narrowed, within

routes = Routes()
Written = Annotated[dict[str, Any], Field(max_length=3)]
"""A rule as `docs` of segments describe it: all, any, not, or one condition."""


class SegmentTold(Told):
    key: str
    name: str
    version: int
    rule: dict[str, Any]
    words: str
    at: datetime


class Segments(Told):
    items: list[SegmentTold]


@routes.asks("GET", "/segments", "segment.read", "已发布的分群", gives=Segments)
async def listed(ask: Ask[Query]) -> Segments:
    async with ask.reading() as session:
        found = await segments.all_published(session)
    return Segments(items=[_told(one) for one in found])


def _told(one: Published) -> SegmentTold:
    return SegmentTold(
        key=one.key,
        name=one.name,
        version=one.version,
        rule=one.rule,
        words=read_back(parse(one.rule)),
        at=one.at,
    )


class Choice(Told):
    value: str
    words: str


class Fields(Told):
    fields: list[str]
    values: dict[str, list[Choice]]
    """Field → its values with their words, where they are few."""


@routes.asks("GET", "/segments/fields", "segment.read", "规则里能问什么", gives=Fields)
async def fields(ask: Ask[Query]) -> Fields:
    async with ask.reading() as session:
        known = await choices.choices(session)
    values = {
        name: [Choice(value=value, words=words) for value, words in pairs]
        for name, pairs in known.items()
    }
    return Fields(fields=sorted(FIELDS), values=values)


class RuleIn(Strict):
    """A rule, or the key of a published segment."""

    rule: dict[str, Any] | None = None
    segment: Word | None = None

    @model_validator(mode="after")
    def _one(self) -> RuleIn:
        if (self.rule is None) == (self.segment is None):
            raise ValueError("rule 和 segment 要且只要一个")
        return self


async def _asked(ask: Ask[RuleIn], session: Any) -> Rule:
    """Bounded by the store of whoever asks."""
    if ask.said.segment is not None:
        segment = await segments.published(session, ask.said.segment)
        if segment is None:
            raise Refusal("unknown_segment", "没有这个分群", status=404)
        return within(ask.request, parse(segment.rule))
    return within(ask.request, parse(ask.said.rule or {}))


class Hit(Told):
    path: str
    words: str
    customers: int


class Counted(Told):
    customers: int
    reachable: int
    not_reachable: dict[str, int]
    """By the reason that stands against writing to them now."""
    words: str
    conditions: list[Hit]


@routes.asks(
    "POST",
    "/segments/count",
    "segment.read",
    "这条规则有多少人",
    says=RuleIn,
    gives=Counted,
    writes=False,
)
async def count(ask: Ask[RuleIn]) -> Counted:
    async with ask.reading() as session:
        rule = await _asked(ask, session)
        clause = segments.clause(rule, ask.now)
        by_reason = await roster.reach(session, clause, ask.desk.work.content.limits, ask.now)
        hits = await segments.count_each(session, rule, ask.now)
    customers = sum(by_reason.values())
    return Counted(
        customers=customers,
        reachable=by_reason.pop("", 0),
        not_reachable=by_reason,
        words=read_back(rule),
        conditions=[Hit.model_validate(hit) for hit in hits],
    )


class Face(Told):
    ref: str
    name: str
    """Masked."""


class Sample(Told):
    items: list[Face]


@routes.asks(
    "POST",
    "/segments/sample",
    "segment.read",
    "这条规则里的几个人",
    says=RuleIn,
    gives=Sample,
    writes=False,
)
async def sample(ask: Ask[RuleIn]) -> Sample:
    async with ask.reading() as session:
        found = await segments.sample(session, await _asked(ask, session), ask.now)
        names = await roster.names(session, ask.desk.work.vault, [one.id for one in found])
    return Sample(
        items=[Face(ref=one.ref, name=masks.name(names.get(one.id, ""))) for one in found]
    )


class SegmentIn(Strict):
    name: Annotated[Word, Field(max_length=40)]
    rule: dict[str, Any]


@routes.asks("POST", "/segments", "segment.create", "发布一个分群", says=SegmentIn)
async def publish(ask: Ask[SegmentIn]) -> Done:
    rule = narrowed(ask.request, ask.said.rule)
    return await ask.does(PublishSegment, name=ask.said.name, rule=rule)


class DraftTold(Told):
    name: str
    rule: dict[str, Any]


class Drafts(Told):
    items: list[DraftTold]


@routes.asks("GET", "/segments/drafts", "segment.create", "写到一半的分群", gives=Drafts)
async def drafts(ask: Ask[Query]) -> Drafts:
    _ = ask.store
    async with ask.reading() as session:
        found = await segments.drafts(session)
    return Drafts(items=[DraftTold.model_validate(one) for one in found])


class DraftIn(Strict):
    rule: Annotated[dict[str, Any], Field(min_length=1, max_length=3)]
    """As far as it is written, as the console's builder writes it; a value may be missing yet."""


@routes.asks("PUT", "/segments/drafts/{name}", "segment.create", "存草稿", says=DraftIn)
async def keep(ask: Ask[DraftIn]) -> Done:
    _ = ask.store
    if form_of(ask.said.rule) is None:
        raise Refusal("bad_rule", "规则没有读懂", status=422)
    return await ask.does(KeepSegmentDraft, name=_short(ask), rule=ask.said.rule)


@routes.asks("DELETE", "/segments/drafts/{name}", "segment.create", "丢掉草稿")
async def drop(ask: Ask[Nothing]) -> Done:
    _ = ask.store
    return await ask.does(KeepSegmentDraft, name=_short(ask))


def _short(ask: Ask[Any]) -> str:
    return ask.named("name")[:40]


class TagGroup(Told):
    name: str
    tags: list[str]


class Tags(Told):
    items: list[TagGroup]


@routes.asks("GET", "/tags", "tag.read", "标签组和标签", gives=Tags)
async def tags(ask: Ask[Query]) -> Tags:
    async with ask.reading() as session:
        book = await live_book(session, ask.desk.work.content.tags)
    return Tags(items=[TagGroup(name=one.name, tags=list(one.tags)) for one in book.groups])


class Tiers(Told):
    as_of: datetime | None
    """When everybody was last looked at."""
    customers: dict[str, int]


@routes.asks("GET", "/tiers", "tier.read", "各分层有多少人", gives=Tiers)
async def by_tier(ask: Ask[Query]) -> Tiers:
    async with ask.reading() as session:
        run = await last_run(session)
        rule = within(ask.request, parse({"all": []}))
        among = segments.clause(rule, ask.now)
        return Tiers(
            as_of=run.as_of if run else None, customers=await listing.tiers(session, among)
        )
