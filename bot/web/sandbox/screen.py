"""Everything one look at the sandbox shows, gathered at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.customers import Customer
from bot.domain.offers import in_words
from bot.domain.quotas import Limits
from bot.store import coming, links, portrait, quotas, story
from bot.store.coming import Coming, Waiting
from bot.store.family import family
from bot.store.portrait import Portrait
from bot.store.story import Line
from bot.tongue import _
from bot.web.desk import Desk
from bot.web.sandbox import phone, traffic
from bot.web.sandbox.cast import Persona
from bot.web.sandbox.phone import Bubble
from bot.web.sandbox.world import World

LOG_ROWS = 60
CHIPS = (
    "有什么优惠？",
    "订阅！",
    "我有多少积分",
    "怎么进群",
    "毛衣起球了，我要投诉",
    "转人工",
    "退订！",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    persona: Persona
    channel: str
    view: Mapping[str, Any] | None
    """Her as the sandbox has her; None for a visitor who has done nothing yet."""
    bubbles: list[Bubble]
    waiting: list[Waiting]
    coming: list[Coming]
    lines: list[Line]
    traffic: list[traffic.Row]
    her: Portrait | None
    profile: dict[str, tuple[str, Any]]
    guide: str
    """userid of whom she is friends with; empty when with nobody."""
    fan: bool
    rooms: tuple[tuple[str, str, str], ...]
    """Channel and name of each group chat that she is in, and nothing."""
    window: str
    fresh: frozenset[str] = field(default=frozenset())
    """Keys of lines and facts that were not there before the act."""

    def marks(self) -> frozenset[str]:
        """What a later look is compared with."""
        facts = (f"{key}={value[1]}" for key, value in self.profile.items())
        return frozenset([*(line.key for line in self.lines), *facts])

    def is_fresh(self, key: str) -> bool:
        if key in self.profile:
            return f"{key}={self.profile[key][1]}" in self.fresh
        return key in self.fresh

    @property
    def changed(self) -> int:
        return sum(self.is_fresh(key) for key in self.profile)


async def look(
    desk: Desk,
    world: World,
    persona: Persona,
    channel: str,
    customer: Customer | None,
) -> Screen:
    view = await world.state(customer=persona.id)
    log = await world.newest(LOG_ROWS)
    her, lines, soon, tasks, profile = None, [], [], [], {}
    now = desk.work.now()
    async with desk.work.sessions.reading() as session:
        short = await links.targets(session, phone.addresses(view or {}))
    if customer is not None:
        async with desk.work.sessions.reading() as session:
            vault = desk.work.vault
            hers = await family(session, customer.id)
            her = await portrait.portrait(session, vault, customer, now)
            content = desk.work.content
            titles = {name: one.title for name, one in content.templates.items()}
            titles |= {key: one.name for key, one in content.playbooks.items()}
            lines = await story.story(session, vault, her, titles)
            soon = await coming.coming(session, hers, now)
            tasks = await coming.waiting(session, vault, hers)
            used = await quotas.used(
                session,
                [customer.id],
                at=now,
                limits=desk.work.content.limits,
            )
        received = used[customer.id].in_month if customer.id in used else 0
        profile = _profile(her, received, desk.work.content.limits)
    return Screen(
        persona=persona,
        channel=channel,
        view=view,
        bubbles=phone.bubbles(view, channel, her.coupons if her else (), short) if view else [],
        waiting=await _really_waiting(world, tasks),
        coming=soon[:5],
        lines=lines,
        traffic=traffic.rows(log),
        her=her,
        profile=profile,
        guide=_guide(view),
        fan=bool(view and (view.get("fan") or {}).get("subscribed")),
        rooms=_rooms(view, her),
        window=_window(her, channel, now),
    )


async def _really_waiting(world: World, tasks: list[Waiting]) -> list[Waiting]:
    """The bot asks from time to time; the guide may have tapped since."""
    pending: dict[str, list[str]] = {}
    for userid in {task.userid for task in tasks}:
        guide = await world.state(guide=userid)
        pending[userid] = guide["pending_tasks"] if guide else []
    return [task for task in tasks if task.msgid in pending[task.userid]]


def _rooms(
    view: Mapping[str, Any] | None, her: Portrait | None
) -> tuple[tuple[str, str, str], ...]:
    """As the world has it; named as we know it."""
    names = {room.chat_id: room.name for _member, room in her.groups} if her else {}
    inside = view["groups"] if view else []
    return tuple((phone.GROUP + chat_id, names.get(chat_id) or "群", "") for chat_id in inside)


def _guide(view: Mapping[str, Any] | None) -> str:
    follows = view["follows"] if view else []
    return next((tie["guide"] for tie in follows if not tie["left"] and not tie["half"]), "")


def _window(her: Portrait | None, channel: str, now: datetime) -> str:
    found = next((w for w in her.windows if w.channel == channel), None) if her else None
    if found is None:
        return ""
    minutes = int((found.closes_at - now).total_seconds() // 60)
    if minutes >= 60:
        return _("还能回 %(n)s 条 · %(hours)s 小时内", n=found.left, hours=minutes // 60)
    return _("还能回 %(n)s 条 · %(minutes)s 分钟内", n=found.left, minutes=max(minutes, 1))


def _profile(her: Portrait, received: int, limits: Limits) -> dict[str, tuple[str, Any]]:
    """Key → label and value, each in words."""
    tier = her.tier
    consent = her.allowed.get("marketing_wecom")
    cap = limits.brand.most_in_month
    return {
        "tier": ("分层", f"{_(tier.tier)} · {_(tier.share_class)}" if tier else _("还没买过")),
        "level": ("会员等级", _(her.points.level if her.points else "青铜")),
        "points": ("积分", f"{her.points.balance:,}" if her.points else "0"),
        "tags": ("标签", tuple(dict.fromkeys(worn.tag for worn in her.tags))),
        "coupons": (
            "手里的券",
            tuple(f"{offer.name} · {in_words(offer)} · {c.code}" for c, offer in her.held),
        ),
        "consent": ("活动消息", _consent_words(consent.granted if consent else None)),
        "received": ("本月占用", _("%(n)s / %(cap)s 条，含等导购发的", n=received, cap=cap)),
        "cases": (
            "客诉",
            tuple(_("C%(id)s 处理中", id=f"{case.id:04}") for case in her.live_cases),
        ),
        "groups": ("在群里", tuple(room.name for m, room in her.groups if m.left_at is None)),
        "guides": (
            "导购",
            tuple(
                f"{f.guide.name}{' · ' + f.store.name if f.store else ''}"
                for f in her.friends
                if f.follow.ended_at is None
            ),
        ),
    }


def _consent_words(granted: bool | None) -> str:  # noqa: FBT001
    if granted is None:
        return _("没有问过，所以不发")
    return _("同意收") if granted else _("已退订")
