"""Coupons at the till and in orders: redeemed once, taken back, returned with the goods."""

from __future__ import annotations

from bot.domain.customers import Customer
from bot.domain.offers import LOCKED, Till, Verdict, day_words
from bot.domain.orders import Order
from bot.domain.quotas import read_limits
from bot.domain.refusals import Later, Refusal
from bot.events import (
    Actor,
    ClaimCoupon,
    DeclineCoupon,
    IssueCoupon,
    JoinTeam,
    OrderKind,
    OrderReported,
    RedeemCoupon,
    ReleaseCoupon,
    ReserveCoupon,
    TurnCycle,
    VoidRedemption,
)
from bot.inbound import commands
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import offers
from bot.store.orders import recorded_now
from bot.store.own_account import is_hers

router = Router()
MOST_FEN = 100_000_000
"""A million yuan in one order is a slip of the hand."""


@router.on(RedeemCoupon)
async def redeem(command: RedeemCoupon, turn: Turn) -> Answer:
    till = _till(command)
    verdict = await offers.redeem(turn.session, turn.vault, command.code, till, now=turn.now)
    return Answer(_told(verdict))


@router.on(ReserveCoupon)
async def reserve(command: ReserveCoupon, turn: Turn) -> Answer:
    till = _till(command)
    verdict = await offers.reserve(turn.session, turn.vault, command.code, till, now=turn.now)
    return Answer(_told(verdict))


@router.on(ReleaseCoupon)
async def release(command: ReleaseCoupon, turn: Turn) -> Answer:
    if not await offers.release(turn.session, command.code, command.order_no):
        raise Refusal("not_reserved", "这张券没有留给这一单，或者已经用掉了")
    return Answer({"state": "held", "words": "放开了，这张券又可以用了"})


def _till(command: RedeemCoupon | ReserveCoupon) -> Till:
    if command.amount_fen is not None and not 0 < command.amount_fen <= MOST_FEN:
        raise Refusal("bad_amount", "金额不对，请再看一眼这一单", status=422)
    return Till(
        actor=command.actor,
        store=command.actor.store or command.store,
        order_no=command.order_no,
        amount_fen=command.amount_fen,
        lines=command.lines,
    )


def _told(verdict: Verdict) -> dict[str, object]:
    """Raises Later where the till was locked before: who goes on guessing writes nothing, who waits tries again."""
    if verdict == LOCKED:
        raise Later(verdict.state, verdict.words, status=verdict.status)
    # Not raised: a refusal undoes what was written, and the till's wrong guesses must stay counted.
    refused = {"refused": verdict.state, "status": verdict.status} if verdict.state != "ok" else {}
    return verdict.facts() | refused


@router.on(VoidRedemption)
async def void(command: VoidRedemption, turn: Turn) -> Answer:
    if not command.reason.strip():
        raise Refusal("no_reason", "请写一句为什么撤销", status=422)
    coupon = await offers.void(
        turn.session,
        code=command.code,
        actor=command.actor,
        reason=command.reason,
        now=turn.now,
    )
    words = "撤销了，这张券又可以用了" if coupon.state == "held" else "撤销了，这张券已经过期"
    return Answer({"state": coupon.state, "words": words})


@router.on(IssueCoupon)
async def issue(command: IssueCoupon, turn: Turn) -> Answer:
    if not commands.agreed(turn.key) and await _enough(command.actor, turn):
        return Answer(await commands.propose(turn.session, command, turn.now))
    if await is_hers(turn.session, command.actor, command.customer_id):
        raise Refusal("own_account", "这是你自己或家人的账号，请别的同事来发", status=403)
    coupon = await offers.issue(
        turn.session,
        offer_key=command.offer,
        customer_id=command.customer_id,
        trigger=offers.trigger_of(turn.key),
        now=turn.now,
    )
    return Answer(
        {
            "code": coupon.code,
            "expires_at": coupon.expires_at.isoformat(),
            "words": f"发好了，{day_words(coupon.issued_at)}起可以用",
        }
    )


async def _enough(actor: Actor, turn: Turn) -> bool:
    """Whether this person has given by hand today what her role may by itself."""
    limits = read_limits(turn.content.limits)
    most = limits.by_hand.per_day.get(actor.kind)
    if most is None:
        return False
    today, _tomorrow = limits.day_of(turn.now)
    return await offers.given_by_hand(turn.session, str(actor), today) >= most


@router.on(ClaimCoupon)
async def claim(command: ClaimCoupon, turn: Turn) -> Answer:
    await _her_own(command, turn)
    if not await offers.claimable(turn.session, command.offer):
        raise Refusal("unknown_offer", "没有这个优惠", status=404)
    coupon = await offers.issue(
        turn.session,
        offer_key=command.offer,
        customer_id=command.customer_id,
        trigger=f"act:{turn.key}",
        now=turn.now,
        or_waits=True,
    )
    waits = coupon.state == "waiting"
    words = "已经抢完了，你在排队；有人让出来就轮到你" if waits else "抢到了，在卡包里"
    return Answer({"coupon_id": coupon.id, "state": coupon.state, "words": words})


@router.on(DeclineCoupon)
async def decline(command: DeclineCoupon, turn: Turn) -> Answer:
    await _her_own(command, turn)
    await offers.decline(
        turn.session,
        coupon_id=command.coupon_id,
        customer_id=command.customer_id,
        now=turn.now,
    )
    return Answer({"state": "declined", "words": "让出来了"})


@router.on(JoinTeam)
async def join_team(command: JoinTeam, turn: Turn) -> Answer:
    await _her_own(command, turn)
    coupon, missing = await offers.join(
        turn.session,
        offer_key=command.offer,
        customer_id=command.customer_id,
        team=command.team,
        key=turn.key,
        now=turn.now,
    )
    words = f"团号 {coupon.team}，还差 {missing} 人" if missing else "拼成了，券在卡包里"
    return Answer({"team": coupon.team, "missing": missing, "words": words})


@router.on(TurnCycle)
async def turn_cycle(command: TurnCycle, turn: Turn) -> Answer:
    await _her_own(command, turn)
    key, hers = command.offer, command.customer_id
    if command.what == "stop":
        await offers.stop_cycle(turn.session, offer_key=key, customer_id=hers)
        return Answer({"state": "stopped", "words": "停了，以后不再发；手上的券照样能用"})
    turned = offers.skip_cycle if command.what == "skip" else offers.begin_cycle
    cycle = await turned(turn.session, offer_key=key, customer_id=hers, now=turn.now)
    words = f"下一期 {day_words(cycle.next_at)}"
    return Answer({"state": "active", "next_at": cycle.next_at.isoformat(), "words": words})


async def _her_own(
    command: ClaimCoupon | DeclineCoupon | JoinTeam | TurnCycle, turn: Turn
) -> None:
    customer = await turn.session.get(Customer, command.customer_id)
    if customer is None or customer.merged_into or customer.ref != command.actor.id:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)


@router.on(OrderReported)
async def follow_order(event: OrderReported, turn: Turn) -> None:
    """A paid order uses the coupons it names; one that came back whole gives them back."""
    order = (await recorded_now(turn.session, event)).order
    if event.kind is OrderKind.PAID:
        await _use_named(event, turn)
    elif _came_back(order):
        await offers.return_for_order(turn.session, event.order_no, turn.now)


async def _use_named(event: OrderReported, turn: Turn) -> None:
    shop = Actor(kind="integration", id=f"order:{event.source}:{event.order_no}")
    # In one order for everybody: two orders that name the same codes never wait for each other.
    for code in sorted(event.coupon_codes):
        # What the till has redeemed already is refused here as used, which is right.
        till = Till(
            actor=shop,
            store=event.store,
            order_no=event.order_no,
            amount_fen=event.amount_fen,
            lines=event.lines,
        )
        await offers.redeem(turn.session, turn.vault, code, till, now=turn.now)


def _came_back(order: Order) -> bool:
    return order.state == "cancelled" or (
        order.paid_at is not None and order.refunded_fen >= order.amount_fen
    )
