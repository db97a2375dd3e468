"""Group chats as the platform tells of them, and the rules that people publish."""

from __future__ import annotations

from pydantic import ValidationError

from bot.content import plans
from bot.domain.group_chats import PAUSED, GroupRule, GroupSpec
from bot.domain.refusals import Refusal
from bot.domain.segments import parse, read_back
from bot.events import (
    DefineGroup,
    DraftGroupPlan,
    GroupChatChanged,
    GroupChatCreated,
    GroupChatDismissed,
    GroupMembersJoined,
    GroupMembersLeft,
    PublishGroupRule,
    SwitchGroup,
)
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import (
    content_edits,
    customers,
    group_chats,
    group_resting,
    group_welcomes,
    guide_tasks,
)
from bot.store.cases import in_charge
from bot.tongue import _

router = Router()
PLANS = "groups/"


@router.on(GroupChatCreated)
async def created(event: GroupChatCreated, turn: Turn) -> None:
    await _look(turn, event.chat_id, turn.key)


@router.on(GroupChatChanged)
async def changed(event: GroupChatChanged, turn: Turn) -> None:
    await _look(turn, event.chat_id, turn.key)


@router.on(GroupMembersJoined)
async def joined(event: GroupMembersJoined, turn: Turn) -> None:
    await _look(turn, event.chat_id, f"v{event.version}" if event.version else turn.key)


@router.on(GroupMembersLeft)
async def left(event: GroupMembersLeft, turn: Turn) -> None:
    await _look(turn, event.chat_id, f"v{event.version}" if event.version else turn.key)


async def _look(turn: Turn, chat_id: str, version: str) -> None:
    await group_chats.look_at(turn.session, turn.vault, chat_id, version=version, now=turn.now)


@router.on(GroupChatDismissed)
async def dismissed(event: GroupChatDismissed, turn: Turn) -> None:
    await group_chats.dissolve(turn.session, turn.vault, event.chat_id, turn.now)


@router.on(PublishGroupRule)
async def publish_rule(event: PublishGroupRule, turn: Turn) -> Answer:
    changes = dict(event.settings)
    if plan := changes.get("plan"):
        changes["plan"] = plans.checked(turn.content, plan).model_dump(mode="json")
    published = await group_chats.republish(
        turn.session,
        event.group,
        rule=event.rule,
        changes=changes,
        by=str(event.actor),
        now=turn.now,
    )
    if "plan" in changes:
        await content_edits.drop(turn.session, f"{content_edits.DRAFTS}{PLANS}{event.group}")
        if changes["plan"] is None:
            await group_resting.take_posts_back(turn.session, turn.vault, event.group, turn.now)
    return await _told(published, turn)


@router.on(DraftGroupPlan)
async def keep_plan(event: DraftGroupPlan, turn: Turn) -> Answer:
    """Kept with its mistakes: these keep it from being published, not from being written."""
    name = f"{PLANS}{event.group}"
    if await group_chats.rule_of(turn.session, event.group) is None:
        raise Refusal("no_such_group", "没有这一组群", status=404)
    if not event.plan:
        if not await content_edits.drop(turn.session, f"{content_edits.DRAFTS}{name}"):
            raise Refusal("no_draft", _("没有这份草稿"), status=404)
        return Answer({"group": event.group, "state": "dropped"})
    found = plans.flaws(turn.content, event.plan)
    number = await content_edits.keep_draft(
        turn.session, name, event.plan, seen=event.seen, by=str(event.actor), now=turn.now
    )
    told = [{"at": one.place, "what": one.what, "mend": one.mend} for one in found]
    return Answer({"group": event.group, "state": "draft", "draft": number, "mistakes": told})


@router.on(DefineGroup)
async def define(event: DefineGroup, turn: Turn) -> Answer:
    """The family counts from now on; its first room only a person can make, so she is asked to."""
    try:
        spec = GroupSpec.model_validate(event.spec)
    except ValidationError as wrong:
        said = "；".join(f"{one['loc'][-1]}：{one['msg']}" for one in wrong.errors())
        raise Refusal("bad_content", said, status=422) from None
    if spec.plan is not None:
        plans.checked(turn.content, spec.plan.model_dump(mode="json"))
    made = await group_chats.define(turn.session, spec, by=str(event.actor), now=turn.now)
    for one in made:
        await _ask_for_a_room(one, turn)
    told = await _told(made[0], turn)
    return Answer(told.facts | {"groups": [one.key for one in made]})


async def _ask_for_a_room(rule: GroupRule, turn: Turn) -> None:
    userid, base = rule.settings["owner"], rule.settings["room_base_name"]
    named = userid and await customers.guide_by_userid(turn.session, userid, create=False)
    owner = named if named and named.active else await in_charge(turn.session)
    if owner is None:
        return
    why = f"新的一组群「{rule.name}」：请建第一个客户群，名字以「{base}」开头"
    await guide_tasks.ask(
        turn.session,
        turn.vault,
        key=f"group_room:first:{rule.key}",
        guide_id=owner.id,
        customer_id=None,
        kind="group_room",
        why=why,
        now=turn.now,
    )


@router.on(SwitchGroup)
async def switch(event: SwitchGroup, turn: Turn) -> Answer:
    """A version of its own, so that the history tells when it rested; invites that guides hold are called back."""
    live = await group_chats.rule_of(turn.session, event.group)
    if live is None:
        raise Refusal("no_such_group", "没有这一组群", status=404)
    words = ("在邀请", "暂停")
    before, after = words[live.paused], words[not event.on]
    if before != after:
        await group_chats.republish(
            turn.session,
            event.group,
            rule={},
            changes={PAUSED: not event.on},
            by=str(event.actor),
            now=turn.now,
        )
    told = {"group": event.group, "before": before, "after": after}
    if before == after:
        return Answer(told)
    if event.on:
        return Answer(
            told | {"invited_again": await group_resting.wake(turn.session, event.group, turn.now)}
        )
    taken = await group_resting.rest(turn.session, turn.vault, event.group, turn.now)
    return Answer(told | {"taken_back": taken.stopped, "at_guides": taken.waiting})


async def _told(rule: GroupRule, turn: Turn) -> Answer:
    if said := turn.content.check_text(group_welcomes.words_of(rule)):
        raise Refusal("bad_words", "；".join(said), status=422)
    await group_welcomes.owe_due(turn.session, turn.vault, turn.now)
    return Answer(
        {
            "group": rule.key,
            "version": rule.version,
            "customers": await group_chats.preview(turn.session, rule.rule, turn.now),
            "words": read_back(parse(rule.rule)),
        }
    )
