"""The book of tags as it counts now: the file's, and what people made in the console beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.refusals import Refusal
from bot.domain.tags import (
    CATEGORY,
    Answered,
    Bought,
    Counter,
    CustomerTag,
    Fitting,
    Heard,
    Tag,
    TagBook,
    TagGroup,
    TagRule,
    parts,
    said,
)
from bot.store.tags import counting, fitting, retagging
from bot.store.tags.labels import named
from bot.store.tags.stirring import stir_wearers
from bot.store.together import together
from bot.tongue import _

BY_NIGHT = (fitting.SOURCE, counting.SOURCE, retagging.SOURCE)
"""Kinds of rules that give and take by themselves; their tags have the kind for a source."""
_LIVE = select(TagRule.tag, TagRule.rule).where(TagRule.state == "published").order_by(TagRule.id)


async def live_book(session: AsyncSession, base: TagBook) -> TagBook:
    """The file's alone as long as nobody made anything here."""
    return await together(session, _live_books, base)


async def _live_books(session: AsyncSession, bases: Sequence[TagBook]) -> list[TagBook]:
    rows = (await session.execute(_LIVE)).all()
    made = tuple((tag, json.dumps(rule, ensure_ascii=False, sort_keys=True)) for tag, rule in rows)
    return [_merged(base.model_dump_json(by_alias=True), made) if made else base for base in bases]


async def made_by_people(session: AsyncSession) -> frozenset[str]:
    return frozenset(tag for tag, _rule in await session.execute(_LIVE))


@lru_cache(maxsize=2)
def _merged(base: str, made: tuple[tuple[str, str], ...]) -> TagBook:
    written = json.loads(base)
    rules = [(tag, json.loads(rule)) for tag, rule in made]
    return TagBook.model_validate(_with(written, rules))


def _with(book: dict[str, Any], made: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """A rule that works by night takes the place of the file's for the same tag: two would take turns."""
    for tag, rule in made:
        group, name = parts(tag)
        spec = next((one for one in book["groups"] if one["name"] == group), None)
        if spec is None:
            spec = {"name": group, "tags": []}
            book["groups"].append(spec)
        if name == CATEGORY:
            spec["open"] = True
        elif name not in spec["tags"]:
            spec["tags"] = [*spec["tags"], name]
        if not rule:
            continue
        if rule["when"] in BY_NIGHT:
            kept = [
                one for one in book["rules"] if (one["when"], one["tag"]) != (rule["when"], tag)
            ]
            book["rules"] = kept
        book["rules"].append(rule | {"tag": tag})
    return book


async def rules_made_here(session: AsyncSession) -> Sequence[TagRule]:
    query = select(TagRule).where(TagRule.state == "published").order_by(TagRule.id)
    return (await session.scalars(query)).all()


async def define(
    session: AsyncSession, base: TagBook, tag: str, rule: dict[str, Any], *, by: str, now: datetime
) -> TagRule:
    """A tag, and what gives it; a rule of the same kind gives way. Raises Refusal too_precise, bad_tag or bad_rule."""
    parts(tag)
    if known := base.too_precise(tag):
        words = _("「%(tag)s」不能作标签：%(why)s%(instead)s", tag=tag, why=known.why, instead="")
        raise Refusal("too_precise", words, status=422)
    book = await live_book(session, base)
    try:
        TagBook.model_validate(
            _with(json.loads(book.model_dump_json(by_alias=True)), [(tag, rule)])
        )
    except ValidationError as mistake:
        raise Refusal("bad_rule", said(mistake), status=422) from None
    await _give_way(session, tag, rule.get("when"))
    made = TagRule(tag=tag, rule=rule, state="published", at=now, by=by)
    session.add(made)
    if parts(tag)[1] != CATEGORY:
        await named(session, tag)
    await session.flush()
    return made


async def _give_way(session: AsyncSession, tag: str, when: str | None) -> None:
    known = select(TagRule).where(TagRule.tag == tag, TagRule.state == "published")
    for row in await session.scalars(known):
        if row.rule.get("when") in (None, when):
            row.state = "retired"


async def retire(session: AsyncSession, tag: str) -> int:
    """What was made here for a tag counts no more, and those whom its rules gave it by night lose it."""
    gone = update(TagRule).where(TagRule.tag == tag, TagRule.state == "published")
    await session.execute(gone.values(state="retired"))
    group, name = parts(tag)
    hers = select(Tag.id).join(TagGroup).where(TagGroup.name == group)
    tag_ids = list(
        await session.scalars(hers if name == CATEGORY else hers.where(Tag.name == name))
    )
    await stir_wearers(session, tag_ids)
    worn = delete(CustomerTag).where(
        CustomerTag.tag_id.in_(tag_ids),
        CustomerTag.source.in_(BY_NIGHT if name != CATEGORY else (retagging.SOURCE,)),
    )
    return len((await session.scalars(worn.returning(CustomerTag.customer_id))).all())


def fitting_of(book: TagBook, tag: str) -> Fitting | None:
    return next((rule for rule in book.fitting() if rule.tag == tag), None)


def bought_of(book: TagBook, tag: str) -> Bought | None:
    return next((rule for rule in book.bought() if rule.tag == tag), None)


def answered_of(book: TagBook, tag: str) -> Answered | None:
    rules = (rule for rule in book.rules if isinstance(rule, Answered))
    return next((rule for rule in rules if rule.tag == tag), None)


def heard_of(book: TagBook, tag: str, when: str) -> Heard | None:
    """The newest of them: what people made here stands behind the file's."""
    rules = [rule for rule in book.rules if isinstance(rule, Heard)]
    return next((r for r in reversed(rules) if (r.tag, r.when) == (tag, when)), None)


def counter_of(book: TagBook, tag: str) -> Counter | None:
    return next((rule for rule in book.counted() if rule.tag == tag), None)
