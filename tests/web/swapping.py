"""Two stores with their guides, managers and customers; everybody asks for what is not hers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.domain.cases import Case
from bot.domain.customers import Guide
from bot.domain.delivery import GuideTask
from bot.domain.offers import Redemption
from bot.domain.orders import Order
from bot.store import campaigns, offers
from tests.builders import a_customer, a_follow, a_guide, a_store, an_offer
from tests.web.faces import Face, Shop, Till

ASKED = {
    "guide": ("/guide/c/{customer}", "/guide/push/{push}"),
    "manager": (
        "/admin/customers/{customer}",
        "/admin/campaigns/{campaign}",
        "/store/redeem/done/{redemption}",
    ),
    "customer": ("/h5/code/{coupon}",),
    "program": (
        "customers/{customer}",
        "customers/{customer}/explain",
        "customers/{customer}/orders",
        "customers/{customer}/coupons",
        "customers/{customer}/points",
        "customers/{customer}/level",
        "cases/{case}",
        "orders/{order}",
        "campaigns/{campaign}",
    ),
}
"""What each face opens by an id."""
ACTS = {
    "guide": ("/guide/c/{customer}/phone", "/guide/tasks/{task}", "/guide/cases/{case}"),
    "program": (
        "customers/{customer}/unmask",
        "customers/{customer}/cases",
        "cases/{case}/escalate",
        "tasks/{task}/finish",
        "campaigns/{campaign}/stop",
    ),
}
BODIES: dict[str, dict[str, Any]] = {
    "unmask": {"reason": "x"},
    "cases": {"text": "x"},
    "escalate": {"reason": "x"},
    "finish": {"done": True},
}


@dataclass
class Side:
    faces: dict[str, list[Face]]
    program: Till
    owned: list[dict[str, str]]
    """The ids of one customer each."""


async def two_sides(shop: Shop, count: int) -> tuple[Side, Side]:
    return await _a_side(shop, "S01", count), await _a_side(shop, "S02", count)


async def _a_side(shop: Shop, code: str, count: int) -> Side:
    bot = shop.bot
    async with bot.session() as session:
        store = await a_store(session, code=code)
        guide = await a_guide(session, userid=f"guide-{code}", store_id=store.id)
        offer = await an_offer(session, key=f"offer-{code}", per_customer=5, budget_pieces=10**6)
        ids = {"store": store.id, "guide": guide.id}
        owned = [await _a_life(shop, session, code, ids, offer.key, n) for n in range(count)]
    faces = {
        "guide": [await shop.signs_in("guide", f"guide-{code}", code)],
        "manager": [await shop.signs_in("manager", f"boss-{code}", code)],
        "customer": [await shop.signs_in("customer", one["customer"]) for one in owned[:20]],
    }
    return Side(faces, await shop.program("manager", store=code), owned)


async def _a_life(
    shop: Shop, session: Any, code: str, ids: dict[str, int], offer: str, n: int
) -> dict[str, str]:
    """A customer of this store with one of everything."""
    now, customer = shop.bot.now, await a_customer(session)
    guide = await session.get(Guide, ids["guide"])
    await a_follow(session, customer, guide)
    coupon = await offers.issue(
        session, offer_key=offer, customer_id=customer.id, trigger="a", now=now
    )
    bound = {"all": [{"all": []}, {"field": "store", "op": "in", "value": [code]}]}
    said = {"template": "", "created_by": "owner:x", "channels": ["wecom"]}
    campaign = await campaigns.draft(session, now=now, name="x", rule=bound, seed="s", **said)
    push = await campaigns.draft(
        session, now=now, name="y", rule=bound, seed="s", pushed_by=ids["guide"], **said
    )
    assert campaign is not None
    assert push is not None
    task = GuideTask(
        key=f"{code}-{n}", customer_id=customer.id, kind="care", why="x", state="open"
    )
    task.guide_id, task.created_at = ids["guide"], now
    order = Order(source="shop", order_no=f"{code}-{n}", customer_id=customer.id, state="paid")
    order.store_id, order.paid_at = ids["store"], now
    case = Case(customer_id=customer.id, category="other", severity=2, state="open", channel="kf")
    case.opened_at = case.answer_due = case.resolve_due = now
    case.assigned_to, case.source = ids["guide"], f"{code}-{n}"
    used = Redemption(coupon_id=coupon.id, store_id=ids["store"], actor="x", at=now)
    used.discount_fen = 1
    session.add_all([task, order, case, used])
    await session.flush()
    return {"customer": customer.ref} | {
        name: str(row.id)
        for name, row in {
            "coupon": coupon,
            "campaign": campaign,
            "push": push,
            "task": task,
            "order": order,
            "case": case,
            "redemption": used,
        }.items()
    }


async def swap(shop: Shop, count: int, *, seed: int) -> list[str]:
    """So many looks at what is not one's own; tells of each that was answered otherwise than nothing would be."""
    sides, dice, wrong = await two_sides(shop, 20), Random(seed), []
    for _ in range(count):
        mine, other = dice.sample(sides, 2)
        face = dice.choice((*ASKED, "program"))
        path = dice.choice(ASKED[face])
        status, told = await _look(mine, face, path.format(**dice.choice(other.owned)), dice)
        if status != 404 or "owned" in told:
            wrong.append(f"{face} {path}: {status}")
    return wrong


async def _look(mine: Side, face: str, path: str, dice: Random) -> tuple[int, str]:
    if face == "program":
        status, told = await mine.program.reads(path)
        return status, str(told.get("items", ""))
    page = await dice.choice(mine.faces[face]).opens(path, allow_redirects=False)
    return page.status, ""


async def acts(shop: Shop) -> list[str]:
    """Every act by an id, on what is not one's own."""
    mine, other = await two_sides(shop, 1)
    wrong, theirs = [], other.owned[0]
    for path in ACTS["program"]:
        where = path.format(**theirs)
        status, _ = await mine.program.asks(where, **BODIES.get(path.rpartition("/")[2], {}))
        wrong += [f"program {path}: {status}"] if status != 404 else []
    page = await mine.faces["guide"][0].opens("/guide/c/" + mine.owned[0]["customer"])
    csrf = {"csrf": re.findall('name="csrf" value="([^"]+)"', page.html)[0]}
    for path in ACTS["guide"]:
        where = path.format(**theirs)
        got = await mine.faces["guide"][0].posts(where, key="k", text="x", done="1", **csrf)
        wrong += [f"guide {path}: {got.status}"] if got.status != 404 else []
    return wrong
