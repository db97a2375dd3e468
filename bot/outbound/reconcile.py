"""Callbacks are lossy and our own writes are silent: once a day the platform is asked who follows whom."""

from __future__ import annotations

from typing import Any

from bot.calls import (
    Call,
    GetCustomer,
    GetCustomersOf,
    GetMember,
    ListCustomers,
    ListGuides,
    ListKfAccounts,
    Outcome,
    Sent,
)
from bot.domain.customers import Customer
from bot.domain.delivery import Owed
from bot.outbound import contact_sync
from bot.outbound.settled import Settling, settled
from bot.store import customers, kf_accounts, outbox
from bot.work.context import Work

PAGE = 50
"""Customers taken over in one transaction: few enough that callbacks do not wait."""


async def reconcile(work: Work, *, urgent: bool = False) -> int:
    """Owe the questions; their answers repair what drifted. Urgently: however often somebody asks for it."""
    if not work.settings.wecom_corp_id:
        return 0
    now = work.now()
    run = f"{now:%Y%m%d%H%M}" + (f":{work.clock.real():.3f}" if urgent else "")
    async with work.sessions.begin() as session:
        for call in (ListGuides(), ListKfAccounts()):
            effect = f"reconcile:{run}:{type(call).__name__}"
            await outbox.owe(session, work.vault, call, effect=effect, now=now)
    return 1


@settled.on(ListGuides)
async def guides(call: ListGuides, outcome: Outcome, owed: Owed, turn: Settling) -> None:
    if not isinstance(outcome, Sent):
        return
    for userid in outcome.answer.get("follow_user", ()):
        guide = await customers.guide_by_userid(turn.session, userid)
        if guide.name == guide.userid:
            await turn.owe(GetMember(userid=userid), effect=f"{owed.effect}:member:{userid}")
        if await customers.has_customers(turn.session, guide.id):
            ask: Call = ListCustomers(userid=userid)
        else:  # somebody new to us: take everything over page by page
            ask = GetCustomersOf(userids=(userid,), limit=PAGE)
        await turn.owe(ask, effect=f"{owed.effect}:customers:{userid}")


@settled.on(GetMember)
async def member(call: GetMember, outcome: Outcome, owed: Owed, turn: Settling) -> None:
    if isinstance(outcome, Sent) and outcome.answer.get("name"):
        guide = await customers.guide_by_userid(turn.session, call.userid)
        guide.name = outcome.answer["name"]


@settled.on(GetCustomersOf)
async def page(call: GetCustomersOf, outcome: Outcome, owed: Owed, turn: Settling) -> None:
    if not isinstance(outcome, Sent):
        return
    for entry in outcome.answer.get("external_contact_list", ()):
        contact, told = entry["external_contact"], entry["follow_info"]
        external_userid = contact["external_userid"]
        customer = await _recognised(turn, contact)
        customer = await contact_sync.person(turn, customer, contact, "contact")
        await contact_sync.tie(turn, customer, external_userid, told, owed.created_at)
    if cursor := outcome.answer.get("next_cursor"):
        following = GetCustomersOf(userids=call.userids, cursor=cursor, limit=call.limit)
        await turn.owe(following, effect=f"{owed.effect}:{cursor}")


async def _recognised(turn: Settling, contact: dict[str, Any]) -> Customer:
    """By the unionid first: a buyer known from the shop gets her WeCom id, instead of a second record to merge."""
    at, external_userid, unionid = turn.now, contact["external_userid"], contact.get("unionid")
    if unionid is None:
        return await contact_sync.met(turn, "external_userid", external_userid)
    known = await customers.find(turn.session, turn.vault, "unionid", unionid)
    if known is None:
        return await contact_sync.met(turn, "external_userid", external_userid)
    return await customers.attach(
        turn.session, turn.vault, known, kind="external_userid", value=external_userid, at=at
    )


@settled.on(ListCustomers)
async def compare(call: ListCustomers, outcome: Outcome, owed: Owed, turn: Settling) -> None:
    """Who is missing here is asked about; who is gone there has ended."""
    if not isinstance(outcome, Sent):
        return
    there = set(outcome.answer.get("external_userid", ()))
    here = await customers.followed_by(turn.session, call.userid, before=owed.created_at)
    known = await customers.ever_followed_by(turn.session, call.userid)
    for external_userid in sorted(there - known):
        await turn.owe(
            GetCustomer(external_userid=external_userid),
            effect=f"{owed.effect}:{external_userid}",
        )
    for external_userid in sorted(here - there):
        await customers.unfollow(
            turn.session,
            turn.vault,
            userid=call.userid,
            external_userid=external_userid,
            at=turn.now,
            by="guide",
        )


@settled.on(ListKfAccounts)
async def accounts(call: ListKfAccounts, outcome: Outcome, owed: Owed, turn: Settling) -> None:
    """Accounts that were opened before we listened are pulled from now on too."""
    if not isinstance(outcome, Sent):
        return
    listed = outcome.answer.get("account_list", ())
    for account in listed:
        await kf_accounts.know(turn.session, account["open_kfid"], turn.now)
    if len(listed) == 100:
        following = ListKfAccounts(offset=call.offset + 100)
        await turn.owe(following, effect=f"{owed.effect}:{following.offset}")
