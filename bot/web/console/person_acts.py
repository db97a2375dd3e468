"""What a desk does for one customer from her page."""

from __future__ import annotations

from aiohttp import web

from bot.domain.cases.complaints import CATEGORIES
from bot.domain.customers import Customer
from bot.events.commands import AdjustPoints, FileCase, IssueCoupon, ProposeMerge
from bot.tongue import _
from bot.web.console import forms
from bot.web.console.person import asked_for, named
from bot.web.desk import DESK
from bot.web.guards import allowed

routes = web.RouteTableDef()


async def _customer(request: web.Request) -> Customer:
    async with request.app[DESK].work.sessions.reading() as session:
        return await asked_for(request, session)


@routes.post("/admin/customers/{ref}/case")
@allowed("case.file")
async def file_case(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer, about = await _customer(request), forms.text(form, "category")
    told = await desk.do(
        FileCase(
            **forms.signed(request, form),
            customer_id=customer.id,
            text=forms.needed(form, "text", _("写一句她说了什么"), most=1000),
            category=about if about in CATEGORIES else None,
            severity=1 if forms.text(form, "grave") == "1" else 2,
        )
    )
    raise web.HTTPSeeOther(f"/admin/cases?case={told['case']}&said=filed")


@routes.post("/admin/customers/{ref}/coupon")
@allowed("coupon.issue")
async def give(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer = await _customer(request)
    offer = forms.needed(form, "offer", _("先选一张券"), most=64)
    signed = forms.signed(request, form)
    await desk.do(IssueCoupon(customer_id=customer.id, offer=offer, **signed))
    raise web.HTTPSeeOther(f"/admin/customers/{customer.ref}?said=given#coupons")


@routes.post("/admin/customers/{ref}/same")
@allowed("merge.propose")
async def propose_merge(request: web.Request) -> web.StreamResponse:
    """Another record, by its number or phone, that is the same person."""
    desk, form = request.app[DESK], await request.post()
    customer = await _customer(request)
    said = forms.needed(form, "other", _("写另一条记录的编号或完整手机号"), most=64)
    async with desk.work.sessions.reading() as session:
        other = await named(request, session, said)
    reason = forms.needed(form, "reason", _("写一句凭什么说是同一位"), most=120)
    signed = forms.signed(request, form)
    await desk.do(ProposeMerge(one_id=customer.id, other_id=other.id, reason=reason, **signed))
    raise web.HTTPSeeOther(f"/admin/customers/{customer.ref}?said=same#same")


@routes.post("/admin/customers/{ref}/points")
@allowed("points.adjust")
async def adjust(request: web.Request) -> web.StreamResponse:
    """More than one person may decide waits beside the other acts that take two."""
    desk, form = request.app[DESK], await request.post()
    customer, takes = await _customer(request), forms.text(form, "way") == "take"
    many = forms.number(form, "points", least=1) or 0
    told = await desk.do(
        AdjustPoints(
            **forms.signed(request, form),
            customer_id=customer.id,
            delta=-many if takes else many,
            reason=forms.needed(form, "reason", _("写一句为什么调整"), most=120),
        )
    )
    said = "points_asked" if told.get("state") == "pending" else "points"
    raise web.HTTPSeeOther(f"/admin/customers/{customer.ref}?said={said}#points")
