"""`/api/v1/content`: what we say, tried on real customers before it is saved."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from bot.content import edits
from bot.content.templates import Template
from bot.domain.refusals import Refusal
from bot.events.commands import EditText
from bot.store import content_edits
from bot.web.api.bodies import Nothing, Query, Strict, Word, clean
from bot.web.api.endpoints import Ask, Done, Routes, Told
from bot.web.console.trying import try_on
from bot.work.renewing import renew

routes = Routes()
ONE = "/content/{scene}/{name}"
Source = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(clean)]
"""Head and words, as the files in `content/templates` write them."""


class TextTold(Told):
    name: str
    title: str
    purpose: str
    channels: list[str]
    changed: bool
    """Whether somebody wrote over what the file says."""


class TextWhole(TextTold):
    source: str


class Texts(Told):
    items: list[TextTold]


@routes.asks("GET", "/content", "content.read", "所有话术", gives=Texts)
async def listed(ask: Ask[Query]) -> Texts:
    async with ask.reading() as session:
        known = await content_edits.bodies(session)
    texts = ask.desk.work.content.templates.values()
    return Texts(items=[TextTold(**_facts(one, known)) for one in texts])


def _facts(text: Template, known: edits.Edits) -> dict[str, Any]:
    changed = f"{edits.TEXTS}{text.name}" in known
    said = {"name": text.name, "title": text.title, "purpose": text.purpose}
    return said | {"channels": list(text.channels), "changed": changed}


def _asked(ask: Ask[Any]) -> Template:
    found = ask.desk.work.content.templates.get(f"{ask.named('scene')}/{ask.named('name')}")
    if found is None:
        raise Refusal("missing_template", "没有这个话术", status=404)
    return found


@routes.asks("GET", ONE, "content.read", "一段话术", gives=TextWhole)
async def one(ask: Ask[Query]) -> TextWhole:
    text, content = _asked(ask), ask.desk.work.content
    async with ask.reading() as session:
        known = await content_edits.bodies(session)
    source = edits.source_of(content.filed or content, text.name, known)
    return TextWhole(**_facts(text, known), source=source)


class TextIn(Strict):
    source: Source


@routes.asks("PUT", ONE, "content.edit", "改写，存之前在每个渠道上试过", says=TextIn)
async def save(ask: Ask[TextIn]) -> Done:
    return await _edit(ask, ask.said.source)


@routes.asks("DELETE", ONE, "content.edit", "回到文件里写的")
async def restore(ask: Ask[Nothing]) -> Done:
    return await _edit(ask, "")


async def _edit(ask: Ask[Any], source: str) -> Done:
    told = await ask.does(EditText, name=_asked(ask).name, source=source)
    await renew(ask.desk.work)
    return told


class TryIn(Strict):
    source: Source | None = None
    """As somebody is writing it; without it, what counts now."""
    channel: Word | None = None
    number: Annotated[int, Field(ge=1, le=10**6)] = 1
    """On which customer: the first, the second, …"""


class Tried(Told):
    channel: str
    words: str
    flaw: str
    """Why there are no words."""
    size: int
    limit: int
    customer: str | None


@routes.asks(
    "POST",
    f"{ONE}/preview",
    "content.read",
    "一位顾客会读到什么",
    says=TryIn,
    gives=Tried,
    writes=False,
)
async def preview(ask: Ask[TryIn]) -> Tried:
    text = _asked(ask)
    if ask.said.source is not None:
        text = edits.template(ask.desk.work.content, text.name, ask.said.source)
    channel = ask.said.channel or text.channels[0]
    if channel not in text.channels:
        raise Refusal("wrong_channel", f"这段话只用在 {'、'.join(text.channels)}", status=422)
    async with ask.reading() as session:
        tried = await try_on(ask.desk, session, text, channel=channel, number=ask.said.number)
    facts = {name: getattr(tried, name) for name in Tried.model_fields.keys() - {"customer"}}
    return Tried(**facts, customer=tried.customer.customer.ref if tried.customer else None)
