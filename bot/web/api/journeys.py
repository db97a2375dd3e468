"""`/api/v1/journeys`: the ways that customers are led, written, published, paused."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import checking, edits
from bot.domain.playbooks import PlaybookSpec
from bot.domain.refusals import Refusal
from bot.events.commands import DraftPlaybook, PublishPlaybook, SwitchPlaybook
from bot.store import content_edits, journey_rehearsal, journeys, playbooks
from bot.web.api.bodies import Nothing, Query, Strict
from bot.web.api.endpoints import Ask, Done, Routes, Told
from bot.work.renewing import renew

routes = Routes()
ONE = "/journeys/{key}"
YEAR = timedelta(days=365)
KEY = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


class Journey(Told):
    key: str
    name: str
    version: int
    trigger: str | None
    state: str
    at: datetime
    by: str
    body: dict[str, Any]


class Journeys(Told):
    items: list[Journey]


@routes.asks("GET", "/journeys", "journey.read", "打法和旅程，停着的也在", gives=Journeys)
async def listed(ask: Ask[Query]) -> Journeys:
    async with ask.reading() as session:
        found = await playbooks.live(session)
    return Journeys(items=[Journey.model_validate(one) for one in found])


@routes.asks("GET", ONE, "journey.read", "一个打法", gives=Journey)
async def one(ask: Ask[Query]) -> Journey:
    async with ask.reading() as session:
        found = await playbooks.newest(session, ask.named("key"))
    if found is None or found.state == "retired":
        raise Refusal("unknown_playbook", "没有这个打法", status=404)
    return Journey.model_validate(found)


class DraftTold(Told):
    key: str
    body: dict[str, Any]
    draft: int
    at: datetime
    by: str
    mistakes: list[dict[str, str]]


@routes.asks("GET", f"{ONE}/draft", "journey.read", "还没发布的草稿，和它的错处", gives=DraftTold)
async def draft_of(ask: Ask[Query]) -> DraftTold:
    key = ask.named("key")
    async with ask.reading() as session:
        found = (await content_edits.drafts(session, edits.PLAYBOOKS)).get(key)
    if found is None:
        raise Refusal("no_draft", "没有这份草稿", status=404)
    wrong = checking.flaws(ask.desk.work.content, key, found.body)
    return DraftTold(
        key=key,
        body=found.body,
        draft=found.version,
        at=found.at,
        by=found.by,
        mistakes=[{"at": one.place, "what": one.what, "mend": one.mend} for one in wrong],
    )


class RehearsalAsked(Query):
    draft: bool = False
    """The draft instead of what counts now."""


class RehearsalTold(Told):
    """Counts of acts, messages and ends are for everybody, told in proportion where only a sample was walked."""

    name: str
    since: datetime
    until: datetime
    causes: int
    people: int
    sampled: float
    entered: int
    held_out: int
    sent: dict[str, int]
    kept_back: dict[str, int]
    acts: dict[str, int]
    ends: dict[str, int]
    cost_fen: int
    likely_fen: int


@routes.asks(
    "GET",
    f"{ONE}/rehearsal",
    "journey.read",
    "拿过去一年试一遍：谁会进入、会发什么、要花多少",
    says=RehearsalAsked,
    gives=RehearsalTold,
)
async def rehearse(ask: Ask[RehearsalAsked]) -> RehearsalTold:
    _ = ask.store
    until = ask.now.astimezone(ask.desk.work.settings.zone)
    async with ask.reading() as session:
        done = await journey_rehearsal.rehearse(
            session,
            ask.desk.work.content,
            await spec_of(ask, session),
            since=until - YEAR,
            until=until,
        )
    return RehearsalTold.model_validate(done.as_json())


async def spec_of(ask: Ask[RehearsalAsked], session: AsyncSession) -> PlaybookSpec:
    """What counts now, or its draft. Raises Refusal for what is neither, and for a draft with mistakes."""
    key = ask.named("key")
    if ask.said.draft:
        draft = (await content_edits.drafts(session, edits.PLAYBOOKS)).get(key)
        if draft is None:
            raise Refusal("no_draft", "没有这份草稿", status=404)
        return edits.playbook(ask.desk.work.content, key, draft.body)
    row = await playbooks.newest(session, key)
    if row is None or row.state == "retired":
        raise Refusal("unknown_playbook", "没有这个打法", status=404)
    return journeys.read(row)


class DraftIn(Strict):
    """As far as it is written; `seen` is the number of the draft that it was begun from."""

    body: Annotated[dict[str, Any], Field(min_length=1)]
    seen: Annotated[int | None, Field(ge=0)] = None


@routes.asks("POST", f"{ONE}/draft", "journey.draft", "存草稿，写错了也存", says=DraftIn)
async def keep_draft(ask: Ask[DraftIn]) -> Done:
    said = ask.said
    body = {"tactic": []} | {k: v for k, v in said.body.items() if k != "key"}
    return await ask.does(DraftPlaybook, playbook=_key(ask), spec=body, seen=said.seen)


@routes.asks("DELETE", f"{ONE}/draft", "journey.draft", "丢掉草稿")
async def drop_draft(ask: Ask[Nothing]) -> Done:
    return await ask.does(DraftPlaybook, playbook=_key(ask), spec={})


def _key(ask: Ask[Any]) -> str:
    key = ask.named("key")
    if not KEY.fullmatch(key):
        raise Refusal("bad_key", "代号用小写字母、数字和横线，2 到 40 个", status=422)
    return key


class JourneyIn(PlaybookSpec):
    """As a file in `content/playbooks` writes it; whoever is on the way keeps the version she began with."""

    tactic: tuple[Annotated[int, Field(ge=1, le=113)], ...] = ()


@routes.asks("POST", "/journeys", "journey.define", "发布一条旅程的新版本", says=JourneyIn)
async def publish(ask: Ask[JourneyIn]) -> Done:
    spec = ask.said.model_dump(mode="json", by_alias=True, exclude_unset=True)
    told = await ask.does(PublishPlaybook, playbook=ask.said.key, spec={"tactic": []} | spec)
    await renew(ask.desk.work)
    return told


@routes.asks("DELETE", ONE, "journey.define", "回到文件里写的；文件里没有，就此结束")
async def withdraw(ask: Ask[Nothing]) -> Done:
    told = await ask.does(PublishPlaybook, playbook=ask.named("key"), spec={})
    await renew(ask.desk.work)
    return told


@routes.asks("POST", f"{ONE}/pause", "journey.define", "停住：没有人进来，没有人往下走")
async def pause(ask: Ask[Nothing]) -> Done:
    return await ask.does(SwitchPlaybook, playbook=ask.named("key"), on=False)


@routes.asks("POST", f"{ONE}/resume", "journey.define", "接着走")
async def resume(ask: Ask[Nothing]) -> Done:
    return await ask.does(SwitchPlaybook, playbook=ask.named("key"), on=True)
