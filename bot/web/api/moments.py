"""`/api/v1/moments`: written, seen ahead, approved, watched, called back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from bot.domain.moments import LONGEST, MOST_PICTURES, REWRITABLE, MomentPost
from bot.domain.refusals import Refusal
from bot.events.commands import ApproveMoment, DraftMoment, StopMoment
from bot.store import links, moment_reach
from bot.web.api.bodies import Listing, Nothing, Query, Strict, Word
from bot.web.api.endpoints import NUMBER, Ask, Done, Page, Routes, Told
from bot.web.api.orders import zoned

routes = Routes()
ONE = f"/moments/{NUMBER % 'id'}"


KEPT = (
    "id",
    "state",
    "reason",
    "due_at",
    "expires_at",
    "created_by",
    "approved_by",
)
"""Columns told as they stand."""


class MomentTold(Told):
    id: int
    state: str
    reason: str | None
    text: str
    due_at: datetime
    expires_at: datetime
    created_by: str
    approved_by: str | None
    guides: dict[str, int]
    """How many guides are where with it."""
    seen: int
    likes: int
    comments: int


class GuidePart(Told):
    guide: str
    store: str
    state: str
    friends: int
    seen: int | None
    likes: int | None
    comments: int | None
    reminders: int


class MomentWhole(MomentTold):
    parts: list[GuidePart]
    invalid: dict[str, list[str]]
    """Guides and tags that WeCom did not know."""
    opens: int
    asked: int | None
    people: int | None
    """Of a draft: how many guides would be asked, and how many of their friends could see it."""
    left_out: dict[str, str]
    """Of a draft: the userids of guides who are not asked, and why."""


def _facts(ask: Ask[Any], one: moment_reach.Standing) -> dict[str, Any]:
    return {name: getattr(one.post, name) for name in KEPT} | {
        "text": moment_reach.words_of(ask.desk.work.vault, one.post),
        "guides": dict(one.states),
        "seen": one.seen,
        "likes": one.likes,
        "comments": one.comments,
    }


@routes.asks(
    "GET", "/moments", "moment.read", "朋友圈，新的在前", says=Listing, gives=Page[MomentTold]
)
async def listed(ask: Ask[Listing]) -> Page[MomentTold]:
    async with ask.reading() as session:
        posts = await moment_reach.listed(
            session, ask.store, before=ask.mark(), limit=ask.said.limit + 1
        )
        rows = await moment_reach.standing(session, posts)
    return ask.page(rows, lambda one: one.post.id, lambda one: MomentTold(**_facts(ask, one)))


async def _asked(ask: Ask[Any], session: Any) -> MomentPost:
    post: MomentPost | None = await session.get(MomentPost, ask.number())
    if post is None or (ask.store is not None and post.store != ask.store):
        raise Refusal("no_such_moment", "没有这条朋友圈", status=404)
    return post


@routes.asks("GET", ONE, "moment.read", "一条朋友圈：预览，或它的结果", gives=MomentWhole)
async def one(ask: Ask[Query]) -> MomentWhole:
    limits, vault = ask.desk.work.content.limits, ask.desk.work.vault
    async with ask.reading() as session:
        post = await _asked(ask, session)
        (standing,) = await moment_reach.standing(session, [post])
        parts = await moment_reach.parts(session, post.id)
        ahead = post.state in REWRITABLE
        reach = await moment_reach.reach(session, post, limits=limits) if ahead else None
        urls = [moment_reach.words_of(vault, post), (post.card or {}).get("url", "")]
        opens = await links.opens(session, urls)
    return MomentWhole(
        **_facts(ask, standing),
        parts=[_part(part) for part in parts],
        invalid=post.invalid or {},
        opens=opens,
        asked=len(reach.asked) if reach else None,
        people=reach.people if reach else None,
        left_out={one.userid: str(one.why_not) for one in reach.left_out} if reach else {},
    )


def _part(part: moment_reach.Part) -> GuidePart:
    names = GuidePart.model_fields.keys() - {"guide", "store"}
    told = {name: getattr(part.task, name) for name in names}
    return GuidePart(guide=part.guide, store=part.store, **told)


Names = Annotated[list[Word] | None, Field(max_length=500)]


class MomentIn(Strict):
    text: Annotated[str, Field(max_length=LONGEST)] = ""
    template: Annotated[str, Field(max_length=80)] = ""
    pictures: Annotated[list[Word] | None, Field(max_length=MOST_PICTURES)] = None
    link_title: Annotated[str, Field(max_length=64)] = ""
    link_url: Annotated[str, Field(max_length=1000)] = ""
    cover: Annotated[str, Field(max_length=200)] = ""
    stores: Names = None
    guides: Names = None
    """Userids; no store and no guide means every guide."""
    tags: Names = None
    """组/名, as WeCom has them: it knows no other choice of who may see it."""
    starts_at: Annotated[
        datetime | None, Field(strict=False), AfterValidator(lambda at: at and zoned(at))
    ] = None


async def _draft(ask: Ask[MomentIn], post_id: int | None) -> Done:
    said = ask.said.model_dump(exclude_none=True)
    facts = {name: tuple(one) if isinstance(one, list) else one for name, one in said.items()}
    return await ask.does(DraftMoment, post_id=post_id, within=ask.store, **facts)


@routes.asks("POST", "/moments", "moment.draft", "写一条朋友圈的草稿", says=MomentIn)
async def draft(ask: Ask[MomentIn]) -> Done:
    return await _draft(ask, None)


async def _number(ask: Ask[Any]) -> int:
    async with ask.reading() as session:
        return (await _asked(ask, session)).id


@routes.asks("POST", ONE, "moment.draft", "改一份草稿，或一条没有交出去的", says=MomentIn)
async def rewrite(ask: Ask[MomentIn]) -> Done:
    return await _draft(ask, await _number(ask))


class ApproveIn(Strict):
    expected: Annotated[int | None, Field(ge=0, le=10**6)] = None
    """How many guides the preview said; refused when it is another number now."""


@routes.asks("POST", f"{ONE}/approve", "moment.approve", "批准：到点请导购发表", says=ApproveIn)
async def approve(ask: Ask[ApproveIn]) -> Done:
    return await ask.does(ApproveMoment, post_id=await _number(ask), expected=ask.said.expected)


@routes.asks("POST", f"{ONE}/stop", "moment.stop", "取消：没发表的收回，发表了的留着")
async def stop(ask: Ask[Nothing]) -> Done:
    return await ask.does(StopMoment, post_id=await _number(ask))
