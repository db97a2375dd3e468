"""A customer's data at a desk: taken out for her, erased, kept after all; and all people's, in the danger zone."""

from __future__ import annotations

import json

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.events.commands import (
    EraseCustomer,
    EraseEverybody,
    KeepCustomer,
    KeepEverybody,
)
from bot.store import customers, exporting
from bot.tongue import _
from bot.web.console import forms
from bot.web.console.data_rights import IN_CLEAR, let_out, same_name
from bot.web.console.person import asked_for
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()


@routes.post("/admin/customers/{ref}/export")
@allowed("customer.export")
async def export(request: web.Request) -> web.StreamResponse:
    work, form = request.app[DESK].work, await request.post()
    async with work.sessions.reading() as session:
        customer = await asked_for(request, session)
    key = forms.needed(form, "key", _("页面放太久了，请刷新后再试一次"))
    mark = await let_out(request.app[DESK], actor_of(request), customer, key)
    async with work.sessions.reading() as session:
        told = await exporting.everything(
            session,
            work.vault,
            customer,
            now=work.now(),
            zone=work.settings.zone,
            masked=actor_of(request).kind != IN_CLEAR,
        )
    return web.json_response(
        {"export": mark.facts()} | told,
        dumps=lambda facts: json.dumps(facts, ensure_ascii=False, indent=2),
        headers={
            "Content-Disposition": f'attachment; filename="customer-{customer.ref[:8]}-{mark.number}.json"',
            "Cache-Control": "no-store",
        },
    )


@routes.post("/admin/customers/{ref}/erase")
@allowed("customer.erase")
async def erase(request: web.Request) -> web.StreamResponse:
    """Her name is typed and compared here: it goes no further."""
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        customer = await asked_for(request, session)
        name = await customers.name_of(session, desk.work.vault, customer.id)
    same_name(forms.text(form, "name"), name or customer.ref)
    wish = EraseCustomer(
        customer_id=customer.id,
        reason=forms.needed(form, "reason", _("写一句为什么删"), most=120),
        at_once=forms.text(form, "at_once") == "1",
        give_up=forms.text(form, "give_up") == "1",
        **forms.signed(request, form),
    )
    await desk.do(wish)
    raise web.HTTPSeeOther(f"/admin/customers/{customer.ref}?said=erasing#own-data")


@routes.post("/admin/customers/{ref}/keep")
@allowed("customer.keep")
async def keep(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        customer = await asked_for(request, session)
    await desk.do(KeepCustomer(customer_id=customer.id, **forms.signed(request, form)))
    raise web.HTTPSeeOther(f"/admin/customers/{customer.ref}?said=kept#own-data")


@routes.post("/admin/settings/erase-all")
@allowed("people.erase")
async def erase_all(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    if forms.text(form, "name") != desk.work.content.brand.name:
        raise Refusal("wrong_name", _("品牌名字不对，什么都没有删"), status=422)
    reason = forms.needed(form, "reason", _("写一句为什么删"), most=120)
    await desk.do(EraseEverybody(reason=reason, **forms.signed(request, form)))
    raise web.HTTPSeeOther("/admin/settings?said=erasing_all#danger")


@routes.post("/admin/settings/erase-all/keep")
@allowed("settings.change")
async def keep_all(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    await desk.do(KeepEverybody(**forms.signed(request, form)))
    raise web.HTTPSeeOther("/admin/settings?said=kept#danger")
