"""`/admin/moments/{id}`: one post: seen ahead, approved, watched guide by guide, called back."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.moments import REWRITABLE, STATES, TASKS, MomentPost
from bot.domain.reasons import words as why
from bot.events.commands import ApproveMoment, Command, StopMoment
from bot.store import access, links, moment_reach, shops
from bot.tongue import _, listed
from bot.web.console import forms
from bot.web.console.frame import actor_words, shown
from bot.web.console.moments import ONE, TONES, post_of, rights
from bot.web.desk import ACTOR, DESK
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()
STOPPABLE = (*REWRITABLE, "approved", "making", "open")
SHOWN = 8
"""Guides named one by one before the rest is counted."""


@routes.get(ONE, allow_head=False)
@allowed("moment.read")
async def one(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        post = await post_of(request, session)
        text = moment_reach.words_of(work.vault, post)
        ahead = post.state in REWRITABLE
        limits = work.content.limits
        reach = await moment_reach.reach(session, post, limits=limits) if ahead else None
        urls = [text, post.card["url"]] if post.card else [text]
        return await shown(
            request,
            session,
            "console/moment.html",
            "moments",
            post=post,
            text=text,
            reach=reach,
            standing=(await moment_reach.standing(session, [post]))[0],
            parts=await moment_reach.parts(session, post.id),
            opens=await links.opens(session, urls),
            linked=any(links.PLACE in url for url in urls),
            publishers=await _publishers(session, post),
            tags=await _tags(session, post),
            invalid=await _invalid(session, post),
            me=await access.userid_of(session, request[ACTOR].id),
            second=_second(request, post, reach.people if reach else 0),
            rights=rights(request),
            stoppable=post.state in STOPPABLE,
            states=STATES,
            tasks=TASKS,
            tones=TONES,
            most=SHOWN,
            who=actor_words,
            why=why,
        )


async def _publishers(session: AsyncSession, post: MomentPost) -> str:
    """Who is asked, in words."""
    chosen = post.publishers
    if codes := chosen.get("stores"):
        known = await shops.stores(session)
        return listed([known.get(code, code) for code in codes])
    if userids := chosen.get("guides"):
        names = {guide.userid: guide.name for guide, _store in await shops.serving(session)}
        return listed([names.get(userid, userid) for userid in userids])
    return _("本店的全部导购") if post.store else _("全部导购")


async def _tags(session: AsyncSession, post: MomentPost) -> list[str]:
    known = {tag.id: tag.full for tag in await moment_reach.corp_tags(session)}
    return [known.get(one, _("（没有了的标签）")) for one in post.tag_ids]


async def _invalid(session: AsyncSession, post: MomentPost) -> dict[str, list[str]]:
    """What the platform did not know, by the names that people know."""
    said = post.invalid or {}
    names = {guide.userid: guide.name for guide, _store in await shops.serving(session)}
    names |= {tag.corp_tag_id: tag.full for tag in await moment_reach.corp_tags(session)}
    kinds = ("guides", "departments", "tags")
    return {kind: [names.get(one, one) for one in said.get(kind, ())] for kind in kinds}


def _second(request: web.Request, post: MomentPost, people: int) -> int | None:
    """The size above which somebody else has to approve, when that holds here."""
    above = request.app[DESK].work.content.limits.brand.second_person_above
    own = post.created_by == str(actor_of(request))
    return above if people > above and own else None


@routes.post(f"{ONE}/approve")
@allowed("moment.approve")
async def approve(request: web.Request) -> web.StreamResponse:
    """The number on the button is how many guides are asked, or nobody is."""
    form = await request.post()
    expected = forms.number(form, "expected")
    return await _act(request, form, ApproveMoment, "moment_approved", expected=expected)


@routes.post(f"{ONE}/stop")
@allowed("moment.stop")
async def stop(request: web.Request) -> web.StreamResponse:
    return await _act(request, await request.post(), StopMoment, "moment_cancelled")


async def _act(
    request: web.Request, form: forms.Form, command: type[Command], said: str, **facts: Any
) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        number = (await post_of(request, session)).id
    await desk.do(command(**facts, post_id=number, **forms.signed(request, form)))  # type: ignore[call-arg]
    raise web.HTTPSeeOther(f"/admin/moments/{number}?said={said}")
