"""The guide who asks, and how moments near to her are said."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, Guide
from bot.domain.refusals import Refusal
from bot.store import customers, guide_book
from bot.tongue import _
from bot.web.guards import actor_of


async def guide_at(request: web.Request, session: AsyncSession) -> Guide:
    """Raises Refusal not_a_guide."""
    actor = actor_of(request)
    guide = None
    if actor.kind == "guide":
        guide = await customers.guide_by_userid(session, actor.id, create=False)
    if guide is None or not guide.active:
        raise Refusal("not_a_guide", _("这里是导购的工作台，你的账号还不是在职导购"), status=403)
    return guide


async def her_customer(request: web.Request, session: AsyncSession, guide: Guide) -> Customer:
    """The customer in the address; somebody else's is as unknown as nobody's."""
    found = await guide_book.customer_of(session, guide.id, request.match_info["ref"])
    if found is None:
        raise Refusal("unknown_customer", _("你的顾客里没有她，可能已经删了好友"), status=404)
    return found


def time_left(due: datetime, now: datetime) -> tuple[str, bool]:
    """`还剩 3:20`, and whether it is late already."""
    late = due <= now
    span = now - due if late else due - now
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    clock = f"{hours}:{minutes:02d}"
    words = _("%(n)s 天", n=span.days) if span >= timedelta(days=2) else clock
    return (_("超时 %(time)s", time=words) if late else _("还剩 %(time)s", time=words)), late


def days_ago(at: datetime, now: datetime) -> str:
    days = (now - at).days
    return _("今天") if days <= 0 else _("%(n)s 天前", n=days)
