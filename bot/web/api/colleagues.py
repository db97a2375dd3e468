"""`/api/v1/staff`, `/tills`: who may sign in, and the tills of stores."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from bot.events.commands import AddStaff, AddTill, ChangeStaff, RevokeTill, SetTillPin
from bot.store import access, devices
from bot.web import staffing
from bot.web.api import bodies
from bot.web.api.bodies import Query, Strict, Word, clean
from bot.web.api.endpoints import NUMBER, Ask, Done, Routes, Told

routes = Routes()
Role = Literal["owner", "admin", "operator", "care", "auditor", "manager", "clerk"]
Name = Annotated[Word, Field(max_length=40)]
Pin = Annotated[str, Field(pattern=r"^[0-9]{4,8}$")]


class Colleague(Told):
    name: str
    role: str
    store: str | None
    userid: str | None
    phone_known: bool
    """Whether her own number is kept to compare with."""
    active: bool


class Colleagues(Told):
    items: list[Colleague]


@routes.asks("GET", "/staff", "staff.read", "谁能登录后台", gives=Colleagues)
async def staff(ask: Ask[Query]) -> Colleagues:
    async with ask.reading() as session:
        found = await access.known_users(session, ask.store)
    return Colleagues(items=[Colleague.model_validate(one) for one in found])


class ColleagueIn(Strict):
    name: Name
    role: Role
    store: Word | None = None
    userid: Annotated[Word, Field(max_length=64)] | None = None
    phone: Annotated[str, Field(min_length=7, max_length=24)] | None = None
    """Her own number; kept as a fingerprint, so that she neither redeems nor gives her own coupons."""


def _act(ask: Ask[Any]) -> tuple[bytes, str]:
    return ask.desk.work.settings.key, f"{ask.actor}|{bodies.key_of(ask.request)}"


@routes.asks("POST", "/staff", "staff.manage", "添一位同事；密码只说这一次", says=ColleagueIn)
async def add(ask: Ask[ColleagueIn]) -> Done:
    password, kept = staffing.first_password(*_act(ask))
    made = await ask.does(AddStaff, **_with_mark(ask), password_hash=kept)
    return Done(**made.model_dump(), password=password)


def _with_mark(ask: Ask[Any]) -> dict[str, Any]:
    """What was said, her number as it is kept."""
    facts: dict[str, Any] = ask.said.model_dump()
    return facts | {"phone": staffing.own_number(ask.desk.work.vault, facts["phone"])}


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)


class ChangeIn(Strict):
    """What is left out stays as it is; an empty userid unties her from WeCom."""

    role: Role | None = None
    active: bool | None = None
    userid: Annotated[str | None, Field(max_length=64), AfterValidator(_clean)] = None
    phone: Annotated[str | None, Field(max_length=24)] = None
    """Her own number; an empty one is forgotten."""


@routes.asks("POST", "/staff/{name}", "staff.manage", "改角色、停用、恢复", says=ChangeIn)
async def change(ask: Ask[ChangeIn]) -> Done:
    return await ask.does(ChangeStaff, name=ask.named("name"), **_with_mark(ask))


@routes.asks("POST", "/staff/{name}/password", "staff.manage", "换一个密码，只说这一次")
async def renew(ask: Ask[Any]) -> Done:
    password, kept = staffing.first_password(*_act(ask))
    told = await ask.does(ChangeStaff, name=ask.named("name"), password_hash=kept)
    return Done(**told.model_dump(), password=password)


class TillTold(Told):
    id: int
    name: str
    store: str
    created_at: datetime
    paired_at: datetime | None
    revoked_at: datetime | None


class Tills(Told):
    items: list[TillTold]


@routes.asks("GET", "/tills", "staff.read", "门店的收银机", gives=Tills)
async def tills(ask: Ask[Query]) -> Tills:
    async with ask.reading() as session:
        found = await devices.listed(session, ask.store)
    return Tills(items=[TillTold.model_validate(one) for one in found])


class TillIn(Strict):
    name: Name
    """Where it stands."""
    store: Word
    pin: Pin


@routes.asks("POST", "/tills", "staff.manage", "添一台收银机；配对的地址只说这一次", says=TillIn)
async def add_till(ask: Ask[TillIn]) -> Done:
    token, kept = staffing.pairing(*_act(ask))
    pin = staffing.pin_kept(*_act(ask), ask.said.pin)
    facts = {"name": ask.said.name, "store": ask.said.store}
    made = await ask.does(AddTill, **facts, token_hash=kept, pin_hash=pin)
    return Done(**made.model_dump(), pairing=f"/store/device/{token}")


class PinIn(Strict):
    pin: Pin


@routes.asks("POST", f"/tills/{NUMBER % 'id'}/pin", "staff.manage", "换 PIN", says=PinIn)
async def set_pin(ask: Ask[PinIn]) -> Done:
    pin = staffing.pin_kept(*_act(ask), ask.said.pin)
    return await ask.does(SetTillPin, till_id=ask.number(), pin_hash=pin)


@routes.asks("DELETE", f"/tills/{NUMBER % 'id'}", "staff.manage", "收回一台收银机")
async def revoke_till(ask: Ask[Any]) -> Done:
    return await ask.does(RevokeTill, till_id=ask.number())
