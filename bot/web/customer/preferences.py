"""消息偏好 and 找客服: every switch holds at once and can be turned back."""

from __future__ import annotations

from aiohttp import web

from bot.domain.consent import MARKETING
from bot.domain.customers import Customer
from bot.domain.pets import KINDS, read_day
from bot.domain.quotas import MORNINGS
from bot.domain.refusals import Refusal
from bot.domain.topics import TOPICS, WORDS
from bot.events.commands import ChooseMorning, ForgetPet, KeepPet, OptIn, OptOut, SayLifeStage
from bot.store import consent, erasing, pets, tags
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.desk import DESK
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
SWITCHES = {
    "marketing_wecom": ("导购和客服发来的活动", "企业微信里的消息"),
    "marketing_official": ("公众号发来的活动", "公众号里的消息"),
    "profiling": (
        "按我的购买记录推荐",
        "也看你在这里看了什么、看了多久；关掉就删除，发的都是大家一样的内容",
    ),
}
ABOUT = {
    "topic_news": "新款、怎么穿、品牌故事",
    "topic_offers": "每周福利、券快到期、积分该用了",
    "topic_wishes": "生日月、换季时的一句问候",
    "topic_groups": "福利群、会员群、投票和小活动",
}
ALL = "all"


@routes.get("/h5/preferences")
async def preferences(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        said = await consent.states(session, customer.id)
        worn = {one.tag for one in await tags.worn(session, customer.id, desk.work.now())}
        hers = await pets.of(session, customer.id)
        wish = await erasing.of(session, customer.id)
    on = {name: name in said and said[name].granted for name in MARKETING}
    on |= {name: name not in said or said[name].granted for name in TOPICS}
    on["profiling"] = customer.personalised
    own = desk.work.content.tags.said_by_her()
    changed = request.query.get("changed", "")
    return page(
        request,
        "customer/preferences.html",
        switches=[(key, *words, on[key]) for key, words in SWITCHES.items()],
        topics=[(key, WORDS[key], about, on[key]) for key, about in ABOUT.items()],
        morning=customer.quiet_until,
        mornings=MORNINGS,
        wish=wish,
        any_on=any(on[purpose] for purpose in MARKETING),
        changed=changed if changed in on or changed == ALL else "",
        on=on,
        stages=[(tag, tag.split("/")[1], tag in worn) for tag in own],
        told=request.query.get("said") == "1",
        chosen=request.query.get("morning") == "1",
        quiet=desk.work.content.limits.quiet_hours,
        pets=hers,
        agreed="profiling" in said and said["profiling"].granted,
        pet_kinds=KINDS,
        cap=desk.work.content.limits.brand.most_in_month,
    )


@routes.post("/h5/preferences")
@allowed("consent.opt_out")
async def choose(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer = await herself(request)
    which, on, key = typed(form, "which") or ALL, typed(form, "on") == "yes", key_in(form)
    if which not in (*SWITCHES, *TOPICS, ALL):
        raise Refusal("unknown_purpose", "没有这个开关", status=422)
    for purpose in MARKETING if which == ALL else (which,):
        await desk.do(_act(request, customer, purpose, key=f"{key}:{purpose}", on=on))
    raise web.HTTPSeeOther(f"/h5/preferences?changed={which}")


@routes.post("/h5/preferences/morning")
@allowed("profile.own")
async def morning(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer, hour = await herself(request), typed(form, "hour")
    command = ChooseMorning(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        customer_id=customer.id,
        hour=int(hour) if hour.isascii() and hour.isdecimal() and len(hour) < 3 else None,
    )
    await desk.do(command)
    raise web.HTTPSeeOther("/h5/preferences?morning=1#quiet")


@routes.post("/h5/preferences/stage")
@allowed("consent.opt_in")
async def stage(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer = await herself(request)
    command = SayLifeStage(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        customer_id=customer.id,
        tag=typed(form, "tag"),
    )
    await desk.do(command)
    raise web.HTTPSeeOther("/h5/preferences?said=1#stage")


def _act(
    request: web.Request, customer: Customer, purpose: str, *, key: str, on: bool
) -> OptIn | OptOut:
    kind = OptIn if on else OptOut
    return kind(
        at=request.app[DESK].work.now(),
        actor=actor_of(request),
        key=key,
        customer_id=customer.id,
        purpose=purpose,
        channel="h5",
        evidence={"page": "/h5/preferences"},
    )


@routes.post("/h5/pets")
@allowed("profile.own")
async def keep_pet(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer = await herself(request)
    command = KeepPet(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        customer_id=customer.id,
        kind=typed(form, "kind"),
        day=read_day(typed(form, "day")) or "",
    )
    await desk.do(command)
    raise web.HTTPSeeOther("/h5/preferences#pets")


@routes.post(r"/h5/pets/{id:\d{1,18}}/forget")
@allowed("profile.own")
async def forget_pet(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer = await herself(request)
    command = ForgetPet(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        customer_id=customer.id,
        pet_id=int(request.match_info["id"]),
    )
    await desk.do(command)
    raise web.HTTPSeeOther("/h5/preferences#pets")


@routes.get("/h5/contact")
async def contact(request: web.Request) -> web.StreamResponse:
    return page(request, "customer/contact.html")
