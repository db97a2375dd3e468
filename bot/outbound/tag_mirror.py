"""Our tags as corp tags at the platform: made there once, marked on each follow, and what guides change taken over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from bot.calls import AddCorpTags, EditCorpTag, ListCorpTags, MarkTags, Outcome, Refused, Sent
from bot.outbound.settled import Settling, settled
from bot.store import browsing, tags
from bot.store.outbox import Claimed, Debt
from bot.store.tags import Marking, NewCorpTags, Renamed
from bot.work.context import Work

NAME_EXISTS = 40071
UNKNOWN_TAG = 40068
SOON = timedelta(minutes=10)
LATER = timedelta(days=1)
AT_ONCE = 50


async def mirror(work: Work) -> int:
    """Owe the calls that make the platform's tags equal to ours."""
    now = work.now()
    async with work.sessions.begin() as session:
        follow_ids = await tags.to_look_at(session, now, limit=AT_ONCE)
        if not follow_ids:
            return 0
        settling = Settling(session, now, work.vault, work.content)
        for group in await tags.without_corp_tag(session, follow_ids, now):
            await _make(settling, group)
        await _mark(settling, await tags.due(session, follow_ids, now))
    return len(follow_ids)


async def retag_everybody(work: Work) -> int:
    """The nightly round: off with what has run out, and the purchase rules, in steps."""
    async with work.sessions.begin() as session:
        await tags.expire(session, work.now())
        await browsing.forget_old(session, work.now())
        book = await tags.live_book(session, work.content.tags)
    return await tags.retag_all(work.sessions, book, work.now())


@settled.on(AddCorpTags)
async def learn_ids(_call: AddCorpTags, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    match outcome:
        case Sent(answer):
            await tags.learn(turn.session, answer["tag_group"])
        case Refused(code) if code == NAME_EXISTS:
            # Somebody made one of them by hand: ask for all, and learn the ids.
            await turn.owe(ListCorpTags(), effect=f"corp-tags-list:{owed.id}")


@settled.on(ListCorpTags)
async def learn_all(call: ListCorpTags, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    """Asked for because something was made or renamed by hand, or because a tag of ours is not there any more."""
    if not isinstance(outcome, Sent):
        return
    there = tags.corp_tags(outcome.answer.get("tag_group", ()))
    for corp_id in sorted(set(call.tag_ids) - {tag.id for tag in there}):
        await tags.unmirror(turn.session, corp_id)
    found = await tags.drifted(turn.session, there, turn.content.tags)
    for tag in found.missing_here:
        await tags.meet_corp_tag(turn.session, tag)
    for renamed in found.renamed:
        await _call_alike(renamed, owed, turn)


async def _call_alike(renamed: Renamed, owed: Claimed, turn: Settling) -> None:
    """Theirs is called as ours where rules give it by that name; else ours is called as theirs."""
    tag, ours, ruled = renamed
    if ruled:
        for thing, name in tags.names_to_give(tag, ours):
            call = EditCorpTag(id=thing, name=name)
            await turn.owe(call, effect=f"corp-tag-name:{thing}:{owed.id}")
    elif tags.may_be_ours(tag, turn.content.tags):
        await tags.rename_to(turn.session, tag)
    else:
        await tags.unmirror(turn.session, tag.id)


@settled.on(MarkTags)
async def note_marks(call: MarkTags, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    follow_id = int(owed.effect.split(":")[1])
    match outcome:
        case Sent():
            await tags.marked(turn.session, follow_id, turn.now)
        case Refused(code):
            await tags.not_marked(turn.session, follow_id, again_at=turn.now + LATER)
            if code == UNKNOWN_TAG:
                asked = ListCorpTags(tag_ids=call.add + call.remove)
                await turn.owe(asked, effect=f"corp-tags-list:{owed.id}")
        case _:  # marking twice is harmless
            await tags.not_marked(turn.session, follow_id, again_at=turn.now + SOON)


async def _make(turn: Settling, group: NewCorpTags) -> None:
    """The same tags are asked for once: a refusal is for people to look at, not to repeat."""
    names = tuple(group.tags.values())
    digest = hashlib.sha256(repr(sorted(group.tags)).encode()).hexdigest()[:16]
    await turn.owe(
        AddCorpTags(group=group.group, names=names, group_id=group.corp_group_id),
        effect=f"corp-tags:{digest}",
    )


async def _mark(turn: Settling, markings: Sequence[Marking]) -> None:
    rounds = await tags.begin(turn.session, markings, turn.now)
    await turn.owe_many([_debt(one, rounds[one.follow_id]) for one in markings])


def _debt(marking: Marking, count: int) -> Debt:
    call = MarkTags(
        userid=marking.userid,
        external_userid=marking.external_userid,
        add=tuple(marking.add.values()),
        remove=tuple(marking.remove.values()),
    )
    return call, {"effect": f"mark-tags:{marking.follow_id}:{count}"}
