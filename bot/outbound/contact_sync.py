"""What the platform knows of a person, taken over when its answer comes: name, unionid, remarks, phones, tags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.calls import GetCustomer, GetFan, GetKfCustomers, Outcome, Sent
from bot.domain import phones
from bot.domain.customers import Customer
from bot.outbound.settled import Settling, settled
from bot.store import customers, tags
from bot.store.outbox import Claimed
from bot.store.tags import Look


@settled.on(GetCustomer)
async def take_over(call: GetCustomer, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    if not isinstance(outcome, Sent):
        return
    customer = await met(turn, "external_userid", call.external_userid)
    customer = await person(turn, customer, outcome.answer["external_contact"], "contact")
    for told in outcome.answer.get("follow_user", ()):
        customer = await tie(turn, customer, call.external_userid, told, owed.created_at)
    if cursor := outcome.answer.get("next_cursor"):
        await turn.owe(
            GetCustomer(external_userid=call.external_userid, cursor=cursor),
            effect=f"{owed.effect}:{cursor}",
        )


@settled.on(GetKfCustomers)
async def take_over_visitors(
    _call: GetKfCustomers, outcome: Outcome, _owed: Claimed, turn: Settling
) -> None:
    if not isinstance(outcome, Sent):
        return
    for told in outcome.answer.get("customer_list", ()):
        customer = await met(turn, "kf", told["external_userid"])
        named = {**told, "name": told.get("nickname")}
        await person(turn, customer, named, "kf")


@settled.on(GetFan)
async def take_over_fan(call: GetFan, outcome: Outcome, _owed: Claimed, turn: Settling) -> None:
    """Of a fan only the unionid is told; of somebody who left not even that is sure."""
    if not isinstance(outcome, Sent):
        return
    customer = await met(turn, "openid", call.openid)
    await person(turn, customer, {"unionid": outcome.answer.get("unionid")}, "fan")
    if outcome.answer.get("subscribe") == 0:
        await customers.gone(turn.session, kind="openid", value=call.openid, at=turn.now)


async def met(turn: Settling, kind: str, value: str) -> Customer:
    return await customers.meet(turn.session, turn.vault, kind=kind, value=value, at=turn.now)


async def person(
    turn: Settling, customer: Customer, told: Mapping[str, Any], evidence: str
) -> Customer:
    if customer.erased_at is not None:
        return customer  # nobody, until she does something herself
    name = str(told.get("name") or "")
    if name and name != await customers.name_of(turn.session, turn.vault, customer.id):
        await customers.rename(turn.session, turn.vault, customer.id, name)
    customer.gender = told.get("gender") or customer.gender
    if unionid := told.get("unionid"):
        customer = await customers.attach(
            turn.session,
            turn.vault,
            customer,
            kind="unionid",
            value=str(unionid),
            at=turn.now,
            evidence=evidence,
        )
    return customer


async def tie(
    turn: Settling,
    customer: Customer,
    external_userid: str,
    told: Mapping[str, Any],
    asked_at: datetime,
) -> Customer:
    """One guide's view of her. The remark may carry her phone number: guides write it there."""
    userid = str(told["userid"])
    since = datetime.fromtimestamp(int(told.get("createtime") or 0), UTC)
    found = await customers.follow(
        turn.session,
        turn.vault,
        userid=userid,
        external_userid=external_userid,
        at=min(since, turn.now),
        state=told.get("state") or None,
    )
    if found.new:
        await tags.begin_anew(turn.session, found.follow.id, known=found.known)
    if customer.erased_at is not None:
        return customer
    await customers.keep_remark(
        turn.session, turn.vault, found.follow, str(told.get("remark") or "")
    )
    look = Look(turn.session, found.follow, userid, asked_at, turn.now)
    if "tags" in told:  # the batch answer names no tags, which does not mean that there are none
        await look.note(turn.content.tags, told["tags"])
    for mobile in told.get("remark_mobiles", ()):
        if phones.digits(str(mobile)):
            customer = await customers.attach(
                turn.session,
                turn.vault,
                customer,
                kind="phone",
                value=str(mobile),
                at=turn.now,
                evidence=f"remark:{userid}",
            )
    return customer
