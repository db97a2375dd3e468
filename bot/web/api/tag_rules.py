"""`/api/v1/tags/rules`: what gives each tag now, and to how many a rule would give one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.refusals import Refusal
from bot.domain.segments import parse
from bot.domain.tags import Bought, Counter
from bot.store import segments, tags
from bot.web.api.bodies import Query, Strict
from bot.web.api.endpoints import Ask, Routes, Told
from bot.web.api.tags import GivenBy, Name

routes = Routes()
Kind = TypeVar("Kind", bound=BaseModel)


class RulesAsked(Query):
    tag: Annotated[str | None, Field(max_length=61)] = None


class RuleTold(Told):
    tag: str
    when: str
    of_console: bool
    """Written in the console or here; else it stands in `content/tags.yaml`."""
    rule: dict[str, Any]
    """As `content/tags.yaml` has it."""


class RulesTold(Told):
    items: list[RuleTold]


@routes.asks(
    "GET",
    "/tags/rules",
    "tag.read",
    "什么会打上标签，价格带也在",
    says=RulesAsked,
    gives=RulesTold,
)
async def listed(ask: Ask[RulesAsked]) -> RulesTold:
    async with ask.reading() as session:
        book = await tags.live_book(session, ask.desk.work.content.tags)
        made = await tags.rules_made_here(session)
    ours = {(row.tag, row.rule.get("when")) for row in made}
    every = [
        rule.model_dump(mode="json", by_alias=True, exclude_unset=True) for rule in book.rules
    ]
    return RulesTold(
        items=[
            RuleTold(
                tag=rule["tag"],
                when=rule["when"],
                of_console=(rule["tag"], rule["when"]) in ours,
                rule=rule,
            )
            for rule in every
            if ask.said.tag in (None, rule["tag"])
        ]
    )


class TryIn(Strict):
    tag: Name
    given: GivenBy


class WouldTold(Told):
    customers: int | None
    """None for what is heard and was never kept in a way that could be counted."""


@routes.asks(
    "POST",
    "/tags/rules/preview",
    "tag.define",
    "照这条规则，现在有多少位顾客",
    says=TryIn,
    gives=WouldTold,
    writes=False,
)
async def preview(ask: Ask[TryIn]) -> WouldTold:
    async with ask.reading() as session:
        return WouldTold(customers=await _would(ask, session))


def _read(kind: type[Kind], written: Mapping[str, Any]) -> Kind:
    try:
        return kind.model_validate(written)
    except ValidationError as mistake:
        said = str(mistake.errors()[0]["msg"]).removeprefix("Value error, ")
        raise Refusal("bad_rule", said, status=422) from None


async def _would(ask: Ask[TryIn], session: AsyncSession) -> int | None:
    given, now = ask.said.given, ask.now
    written = given.written | {"tag": ask.said.tag}
    match given.when:
        case "rule":
            return await segments.count(session, parse(given.rule or {}), now)
        case "purchase":
            band = _read(Bought, written)
            return await tags.would_hold(session, ask.desk.work.content.tags, band, now)
        case "counter":
            return await tags.would_count(session, _read(Counter, written), now)
    return await tags.would_hear(session, given.when, given.any or [])
