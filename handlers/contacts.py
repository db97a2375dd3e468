"""Who came, who left, and who they are: the first to hear of people."""

from __future__ import annotations

from typing import Literal

from bot.calls import GetCustomer, GetFan, GetKfCustomers
from bot.domain.customers import Customer
from bot.domain.influence import SHARED
from bot.domain.refusals import Refusal
from bot.events import (
    AskShareCode,
    AuthorizationRevoked,
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    FanFollowed,
    FanLeft,
    FanMessaged,
    GuideDeleted,
    KeepApart,
    KfMessageReceived,
    KfSessionEntered,
    MenuClicked,
    MergeCustomers,
    ProposeMerge,
    QrScanned,
    UnmergeCustomer,
)
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import consent, contact_ways, customers, tags
from bot.tongue import _

router = Router()
SOURCE = "老客推荐"
"""The source of whoever comes by a customer's own code."""


@router.on(CustomerAdded)
async def meet_friend(event: CustomerAdded, turn: Turn) -> None:
    tie = await customers.follow(
        turn.session,
        turn.vault,
        userid=event.userid,
        external_userid=event.external_userid,
        at=event.at,
        state=event.state,
    )
    await customers.acted(turn.session, turn.vault, tie.customer, event.at)
    if tie.new:
        await tags.begin_anew(turn.session, tie.follow.id, known=tie.known)
    if not event.half:
        await _look_up(turn, event.external_userid)


@router.on(CustomerEdited)
async def look_again(event: CustomerEdited, turn: Turn) -> None:
    """The guide changed something in her client; only asking tells what."""
    await _look_up(turn, event.external_userid)


@router.on(GuideDeleted)
async def lose_friend(event: GuideDeleted, turn: Turn) -> None:
    await _part(event, turn, by="customer")


@router.on(CustomerDeleted)
async def drop_customer(event: CustomerDeleted, turn: Turn) -> None:
    await _part(event, turn, by="guide")


async def _part(
    event: GuideDeleted | CustomerDeleted, turn: Turn, *, by: Literal["customer", "guide"]
) -> None:
    await customers.unfollow(
        turn.session,
        turn.vault,
        userid=event.userid,
        external_userid=event.external_userid,
        at=event.at,
        by=by,
    )


@router.on(KfSessionEntered)
async def meet_visitor(event: KfSessionEntered, turn: Turn) -> None:
    await _meet_in_kf(event, turn)


@router.on(KfMessageReceived)
async def hear_visitor(event: KfMessageReceived, turn: Turn) -> None:
    _seen(await _meet_in_kf(event, turn), event)


@router.on(FanFollowed)
async def meet_fan(event: FanFollowed, turn: Turn) -> None:
    customer = await _meet_fan(event, turn)
    await customers.acted(turn.session, turn.vault, customer, event.at)
    # Only the unionid is of use: names and pictures of fans are no longer given.
    await turn.owe(GetFan(openid=event.openid), effect=f"fan:{turn.key}")


@router.on(FanMessaged)
async def hear_fan(event: FanMessaged, turn: Turn) -> None:
    _seen(await _meet_fan(event, turn), event)


@router.on(MenuClicked)
async def feel_tap(event: MenuClicked, turn: Turn) -> None:
    _seen(await _meet_fan(event, turn), event)


@router.on(QrScanned)
async def see_scan(event: QrScanned, turn: Turn) -> None:
    _seen(await _meet_fan(event, turn), event)


@router.on(FanLeft)
async def lose_fan(event: FanLeft, turn: Turn) -> None:
    # She may leave before we hear that she came: then what comes later is older, and changes nothing.
    await customers.meet(
        turn.session,
        turn.vault,
        kind="openid",
        value=event.openid,
        at=event.at,
        account=event.account,
        evidence="fan",
    )
    await customers.gone(turn.session, kind="openid", value=event.openid, at=event.at)


@router.on(AuthorizationRevoked)
async def forget_fan(event: AuthorizationRevoked, turn: Turn) -> None:
    customer = await customers.find(turn.session, turn.vault, "openid", event.openid)
    if customer is None:
        return
    await customers.gone(turn.session, kind="openid", value=event.openid, at=event.at)
    await consent.record(
        turn.session,
        customer_id=customer.id,
        purpose="marketing_official",
        action="withdraw",
        channel="official",
        actor=f"customer:{customer.ref}",
        at=event.at,
        evidence={"event": "authorization_revoked"},
    )


@router.on(MergeCustomers)
async def merge(command: MergeCustomers, turn: Turn) -> Answer:
    kept = await _standing(turn, command.keep_id)
    merged = await _standing(turn, command.merge_id)
    if kept.id == merged.id:
        raise Refusal("same_customer", "这两条已经是同一位顾客")
    record = await customers.join(
        turn.session,
        turn.vault,
        kept=kept,
        merged=merged,
        reason=command.reason,
        at=turn.now,
        by=str(command.actor),
    )
    return Answer({"customer_id": kept.id, "merge_id": record.id})


@router.on(ProposeMerge)
async def propose_merge(command: ProposeMerge, turn: Turn) -> Answer:
    one = await _standing(turn, command.one_id)
    other = await _standing(turn, command.other_id)
    if one.id == other.id:
        raise Refusal("same_customer", "这两条已经是同一位顾客")
    asked = await customers.propose(
        turn.session, one, other, reason=command.reason, by=str(command.actor), at=turn.now
    )
    return Answer({"question_id": asked.id})


@router.on(KeepApart)
async def keep_apart(command: KeepApart, turn: Turn) -> Answer:
    asked = await customers.keep_apart(turn.session, command.question_id, by=str(command.actor))
    return Answer({"question_id": asked.id})


@router.on(UnmergeCustomer)
async def unmerge(command: UnmergeCustomer, turn: Turn) -> Answer:
    record = await customers.part(
        turn.session,
        turn.vault,
        customer_id=command.customer_id,
        at=turn.now,
        by=str(command.actor),
    )
    return Answer({"kept_id": record.kept_id, "restored_id": record.merged_id})


async def _look_up(turn: Turn, external_userid: str) -> None:
    await turn.owe(GetCustomer(external_userid=external_userid), effect=f"contact:{turn.key}")


async def _meet_in_kf(event: KfMessageReceived | KfSessionEntered, turn: Turn) -> Customer:
    evidence = f"kf:{event.open_kfid}"
    customer = await customers.meet(
        turn.session,
        turn.vault,
        kind="kf",
        value=event.external_userid,
        at=event.at,
        evidence=evidence,
    )
    if not await customers.name_of(turn.session, turn.vault, customer.id):
        await turn.owe(
            GetKfCustomers(external_userids=(event.external_userid,)),
            effect=f"kf-customer:{event.external_userid}",
        )
    return customer


async def _meet_fan(
    event: FanFollowed | FanMessaged | MenuClicked | QrScanned, turn: Turn
) -> Customer:
    customer = await customers.meet(
        turn.session,
        turn.vault,
        kind="openid",
        value=event.openid,
        at=event.at,
        account=event.account,
        evidence="fan",
    )
    await customers.back(turn.session, kind="openid", value=event.openid, at=event.at)
    return customer


def _seen(
    customer: Customer, event: KfMessageReceived | FanMessaged | MenuClicked | QrScanned
) -> None:
    if customer.last_active_at is None or customer.last_active_at < event.at:
        customer.last_active_at = event.at


async def _standing(turn: Turn, customer_id: int) -> Customer:
    customer = await turn.session.get(Customer, customer_id)
    if customer is None:
        raise Refusal("no_such_customer", "没有这位顾客", status=404)
    return await customers.stands_for(turn.session, customer)


@router.on(AskShareCode)
async def open_share_code(command: AskShareCode, turn: Turn) -> Answer:
    """One for each person, of whoever is her guide now; it is made at the platform within minutes."""
    customer = await turn.session.get(Customer, command.customer_id)
    if customer is None:
        raise Refusal("no_such_customer", "没有这位顾客", status=404)
    customer = await customers.stands_for(turn.session, customer)
    if command.actor.kind == "customer" and command.actor.id != customer.ref:
        raise Refusal("not_yours", "这不是你的", status=403)
    guide = await customers.guide_of(turn.session, customer.id)
    if guide is None:
        raise Refusal("no_guide", _("先加一位导购，再来要推荐码"), status=409)
    state = f"{SHARED}{customer.ref}"
    await contact_ways.configure(turn.session, state=state, label=SOURCE, guide_id=guide.id)
    return Answer({"state": state})
