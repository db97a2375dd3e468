"""What a desk does for one customer from her page."""

from __future__ import annotations

from aiohttp import web

from bot.domain.cases.complaints import CATEGORIES
from bot.domain.customers import Customer
from bot.events.commands import FileCase, IssueCoupon
from bot.tongue import _
from bot.web.console import forms
from bot.web.console.person import asked_for
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
