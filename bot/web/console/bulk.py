"""What is done with many customers at once: a rule published, a campaign begun, a tag put on."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.events.commands import KeepSegmentDraft, PublishSegment, TagCustomers
from bot.tongue import _
from bot.web.console import forms, rules
from bot.web.console.scopes import narrowed
from bot.web.desk import DESK
from bot.web.forms import all_typed
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()
BACK = "/admin/customers"
STALE = "页面放太久了，请刷新后再试一次"


@routes.post("/admin/segments")
@allowed("segment.create")
async def publish(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    name = forms.needed(form, "name", _("先给分群起个名字"), most=40)
    await _publish(request, name, forms.rule(form), forms.needed(form, "key", STALE))
    raise web.HTTPSeeOther(f"{BACK}?" + urlencode({"segment": name, "said": "segment"}))


@routes.post("/admin/segments/draft")
@allowed("segment.create")
async def keep_draft(request: web.Request) -> web.StreamResponse:
    """As far as it is written: a condition without its value is kept too."""
    form, desk = await request.post(), request.app[DESK]
    name = forms.needed(form, "name", _("先给分群起个名字"), most=40)
    rule = forms.rule(form)
    if rules.form_of(rule) is None:
        raise Refusal("bad_rule", _("规则没有读懂，请刷新页面再试一次"), status=422)
    await desk.do(KeepSegmentDraft(name=name, rule=rule, **forms.signed(request, form)))
    kept = {"segment": name, "draft": "1", "said": "segment_kept"}
    raise web.HTTPSeeOther(f"{BACK}?" + urlencode(kept))


@routes.post("/admin/segments/draft/drop")
@allowed("segment.create")
async def drop_draft(request: web.Request) -> web.StreamResponse:
    form, desk = await request.post(), request.app[DESK]
    name = forms.needed(form, "name", STALE, most=40)
    await desk.do(KeepSegmentDraft(name=name, **forms.signed(request, form)))
    raise web.HTTPSeeOther(f"{BACK}?" + urlencode({"segment": name, "said": "segment_dropped"}))


@routes.post("/admin/customers/campaign")
@allowed("segment.create")
async def campaign(request: web.Request) -> web.StreamResponse:
    """The people of the list become a segment, and a campaign for them begins."""
    form = await request.post()
    key = forms.needed(form, "key", STALE)
    name = forms.needed(form, "name", _("先给这群人起个名字"), most=40)
    await _publish(request, name, forms.rule(form), key)
    raise web.HTTPSeeOther("/admin/campaigns/new?" + urlencode({"segment": name}))


async def _publish(request: web.Request, name: str, rule: dict[str, Any], key: str) -> None:
    desk = request.app[DESK]
    await desk.do(
        PublishSegment(
            actor=actor_of(request),
            key=key,
            at=desk.work.now(),
            name=name,
            rule=narrowed(request, rule),
        )
    )


@routes.post("/admin/customers/tag")
@allowed("tag.assign")
async def tag(request: web.Request) -> web.StreamResponse:
    """Those that were ticked, or everybody on the list."""
    desk, form = request.app[DESK], await request.post()
    chosen = tuple(all_typed(form, "sel"))
    if not chosen and form.get("who") != "all":
        raise Refusal("nobody", "先勾选几位顾客，或选「名单上的所有人」", status=422)
    every: dict[str, Any] = {"all": []}
    done = await desk.do(
        TagCustomers(
            actor=actor_of(request),
            key=forms.needed(form, "key", STALE),
            at=desk.work.now(),
            tag=forms.needed(form, "tag", _("先选一个标签"), most=61),
            rule=narrowed(request, forms.rule(form) if form.get("who") == "all" else every),
            refs=() if form.get("who") == "all" else chosen,
            remove=form.get("act") == "remove",
        )
    )
    raise web.HTTPSeeOther(_back(str(form.get("back", "")), done["changed"]))


def _back(address: str, changed: int) -> str:
    """The list as it was, and how many it touched; never anywhere else."""
    path, _sign, query = address.partition("?")
    kept = parse_qsl(query if path == BACK else "")
    return f"{BACK}?" + urlencode([*kept, ("changed", str(changed))])
