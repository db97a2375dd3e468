"""`/admin/groups`: who belongs into which family of group chats, and how alive the rooms are."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.group_chats import KINDS, GroupRule
from bot.domain.group_posts import SORTS
from bot.domain.permissions import may
from bot.domain.segments import parse, read_back
from bot.inbound.commands import matrix
from bot.store import group_chats, group_resting, mailings, segments
from bot.store.group_chats import Health
from bot.tongue import _, listed
from bot.web import lists
from bot.web.console import rules, spans
from bot.web.console.frame import shown
from bot.web.console.group_rule import STARTERS
from bot.web.console.scopes import own_store, within
from bot.web.desk import ACTOR, DESK
from bot.web.figures import WEEKDAYS
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
SHEET = Sheet(
    "groups",
    "客户群",
    (
        Column("name", "群", lambda room: room.name),
        Column("family", "规则", lambda room: room.rule_key),
        Column("kind", "种类", lambda room: room.kind and _(KINDS.get(room.kind, room.kind))),
        Column("owner", "群主", lambda room: room.owner),
        Column("members", "成员", lambda room: room.members),
        Column("capacity", "上限", lambda room: room.capacity),
        Column("joined", "应邀进群", lambda room: room.joined),
        Column("left", "近 7 天退群", lambda room: room.left),
        Column("active_share", "活跃占比", lambda room: round(room.active_share, 3)),
        Column("word", "健康", lambda room: _(room.word)),
    ),
)
TONES = {"健康": "g", "偏冷": "w", "危险": "r", "空群": ""}
NEARLY = 0.9
"""Filled so far, a room needs its successor."""


@dataclass(frozen=True, slots=True)
class Family:
    rule: GroupRule
    eligible: int
    words: str
    behind: str
    """The address of the customers who belong; empty where no address can say it."""
    plan: str
    """What its chats are written, and when; empty without a calendar."""
    rooms: list[Health]

    @property
    def members(self) -> int:
        return sum(room.members for room in self.rooms)

    @property
    def full(self) -> list[Health]:
        return [room for room in self.rooms if room.state == "full"]

    @property
    def next_name(self) -> str:
        return f"{self.rule.settings['room_base_name']} {len(self.rooms) + 1}"

    @property
    def crowded(self) -> bool:
        """No room has a place to spare: the next one is wanted now."""
        return bool(self.rooms) and all(
            room.state == "full" or room.members >= NEARLY * room.capacity for room in self.rooms
        )


@routes.get("/admin/groups", allow_head=False)
@allowed("group.read")
async def overview(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    store = own_store(request)
    async with desk.work.sessions.reading() as session:
        rooms = await group_chats.overview(session, desk.work.now())
        families = [
            await _family(request, session, rule, rooms)
            for rule in await group_chats.live_rules(session)
        ]
        homes = {family.rule.key for family in families}
        if lists.asked(request):
            return await lists.answer(request, SHEET, lists.at_once(rooms), total=len(rooms))
        return await shown(
            request,
            session,
            "console/groups.html",
            "groups",
            families=families,
            strays=[room for room in rooms if room.rule_key not in homes],
            kinds=KINDS,
            downloads=lists.downloads(request, SHEET),
            tones=TONES,
            people=spans.people,
            starters=STARTERS,
            names=await mailings.guide_names(session),
            taken_back=await group_resting.taken_back(session),
            may_config=store is None and may(matrix(), "group.config", request[ACTOR].kind),
        )


async def _family(
    request: web.Request, session: AsyncSession, rule: GroupRule, rooms: list[Health]
) -> Family:
    written = parse(rule.rule)
    now = request.app[DESK].work.now()
    form = rules.form_of(rule.rule)
    return Family(
        rule=rule,
        eligible=await segments.count(session, within(request, written), now),
        words=read_back(written),
        behind="/admin/customers?" + urlencode(rules.pairs(form)) if form else "",
        plan=_plan(rule),
        rooms=[room for room in rooms if room.rule_key == rule.key],
    )


def _plan(rule: GroupRule) -> str:
    plan = rule.settings.get("plan")
    if not plan:
        return ""
    return _(
        "群里的内容：%(days)s %(at)s，%(mix)s轮着来，群主点了才发。",
        days=listed(_(WEEKDAYS[day - 1]) for day in plan["weekdays"]),
        at=plan["at"],
        mix=listed(_(SORTS[sort]) for sort in plan["mix"]),
    )
