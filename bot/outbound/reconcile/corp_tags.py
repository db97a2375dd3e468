"""Corp tags: made, renamed and deleted by hand in the console, which callbacks may not have told."""

from __future__ import annotations

from bot.calls import EditCorpTag, ListCorpTags, Sent
from bot.outbound.reconcile.people import CorpTags
from bot.outbound.reconcile.round import Round
from bot.store import tags
from bot.store.tags import CorpTag, Renamed


async def compare_tags(round_: Round) -> CorpTags | None:
    """The corp tags that may stand on a customer of ours; None when the platform does not tell."""
    outcome = await round_.ask(ListCorpTags())
    if not isinstance(outcome, Sent):
        round_.gap("tags", outcome)
        return None
    book = round_.work.content.tags
    there = tags.corp_tags(outcome.answer.get("tag_group") or ())
    round_.report.compared["tag"] = len(there)
    async with round_.work.sessions.reading() as session:
        found = await tags.drifted(session, there, book)
    for tag in found.missing_here:
        await _meet(round_, tag)
    for corp_id in found.missing_there:
        await _forget(round_, corp_id)
    await _call_alike(round_, found.renamed)
    return {tag.id: (tag.group, tag.name) for tag in there if tags.may_be_ours(tag, book)}


async def _meet(round_: Round, tag: CorpTag) -> None:
    if round_.repair:
        async with round_.turn() as turn:
            await tags.meet_corp_tag(turn.session, tag)
    round_.report.saw("tag", "missing_here", tag.full, repaired=round_.repair)


async def _forget(round_: Round, corp_id: str) -> None:
    """Somebody deleted it: it stays ours alone and is not made again."""
    if round_.repair:
        async with round_.turn() as turn:
            await tags.unmirror(turn.session, corp_id)
    round_.report.saw("tag", "missing_there", corp_id, repaired=round_.repair)


async def _call_alike(round_: Round, renamed: list[Renamed]) -> None:
    """Theirs is called as ours where rules give it by that name; else ours is called as theirs."""
    book, asked = round_.work.content.tags, set[str]()
    for tag, ours, ruled in renamed:
        done = round_.repair
        if done and ruled:
            done = await _rename_there(round_, tag, ours, asked)
        elif done:
            async with round_.turn() as turn:
                await (
                    tags.rename_to(turn.session, tag)
                    if tags.may_be_ours(tag, book)
                    else tags.unmirror(turn.session, tag.id)
                )
        round_.report.saw("tag", "differing", tag.full, repaired=done)


async def _rename_there(round_: Round, tag: CorpTag, ours: str, done: set[str]) -> bool:
    """Only tags that this app made can be renamed by it (81011)."""
    wanted = [pair for pair in tags.names_to_give(tag, ours) if pair[0] not in done]
    done |= {thing for thing, _ in wanted}
    calls = [EditCorpTag(id=thing, name=name) for thing, name in wanted]
    return all([isinstance(await round_.ask(call), Sent) for call in calls])
