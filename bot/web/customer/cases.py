"""我的反馈: how far each of her cases is, and one tap on how it ended."""

from __future__ import annotations

from aiohttp import web

from bot.domain.cases.clocks import number
from bot.domain.cases.complaints import CATEGORIES
from bot.events.commands import FileCase, RateCase
from bot.store import cases
from bot.tongue import _
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.desk import DESK
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
STEPS = {
    "opened": "收到了",
    "answered": "回复你了",
    "waiting": "等你回复",
    "resumed": "收到你的回复",
    "escalated": "交给更有经验的同事",
    "closed": "处理完了",
}
RATINGS = ((5, "满意", "mood-smile"), (3, "一般", "message"), (1, "不满意", "alert-circle"))
SAID = {
    "filed": "收到了，会有人核对，进展写在这里。",
    "heard": "收到了，会有同事来看，进展写在这里。",
    "rated": "谢谢，记下了。",
    "again": "抱歉没有让你满意，已经重新交给同事再看一遍。",
}


@routes.get("/h5/cases")
async def listed(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        hers = await cases.of_customer(session, customer.id)
    shown = [
        (
            case,
            number(case),
            _(CATEGORIES.get(case.category, case.category)),
            [(step.at, _(STEPS[step.kind.partition("-")[0]])) for step in steps],
        )
        for case, steps in hers
    ]
    said = SAID.get(request.query.get("said", ""), "")
    return page(
        request, "customer/cases.html", cases=shown, ratings=RATINGS, said=said, abouts=CATEGORIES
    )


@routes.post("/h5/cases")
@allowed("case.file")
async def say(request: web.Request) -> web.StreamResponse:
    """Something new, or one more word on what is still open: the same cause is the same case."""
    desk, form = request.app[DESK], await request.post()
    customer, about = await herself(request), typed(form, "about")
    command = FileCase(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        customer_id=customer.id,
        text=typed(form, "text")[:1000],
        category=about if about in CATEGORIES else None,
    )
    await desk.do(command)
    raise web.HTTPSeeOther("/h5/cases?said=heard")


@routes.post(r"/h5/cases/{id:\d{1,18}}/rate")
@allowed("case.rate")
async def rate(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer, stars = await herself(request), typed(form, "stars")
    command = RateCase(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        customer_id=customer.id,
        case_id=int(request.match_info["id"]),
        stars=int(stars) if stars.isdecimal() and len(stars) < 3 else 0,
    )
    told = await desk.do(command)
    raise web.HTTPSeeOther(f"/h5/cases?said={'again' if told['rating'] == 1 else 'rated'}")
