"""Points: earned by orders, taken back by returns, spent and corrected by people."""

from __future__ import annotations

from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.events import AdjustPoints, BuyLevel, DecidePoints, OrderReported, SpendPoints
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import journeys, points
from bot.store.customers import surviving
from bot.store.orders import recorded_now
from bot.store.own_account import is_hers
from bot.tongue import _

router = Router()
MOST_ADJUSTED = 5000
"""A larger correction is not one person's decision."""
MOST_ASKED = 1_000_000


@router.on(OrderReported)
async def settle_order(event: OrderReported, turn: Turn) -> None:
    order = (await recorded_now(turn.session, event)).order
    standing = await points.settle_order(
        turn.session, order, key=turn.key, at=event.at, levels=turn.content.levels
    )
    if standing is not None and standing.risen and order.customer_id is not None:
        await journeys.enter(
            turn.session,
            turn.content,
            trigger="level_reached",
            customer_id=order.customer_id,
            cause=f"level:{standing.level}",
            now=turn.now,
        )


@router.on(SpendPoints)
async def spend(command: SpendPoints, turn: Turn) -> Answer:
    await _her_own(command, turn)
    if await is_hers(turn.session, command.actor, command.customer_id):
        raise Refusal("own_account", "这是你自己或家人的积分，请别的同事来扣", status=403)
    left = await points.spend(
        turn.session,
        customer_id=command.customer_id,
        points=command.points,
        effect=f"act:{turn.key}",
        at=turn.now,
        note=command.what,
    )
    worth = command.points * turn.content.levels.fen_per_spent_point
    words = _("花了 %(points)s 分，还剩 %(left)s 分", points=command.points, left=left)
    return Answer({"balance": left, "worth_fen": worth, "words": words})


@router.on(BuyLevel)
async def buy_level(command: BuyLevel, turn: Turn) -> Answer:
    await _her_own(command, turn)
    levels, had = turn.content.levels, await points.level_of(turn.session, command.customer_id)
    wanted = levels.named(command.level)
    if wanted is None or not wanted.price_points:
        raise Refusal("not_for_sale", "这个等级不能用积分换", status=404)
    if levels.rank(wanted.name) <= levels.rank(had):
        raise Refusal("has_level", _("已经是%(had)s了", had=had))
    left = await points.spend(
        turn.session,
        customer_id=command.customer_id,
        points=wanted.price_points,
        effect=f"act:{turn.key}",
        at=turn.now,
        note=f"升{wanted.name}",
    )
    await points.lift_to(turn.session, command.customer_id, wanted.name, turn.now)
    return Answer(
        {"balance": left, "level": wanted.name, "words": _("升到%(name)s了", name=wanted.name)}
    )


async def _her_own(command: SpendPoints | BuyLevel, turn: Turn) -> None:
    customer = await turn.session.get(Customer, command.customer_id)
    own = command.actor.kind != "customer" or (customer and customer.ref == command.actor.id)
    if customer is None or not own:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)


@router.on(AdjustPoints)
async def adjust(command: AdjustPoints, turn: Turn) -> Answer:
    if not command.reason.strip():
        raise Refusal("no_reason", "请写一句为什么调整", status=422)
    if not 0 < abs(command.delta) <= MOST_ASKED:
        raise Refusal("above_limit", _("一次最多调整 %(most)s 分", most=MOST_ASKED), status=422)
    if abs(command.delta) > MOST_ADJUSTED:
        return await _asked(command, turn)
    effect = f"act:{turn.key}"
    left = await _adjusted(turn, command.customer_id, command.delta, effect, command.reason)
    told = {"balance": left, "words": _("调整好了，现在有 %(left)s 分", left=left)}
    return Answer(told | {"before": left - command.delta, "after": left})


async def _asked(command: AdjustPoints, turn: Turn) -> Answer:
    request = await points.ask_to_adjust(
        turn.session,
        customer_id=command.customer_id,
        delta=command.delta,
        reason=command.reason,
        by=str(command.actor),
        now=turn.now,
    )
    words = _(
        "超过 %(most)s 分要两个人：已经提交，等另一位管理员同意",
        most=MOST_ADJUSTED,
    )
    return Answer({"request_id": request, "state": "pending", "words": words})


@router.on(DecidePoints)
async def decide(command: DecidePoints, turn: Turn) -> Answer:
    asked = await points.decide(
        turn.session,
        command.request_id,
        agreed=command.agreed,
        by=str(command.actor),
        now=turn.now,
    )
    if not command.agreed:
        return Answer({"state": "refused", "words": _("没有同意，积分没有变")})
    effect = f"request:{asked.id}"
    left = await _adjusted(turn, asked.customer_id, asked.delta, effect, asked.reason)
    return Answer(
        {"state": "agreed", "balance": left, "words": _("同意了，现在有 %(left)s 分", left=left)}
    )


async def _adjusted(turn: Turn, customer_id: int, delta: int, effect: str, note: str) -> int:
    hers = await surviving(turn.session, customer_id)
    if delta < 0:
        return await points.spend(
            turn.session,
            customer_id=hers,
            points=-delta,
            effect=effect,
            at=turn.now,
            note=note,
            kind="adjust",
        )
    standing = await points.earn(
        turn.session,
        customer_id=hers,
        points=delta,
        effect=effect,
        at=turn.now,
        levels=turn.content.levels,
        kind="adjust",
        note=note,
    )
    return standing.balance
