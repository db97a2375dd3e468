"""Colleagues of the back office and tills of stores; a store's manager has her own clerks and tills, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.access import StaffUser, StoreDevice
from bot.domain.permissions import scope
from bot.domain.refusals import Refusal
from bot.events.commands import AddStaff, AddTill, ChangeStaff, Command, RevokeTill, SetTillPin
from bot.inbound.commands import matrix
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import access, devices, hiring, shops

router = Router()
ROLES = ("owner", "admin", "operator", "care", "auditor", "manager", "clerk")
OF_A_STORE = ("manager", "clerk")
HERS = "clerk"
"""Whom a store's manager takes on."""


def _store_of(command: Command) -> str | None:
    """The store that bounds whoever acts; None when nothing does. Raises Refusal forbidden."""
    if scope(matrix(), command.permission, command.actor.kind) != "S":
        return None
    if command.actor.store is None:
        raise Refusal("forbidden", "你的账号不属于哪家门店", status=403)
    return command.actor.store


@router.on(AddStaff)
async def add_staff(command: AddStaff, turn: Turn) -> Answer:
    if command.role not in ROLES or (command.role == "owner" and command.actor.kind != "owner"):
        raise Refusal("bad_role", "不能给这个角色", status=422)
    if command.role in OF_A_STORE and command.store is None:
        raise Refusal("no_such_store", "店长和收银员要选一家门店", status=422)
    store = _store_of(command)
    if store is not None and (command.role, command.store) != (HERS, store):
        raise Refusal("forbidden", "店长只能加自己店的收银员", status=403)
    user = StaffUser(
        name=command.name,
        role=command.role,
        password_hash=command.password_hash,
        userid=command.userid,
        phone=command.phone,
        created_at=turn.now,
    )
    await hiring.hire(turn.session, user, command.store)
    facts = {"role": command.role, "store": command.store, "userid": command.userid}
    return Answer({"name": command.name, "after": facts})


@router.on(ChangeStaff)
async def change_staff(command: ChangeStaff, turn: Turn) -> Answer:
    user = await _colleague(command, turn)
    if "owner" in (user.role, command.role) and command.actor.kind != "owner":
        raise Refusal("forbidden", "店主的账号只有店主能改", status=403)
    if command.active is False and command.name == command.actor.id:
        raise Refusal("own_account", "不能停用自己，请另一位店主来做")
    if command.role is not None and command.role not in ROLES:
        raise Refusal("bad_role", f"没有「{command.role}」这个角色", status=422)
    wanted = {name: getattr(command, name) for name in ("active", "role", "userid", "phone")}
    changes = {name: value for name, value in wanted.items() if value is not None}
    before = {name: getattr(user, name) for name in changes}
    await hiring.change(turn.session, user, changes)
    if command.password_hash is not None:
        user.password_hash, changes["password"] = command.password_hash, "（新的）"
    # Whoever is out, or somebody else now, is so at once and not when the session ends.
    if changes.keys() - {"phone"}:
        await access.close_sessions(turn.session, user.name)
    return Answer({"name": user.name, "before": _shown(before), "after": _shown(changes)})


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Not even the fingerprint of a number goes into the audit trail."""
    return {name: bool(value) if name == "phone" else value for name, value in facts.items()}


async def _colleague(command: ChangeStaff, turn: Turn) -> StaffUser:
    """Of another store she is as unknown as nobody. Raises Refusal no_such_user | forbidden."""
    user, store = await access.staff_named(turn.session, command.name), _store_of(command)
    hers = user and (user.role, await shops.code_of(turn.session, user.store_id)) == (HERS, store)
    if user is None or (store is not None and not hers):
        raise Refusal("no_such_user", "没有这位后台用户", status=404)
    if store is not None and command.role not in (None, HERS):
        raise Refusal("forbidden", "店长只能加自己店的收银员", status=403)
    return user


@router.on(AddTill)
async def add_till(command: AddTill, turn: Turn) -> Answer:
    if _store_of(command) not in (None, command.store):
        raise Refusal("forbidden", "店长只能加自己店的收银机", status=403)
    till = StoreDevice(name=command.name, store=command.store, created_at=turn.now)
    till.hash, till.pin_hash = command.token_hash, command.pin_hash
    await devices.put(turn.session, till)
    return Answer({"till_id": till.id, "name": till.name, "store": till.store})


@router.on(SetTillPin)
async def set_till_pin(command: SetTillPin, turn: Turn) -> Answer:
    till = await _till(command, turn)
    await devices.set_pin(turn.session, till, command.pin_hash)
    return Answer({"till_id": till.id, "store": till.store})


@router.on(RevokeTill)
async def revoke_till(command: RevokeTill, turn: Turn) -> Answer:
    till = await _till(command, turn)
    await devices.revoke(turn.session, till.id, turn.now)
    return Answer({"till_id": till.id, "store": till.store})


async def _till(command: SetTillPin | RevokeTill, turn: Turn) -> StoreDevice:
    """Raises Refusal no_such_till | forbidden."""
    till = await devices.in_use(turn.session, command.till_id)
    if till is None or _store_of(command) not in (None, till.store):
        raise Refusal("no_such_till", "没有这台收银机，或已经收回", status=404)
    return till
