"""Games in chat: one voice each, nothing for sharing, and what she says of herself only where she lets us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

from bot.calls import MenuItem
from bot.domain.cases import complaint_score
from bot.domain.games import LONGEST_SAID, PREFIX, Game, Play, streak
from bot.store import cases, consent, games, guide_tasks
from handlers.chat.giving import answered
from handlers.chat.talk import Said, Talk

REVIEW = "game_review"
WHY = "接龙里有一条带敏感词或联系方式，先压下了。看过后：可以放出来点“完成”，不合适点“跳过”。"
MOST_SHOWN = 80
"""Tickets in one message; all of them stand on the draw's own page."""


async def play(talk: Talk, found: Play) -> Said:
    return await KINDS[found.game.kind](talk, found.game, found.said)


async def _vote(talk: Talk, game: Game, said: str) -> Said:
    turn = talk.turn
    before = await games.entry_of(turn.session, game, "", talk.customer_id)
    if before is None and said not in game.choices:
        return _asked(talk, game.ask, {f"{game.key}:{one}": one for one in game.choices})
    if before is None:
        await games.enter(
            turn.session,
            turn.vault,
            game,
            round_="",
            customer_id=talk.customer_id,
            choice=said,
            now=turn.now,
        )
        await answered(turn, talk.customer_id, game.key, {"vote": said}, turn.now)
    counted = await games.tally(turn.session, game, "")
    lines = "\n".join(f"{choice} {counted.get(choice, 0)} 票" for choice in game.choices)
    chosen = talk.say("games/voted", choice=before.choice if before else said)
    return Said(f"{chosen}\n{lines}")


async def _lottery(talk: Talk, game: Game, said: str) -> Said:
    """The hash of the seed is told with each ticket; seed, tickets and winners after the draw."""
    if said in {"开奖", "结果"}:
        return await _proof(talk, game)
    turn, round_ = talk.turn, game.round_at(talk.turn.now)
    number = await games.ticket(turn.session, turn.vault, game, round_, talk.customer_id)
    await games.enter(
        turn.session,
        turn.vault,
        game,
        round_=round_,
        customer_id=talk.customer_id,
        choice=number,
        now=turn.now,
    )
    hash_ = games.commitment(turn.vault, game, round_)
    return Said(f"{talk.say('games/ticket', ticket=number, round=round_)}\n{hash_}")


async def _proof(talk: Talk, game: Game) -> Said:
    last = await games.last_round(talk.turn.session, game)
    if last is None:
        return Said(talk.say("games/drawn"))
    lines = [
        talk.say("games/drawn", round=last.round, count=str(len(last.tickets))),
        f"中奖号：{'、'.join(last.winners)}",
        f"种子：{last.seed}",
        f"全部号：{' '.join(last.tickets[:MOST_SHOWN])}",
        f"全部号和怎么重算：{talk.turn.content.address(f'/h5/games/{game.key}/draws/{last.round}')}",
    ]
    return Said("\n".join(lines))


async def _chain(talk: Talk, game: Game, said: str) -> Said:
    """What has a word or a contact in it that must not stand before everybody waits for a person."""
    turn, round_ = talk.turn, game.round_at(talk.turn.now)
    if not said:
        return Said(f"{game.ask}\n{talk.say('games/chain', word=game.says[0])}")
    if len(said) > LONGEST_SAID:
        return Said(talk.say("games/chain", word=game.says[0], long="是"))
    grave = complaint_score(said).severity == 1
    held = grave or bool(turn.content.check_text(said)) or turn.content.games.sensitive(said)
    entry = await games.enter(
        turn.session,
        turn.vault,
        game,
        round_=round_,
        customer_id=talk.customer_id,
        choice=turn.key,
        text=said,
        state="held" if held else "in",
        now=turn.now,
    )
    if entry is None:
        return Said(talk.say("games/chain_said", again="是"))
    if held:
        await _ask_to_read(talk, entry.id, said)
    return Said(talk.say("games/chain_said", **({"held": "是"} if held else {})))


async def _ask_to_read(talk: Talk, entry_id: int, said: str) -> None:
    turn = talk.turn
    guide = await cases.in_charge(turn.session)
    if guide is not None:
        await guide_tasks.ask(
            turn.session,
            turn.vault,
            key=f"game:{entry_id}",
            guide_id=guide.id,
            customer_id=talk.customer_id,
            kind=REVIEW,
            why=WHY,
            words=said,
            now=turn.now,
        )


async def _checkin(talk: Talk, game: Game, _said: str) -> Said:
    turn, today = talk.turn, game.round_at(talk.turn.now)
    new = await games.enter(
        turn.session,
        turn.vault,
        game,
        round_=today,
        customer_id=talk.customer_id,
        choice="",
        now=turn.now,
    )
    days = await games.rounds_of(turn.session, game, talk.customer_id)
    told = {"days": streak(days, date.fromisoformat(today))}
    return Said(talk.say("games/checkin", **told, **({} if new else {"again": "是"})))


async def _quiz(talk: Talk, game: Game, said: str) -> Said:
    """One question at a time, and never one whose answer is known."""
    turn = talk.turn
    if await consent.granted(turn.session, talk.customer_id, "profiling") is None:
        agree = (MenuItem(id="personal_on", text="开启个性化"),)
        return Said(talk.say("games/quiz", consent="是"), agree)
    field, _, choice = said.partition(":")
    asked = game.question(field)
    if asked is not None and choice in asked.choices:
        await games.enter(
            turn.session,
            turn.vault,
            game,
            round_=field,
            customer_id=talk.customer_id,
            choice=choice,
            now=turn.now,
        )
        await answered(turn, talk.customer_id, game.key, {field: choice}, turn.now)
    following = await games.next_question(
        turn.session, turn.content.tags, game, talk.customer_id, turn.now
    )
    if following is not None and said in following.choices:  # typed, where nothing can be tapped
        return await _quiz(talk, game, f"{following.field}:{said}")
    if following is None:
        return Said(talk.say("games/quiz"))
    return _asked(
        talk,
        following.ask,
        {f"{game.key}:{following.field}:{one}": one for one in following.choices},
    )


def _asked(talk: Talk, ask: str, choices: Mapping[str, str]) -> Said:
    """The shop's own question, word by word; a text's facts are cut short."""
    items = tuple(MenuItem(id=f"{PREFIX}{key}", text=words) for key, words in choices.items())
    lines = [ask, "、".join(choices.values()), talk.say("games/ask")]
    return Said("\n".join(lines), items)


async def _contest(talk: Talk, game: Game, _said: str) -> Said:
    """Pictures and votes have a page of their own, behind a sign-in that no link can pass on."""
    turn = talk.turn
    open_ = {"takes": "是"} if game.takes(turn.now) else {}
    votes = {"counts": "是"} if game.counts(turn.now) else {}
    link = turn.content.address(f"/h5/contests/{game.key}")
    return Said(f"{game.ask}\n{talk.say('games/contest', contest_link=link, **open_, **votes)}")


KINDS: dict[str, Callable[[Talk, Game, str], Awaitable[Said]]] = {
    "vote": _vote,
    "lottery": _lottery,
    "chain": _chain,
    "checkin": _checkin,
    "quiz": _quiz,
    "contest": _contest,
}
