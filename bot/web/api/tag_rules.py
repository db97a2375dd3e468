"""`/api/v1/tags/rules`: what gives each tag now, and to how many a rule would give one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.tags import rule_of
from bot.store import tags
from bot.web.api.bodies import Query, Strict
from bot.web.api.endpoints import Ask, Routes, Told
from bot.web.api.tags import GivenBy, Name

routes = Routes()


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
    faces: list[str]
    """References of a few of them."""


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
        would = await _would(ask, session)
        if would is None:
            return WouldTold(customers=None, faces=[])
        return WouldTold(customers=would.number, faces=[one.ref for one in would.faces])


async def _would(ask: Ask[TryIn], session: AsyncSession) -> tags.Would | None:
    rule = rule_of(ask.said.tag, ask.said.given.written)
    return await tags.would_get(session, ask.desk.work.content.tags, rule, ask.now)
