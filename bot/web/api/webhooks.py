"""`/api/v1/webhooks`: other systems that are told of what happens here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from bot.domain.refusals import Refusal
from bot.domain.webhooks import Kind
from bot.events.commands import Subscribe, Unsubscribe
from bot.outbound.webhooks import secret_of
from bot.platforms.outward import flaw
from bot.store import webhooks
from bot.web.api.bodies import Query, Strict, Word
from bot.web.api.endpoints import NUMBER, Ask, Done, Routes, Told

routes = Routes()
ONE = f"/webhooks/{NUMBER % 'id'}"


class WebhookTold(Told):
    id: int
    url: str
    kinds: list[str]
    state: str
    failing_since: datetime | None
    created_at: datetime


class Webhooks(Told):
    items: list[WebhookTold]


@routes.asks("GET", "/webhooks", "webhook.manage", "谁在听", gives=Webhooks)
async def listed(ask: Ask[Query]) -> Webhooks:
    async with ask.reading() as session:
        found = await webhooks.listed(session)
    return Webhooks(items=[WebhookTold.model_validate(one) for one in found])


class WebhookIn(Strict):
    url: Annotated[Word, Field(max_length=500)]
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=20)]


@routes.asks("POST", "/webhooks", "webhook.manage", "开始听；secret 只说这一次", says=WebhookIn)
async def subscribe(ask: Ask[WebhookIn]) -> Done:
    settings = ask.desk.work.settings
    private = settings.webhook_private and not settings.production
    if wrong := flaw(ask.said.url, private=private):
        raise Refusal("bad_url", f"这个地址不能用：{wrong}", status=422)
    made = await ask.does(Subscribe, url=ask.said.url, kinds=tuple(sorted(set(ask.said.kinds))))
    facts = made.model_dump()
    return Done(**facts, secret=secret_of(settings.key, facts["id"]))


@routes.asks("DELETE", ONE, "webhook.manage", "不再听")
async def unsubscribe(ask: Ask[Any]) -> Done:
    return await ask.does(Unsubscribe, webhook_id=ask.number())
