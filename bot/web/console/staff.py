"""`/admin/staff`: who may sign in, and the tills of stores; a store's manager sees to her own clerks and tills."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.domain.access import StoreDevice
from bot.domain.permissions import may
from bot.events.commands import AddStaff, AddTill, ChangeStaff, RevokeTill, SetTillPin
from bot.inbound.commands import matrix
from bot.store import access, devices, shops
from bot.tongue import _
from bot.web import lists, staffing
from bot.web.console import forms
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store
from bot.web.desk import ACTOR, DESK
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet
from bot.web.pages import ROLES

routes = web.RouteTableDef()
STAFF = ("owner", "admin", "operator", "care", "manager", "clerk", "auditor")
STATES = {"new": "没配对", "used": "能用", "gone": "收回了"}
PEOPLE = Sheet(
    "staff",
    "后台的人",
    (
        Column("name", "名字", lambda one: one[0].name),
        Column("role", "角色", lambda one: _(ROLES.get(one[0].role, one[0].role))),
        Column("store", "门店", lambda one: one[1]),
        Column("userid", "企业微信账号", lambda one: one[0].userid),
        Column("phone", "登记了手机号", lambda one: one[0].phone is not None),
        Column("active", "能登录", lambda one: one[0].active),
        Column("since", "从什么时候", lambda one: one[0].created_at),
    ),
    right="staff.manage",
)
TILLS = Sheet(
    "tills",
    "收银机",
    (
        Column("id", "编号", lambda one: one.id),
        Column("name", "摆在哪里", lambda one: one.name),
        Column("store", "门店", lambda one: one.store),
        Column("state", "现在", lambda one: _(STATES[state(one)])),
        Column("since", "从什么时候", lambda one: one.created_at),
    ),
    right="staff.manage",
)


def state(till: StoreDevice) -> str:
    return "gone" if till.revoked_at else "used" if till.paired_at else "new"


@routes.get("/admin/staff", allow_head=False)
@allowed("staff.read")
async def overview(request: web.Request) -> web.StreamResponse:
    if not lists.asked(request):
        return await _page(request)
    store, tills = own_store(request), request.query.get("list") == "tills"
    read = devices.listed if tills else access.staff
    async with request.app[DESK].work.sessions.reading() as session:
        rows: Any = await read(session, store)
    sheet = TILLS if tills else PEOPLE
    return await lists.answer(request, sheet, lists.at_once(rows), total=len(rows))


async def _page(request: web.Request, **made: Any) -> web.Response:
    desk, store = request.app[DESK], own_store(request)
    files = lists.downloads(request, PEOPLE)
    async with desk.work.sessions.reading() as session:
        known = await shops.stores(session)
        return await shown(
            request,
            session,
            "console/staff.html",
            "staff",
            staff=await access.staff(session, store),
            tills=await devices.listed(session, store),
            downloads=files,
            tills_files=[(kind, f"{address}&list=tills") for kind, address in files],
            stores=known if store is None else {store: known.get(store, store)},
            store=store,
            roles={role: ROLES[role] for role in (STAFF if store is None else ("clerk",))},
            role_words=ROLES,
            states=STATES,
            state=state,
            may_staff=may(matrix(), "staff.manage", request[ACTOR].kind),
            made={"password": "", "link": ""} | made,
        )


@routes.post("/admin/staff")
@allowed("staff.manage")
async def add(request: web.Request) -> web.StreamResponse:
    """A new colleague with a password that is shown once, on the page that answers."""
    desk, form = request.app[DESK], await request.post()
    signed = forms.signed(request, form)
    password, kept = staffing.first_password(desk.work.settings.key, _act(signed))
    name = forms.needed(form, "name", _("先写名字"), most=40)
    await desk.do(
        AddStaff(
            name=name,
            role=forms.text(form, "role"),
            store=forms.text(form, "store") or None,
            userid=forms.text(form, "userid", most=64) or None,
            phone=_own_number(request, form) or None,
            password_hash=kept,
            **signed,
        )
    )
    return await _page(request, name=name, password=password)


def _own_number(request: web.Request, form: forms.Form) -> str | None:
    """As it is kept; None where the form does not ask for it, "" where it is to be forgotten."""
    if forms.text(form, "forget") == "1":
        return ""
    said = forms.text(form, "phone", most=24)
    return staffing.own_number(request.app[DESK].work.vault, said) if said else None


def _act(signed: dict[str, Any]) -> str:
    return f"{signed['actor']}|{signed['key']}"


@routes.post("/admin/staff/change")
@allowed("staff.manage")
async def change(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    active = {"1": True, "0": False}.get(forms.text(form, "active"))
    await desk.do(
        ChangeStaff(
            name=forms.text(form, "name", most=40),
            active=active,
            role=forms.text(form, "role") or None,
            userid=forms.text(form, "userid", most=64) if "userid" in form else None,
            phone=_own_number(request, form),
            **forms.signed(request, form),
        )
    )
    raise web.HTTPSeeOther("/admin/staff?said=staff")


@routes.post("/admin/staff/password")
@allowed("staff.manage")
async def renew(request: web.Request) -> web.StreamResponse:
    """For somebody who forgot hers: a new one, shown once."""
    desk, form = request.app[DESK], await request.post()
    signed, name = forms.signed(request, form), forms.text(form, "name", most=40)
    password, kept = staffing.first_password(desk.work.settings.key, _act(signed))
    await desk.do(ChangeStaff(name=name, password_hash=kept, **signed))
    return await _page(request, name=name, password=password)


@routes.post("/admin/staff/tills")
@allowed("staff.manage")
async def add_till(request: web.Request) -> web.StreamResponse:
    """A new till with the link that pairs it, shown once."""
    desk, form = request.app[DESK], await request.post()
    signed, secret = forms.signed(request, form), desk.work.settings.key
    token, kept = staffing.pairing(secret, _act(signed))
    name = forms.needed(form, "name", _("写一句摆在哪里，例如 前台"), most=40)
    pin = staffing.pin_kept(secret, _act(signed), forms.text(form, "pin", most=20))
    store = forms.needed(form, "store", _("选一家门店"), most=64)
    await desk.do(AddTill(name=name, store=store, token_hash=kept, pin_hash=pin, **signed))
    home = desk.work.settings.public_url.rstrip("/") or str(request.url.origin())
    return await _page(request, till=name, link=f"{home}/store/device/{token}")


@routes.post("/admin/staff/tills/{id:[1-9][0-9]{0,17}}")
@allowed("staff.manage")
async def change_till(request: web.Request) -> web.StreamResponse:
    """Another PIN where one is written, and otherwise it is taken back."""
    desk, form = request.app[DESK], await request.post()
    signed, till = forms.signed(request, form), int(request.match_info["id"])
    if "pin" in form:
        secret, typed = desk.work.settings.key, forms.text(form, "pin", most=20)
        pin = staffing.pin_kept(secret, _act(signed), typed)
        await desk.do(SetTillPin(till_id=till, pin_hash=pin, **signed))
        raise web.HTTPSeeOther("/admin/staff?said=till_pin#tills")
    await desk.do(RevokeTill(till_id=till, **signed))
    raise web.HTTPSeeOther("/admin/staff?said=till_gone#tills")
