"""`/api/v1/journeys`: the ways that customers are led, written, published, paused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from bot.domain.playbooks import PlaybookSpec
from bot.domain.refusals import Refusal
from bot.events.commands import PublishPlaybook, SwitchPlaybook
from bot.store import playbooks
from bot.web.api.bodies import Nothing, Query
from bot.web.api.endpoints import Ask, Done, Routes, Told
from bot.work.renewing import renew

routes = Routes()
ONE = "/journeys/{key}"


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
