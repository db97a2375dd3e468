"""`/api/v1/groups`: who belongs into which group chats, and how these are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from bot.content import plans
from bot.domain.group_chats import GroupRule
from bot.domain.refusals import Refusal
from bot.domain.segments import parse, read_back
from bot.events.commands import DefineGroup, DraftGroupPlan, PublishGroupRule, SwitchGroup
from bot.store import content_edits, group_chats
from bot.web.api.bodies import Nothing, Query, Strict, Word
from bot.web.api.endpoints import Ask, Done, Routes, Told
from bot.work.renewing import renew

routes = Routes()


class Room(Told):
    chat_id: str
    name: str
    owner: str
    state: str
    members: int
    capacity: int
    joined: int
    active_share: float
    left: int
    word: str


class Family(Told):
    key: str
    name: str
    kind: str
    version: int
    rule: dict[str, Any]
    words: str
    priority: int
    capacity: int
    grace_days: int
    rooms: list[Room]


class Families(Told):
    items: list[Family]


def _family(rule: GroupRule, rooms: list[group_chats.Health]) -> Family:
    names = ("key", "name", "kind", "version", "rule", "priority", "capacity", "grace_days")
    return Family(
        **{name: getattr(rule, name) for name in names},
        words=read_back(parse(rule.rule)),
        rooms=[Room.model_validate(room) for room in rooms if room.rule_key == rule.key],
    )


@routes.asks("GET", "/groups", "group.read", "社群和每个群的近况", gives=Families)
async def listed(ask: Ask[Query]) -> Families:
    _ = ask.store
    async with ask.reading() as session:
        rooms = await group_chats.overview(session, ask.now)
        rules = await group_chats.live_rules(session)
    return Families(items=[_family(rule, rooms) for rule in rules])


@routes.asks("GET", "/groups/{key}", "group.read", "一组群", gives=Family)
async def one(ask: Ask[Query]) -> Family:
    _ = ask.store
    async with ask.reading() as session:
        rule = await _asked(ask, session)
        return _family(rule, await group_chats.overview(session, ask.now))


async def _asked(ask: Ask[Any], session: Any) -> GroupRule:
    rule = await group_chats.rule_of(session, ask.named("key"))
    if rule is None:
        raise Refusal("no_such_group", "没有这一组群", status=404)
    return rule


class SettingsIn(Strict):
    """What is left out stays as it is."""

    capacity: Annotated[int, Field(ge=2, le=500)] | None = None
    grace_days: Annotated[int, Field(ge=0, le=365)] | None = None
    invites_a_day: Annotated[int, Field(ge=0, le=5000)] | None = None
    priority: Annotated[int, Field(ge=1, le=1000)] | None = None
    """The lowest number invites first."""
    owner: Annotated[Word, Field(max_length=64)] | None = None
    room_base_name: Annotated[Word, Field(max_length=30)] | None = None
    welcome: Word | None = None
    invite_days: Annotated[int, Field(ge=1, le=90)] | None = None
    """After so many days an invite runs out; after half of them she is reminded once."""
    max_groups_per_person: Annotated[int, Field(ge=1, le=20)] | None = None
    """Whoever is in so many families is not asked into this one."""
    round: Annotated[int, Field(ge=1, le=99)] | None = None
    """Raise it to ask everybody once more who did not come in."""


class FamilyIn(SettingsIn):
    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,15}$")]
    name: Annotated[Word, Field(max_length=12)]
    kind: Literal["benefit", "interest", "vip"]
    rule: dict[str, Any]
    per: Literal["store", "city"] | None = None
    """One family for each store, or for each city that has one."""


class GroupRuleIn(SettingsIn):
    rule: dict[str, Any]
    name: Annotated[Word, Field(max_length=12)] | None = None


def _of_all(ask: Ask[Any]) -> None:
    if ask.store is not None:
        raise Refusal("forbidden", "入群规则是全店共用的，请让运营来改", status=403)


@routes.asks("POST", "/groups", "group.config", "建一组群，并请人建第一个", says=FamilyIn)
async def define(ask: Ask[FamilyIn]) -> Done:
    _of_all(ask)
    told = await ask.does(DefineGroup, spec=ask.said.model_dump(exclude_none=True))
    await renew(ask.desk.work)
    return told


@routes.asks("POST", "/groups/{key}/rule", "group.config", "发布入群规则", says=GroupRuleIn)
async def publish(ask: Ask[GroupRuleIn]) -> Done:
    _of_all(ask)
    settings = ask.said.model_dump(exclude_none=True, exclude={"rule"})
    key = await _known(ask)
    return await ask.does(PublishGroupRule, group=key, rule=ask.said.rule, settings=settings)


async def _known(ask: Ask[Any]) -> str:
    async with ask.reading() as session:
        return (await _asked(ask, session)).key


class PlanTold(Told):
    plan: dict[str, Any] | None
    draft: dict[str, Any] | None
    number: int
    """Of the draft; 0 without one."""
    mistakes: list[dict[str, str]]


@routes.asks("GET", "/groups/{key}/plan", "group.read", "群里的内容日历和它的草稿", gives=PlanTold)
async def plan_of(ask: Ask[Query]) -> PlanTold:
    _ = ask.store
    async with ask.reading() as session:
        rule = await _asked(ask, session)
        draft = (await content_edits.drafts(session, "groups/")).get(rule.key)
    wrong = plans.flaws(ask.desk.work.content, draft.body) if draft else []
    return PlanTold(
        plan=rule.settings.get("plan"),
        draft=draft.body if draft else None,
        number=draft.version if draft else 0,
        mistakes=[{"at": one.place, "what": one.what, "mend": one.mend} for one in wrong],
    )


class PlanIn(Strict):
    """As in `content/groups.yaml`; none takes the calendar away."""

    plan: dict[str, Any] | None


@routes.asks("POST", "/groups/{key}/plan", "group.config", "发布群里的内容日历", says=PlanIn)
async def publish_plan(ask: Ask[PlanIn]) -> Done:
    _of_all(ask)
    said = {"plan": ask.said.plan or None}
    return await ask.does(PublishGroupRule, group=await _known(ask), rule={}, settings=said)


class PlanDraftIn(Strict):
    plan: Annotated[dict[str, Any], Field(min_length=1)]
    seen: Annotated[int | None, Field(ge=0)] = None


@routes.asks(
    "POST", "/groups/{key}/plan/draft", "group.config", "存内容日历的草稿", says=PlanDraftIn
)
async def keep_plan(ask: Ask[PlanDraftIn]) -> Done:
    _of_all(ask)
    said = ask.said
    return await ask.does(DraftGroupPlan, group=await _known(ask), plan=said.plan, seen=said.seen)


@routes.asks("DELETE", "/groups/{key}/plan/draft", "group.config", "丢掉内容日历的草稿")
async def drop_plan(ask: Ask[Nothing]) -> Done:
    _of_all(ask)
    return await ask.does(DraftGroupPlan, group=await _known(ask), plan={})


@routes.asks("POST", "/groups/{key}/pause", "group.config", "暂停邀请")
async def pause(ask: Ask[Nothing]) -> Done:
    _of_all(ask)
    return await ask.does(SwitchGroup, group=await _known(ask), on=False)


@routes.asks("POST", "/groups/{key}/resume", "group.config", "接着邀请")
async def resume(ask: Ask[Nothing]) -> Done:
    _of_all(ask)
    return await ask.does(SwitchGroup, group=await _known(ask), on=True)
