"""Benefits that customers turn by their own words: buying together, again and again, and a pet's birthday."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.calls import MenuItem
from bot.domain import wishes
from bot.domain.offers import Offer, day_words, in_words
from bot.domain.pets import kind_in, read_day
from bot.domain.refusals import Refusal
from bot.domain.wishes import Wish, item
from bot.store import consent, offers, pets
from bot.store.offers import Cycling, Team
from handlers.chat.talk import Said, Talk


async def wished(talk: Talk) -> Said | None:
    found = wishes.meant(talk.text, talk.tapped)
    if found is None:
        return None
    try:
        async with talk.turn.session.begin_nested():
            return await KINDS[found.kind](talk, found)
    except Refusal as refusal:
        return Said(refusal.words)


async def _team(talk: Talk, wish: Wish) -> Said:
    """A number comes into that team; `+key` begins one; nothing shows what there is."""
    if wish.said.startswith("+"):
        return await _into_team(talk, wish.said[1:], None)
    if wish.said.isdecimal():
        team = await offers.team_of(talk.turn.session, int(wish.said[:18]), talk.turn.now)
        return await _into_team(talk, team.offer.key if team else "", int(wish.said[:18]))
    session, now = talk.turn.session, talk.turn.now
    mine = [_stands(one) for one in await offers.teams_of(session, talk.customer_id, now)]
    found = await offers.team_offers(session, now)
    lines = [*mine, *(_together(offer) for offer in found)]
    menu = tuple(
        MenuItem(id=item("team", f"+{offer.key}"), text=f"开团：{offer.name}") for offer in found
    )
    return Said(
        "\n".join([talk.say("coupons/teams", **({"any": "是"} if found else {})), *lines]), menu
    )


def _together(offer: Offer) -> str:
    return f"「{offer.name}」{offer.team_size} 人拼，{in_words(offer)}，{offer.team_hours} 小时内拼成才算"


def _stands(team: Team) -> str:
    return f"你的团 {team.number}「{team.offer.name}」还差 {team.missing} 人"


async def _into_team(talk: Talk, offer_key: str, number: int | None) -> Said:
    turn = talk.turn
    coupon, missing = await offers.join(
        turn.session,
        offer_key=offer_key,
        customer_id=talk.customer_id,
        team=number,
        key=turn.key,
        now=turn.now,
    )
    link = turn.content.address(f"/h5/teams/{coupon.team}")
    told = {"team": str(coupon.team), "missing": missing and str(missing), "team_link": link}
    return Said(talk.say("coupons/team", **{name: one for name, one in told.items() if one}))


async def _cycle(talk: Talk, wish: Wish) -> Said:
    """`+key` begins; nothing shows what there is and what she has."""
    turn = talk.turn
    if wish.said.startswith("+"):
        cycle = await offers.begin_cycle(
            turn.session, offer_key=wish.said[1:], customer_id=talk.customer_id, now=turn.now
        )
        return Said(talk.say("coupons/cycles", begun="是", next=day_words(cycle.next_at)))
    found = await offers.cycle_offers(turn.session, talk.customer_id, turn.now)
    menu = [entry for one in found for entry in _turns(one)]
    head = talk.say("coupons/cycles", **({} if found else {"empty": "是"}))
    return Said("\n".join([head, *map(_again, found)]), tuple(menu))


def _again(one: Cycling) -> str:
    what = f"「{one.offer.name}」每 {one.offer.cycle_days} 天一次，{in_words(one.offer)}"
    return f"{what}；下一期 {day_words(one.hers.next_at)}" if one.hers else what


def _turns(one: Cycling) -> list[MenuItem]:
    key, name = one.offer.key, one.offer.name
    if one.hers is None:
        return [MenuItem(id=item("cycle", f"+{key}"), text=f"开通：{name}")]
    return [
        MenuItem(id=item("skip", key), text="跳过这一期"),
        MenuItem(id=item("stop", key), text="停掉定期购"),
    ]


async def _skip(talk: Talk, wish: Wish) -> Said:
    turn, key = talk.turn, await _which(talk, wish)
    cycle = await offers.skip_cycle(
        turn.session, offer_key=key, customer_id=talk.customer_id, now=turn.now
    )
    return Said(talk.say("coupons/cycles", skipped="是", next=day_words(cycle.next_at)))


async def _stop(talk: Talk, wish: Wish) -> Said:
    key = await _which(talk, wish)
    await offers.stop_cycle(talk.turn.session, offer_key=key, customer_id=talk.customer_id)
    return Said(talk.say("coupons/cycles", stopped="是"))


async def _which(talk: Talk, wish: Wish) -> str:
    """The one that was tapped, or the only one that she has."""
    turn = talk.turn
    if wish.said:
        return wish.said
    found = await offers.cycle_offers(turn.session, talk.customer_id, turn.now)
    hers = [one.offer.key for one in found if one.hers]
    return hers[0] if hers else ""


async def _decline(talk: Talk, wish: Wish) -> Said:
    """The word alone shows which; a tap on one gives it up."""
    turn = talk.turn
    if wish.said.isdecimal():
        await offers.decline(
            turn.session,
            coupon_id=int(wish.said[:18]),
            customer_id=talk.customer_id,
            now=turn.now,
        )
        return Said(talk.say("coupons/decline", done="是"))
    held = await offers.held(turn.session, talk.customer_id, turn.now)
    menu = tuple(
        MenuItem(id=item("decline", str(coupon.id)), text=f"让出：{offer.name}")
        for coupon, offer in held
        if offer.queue
    )
    return Said(talk.say("coupons/decline", **({"any": "是"} if menu else {})), menu)


async def _pet(talk: Talk, wish: Wish) -> Said:
    turn = talk.turn
    if await consent.granted(turn.session, talk.customer_id, "profiling") is None:
        agree = (MenuItem(id="personal_on", text="开启个性化"),)
        return Said(talk.say("pet/kept", consent="是"), agree)
    day = read_day(wish.said)
    if day is None:
        return Said(talk.say("pet/kept"))
    await pets.keep(
        turn.session,
        customer_id=talk.customer_id,
        kind=kind_in(wish.said),
        day=day,
        now=turn.now,
    )
    month, number = map(int, day.split("-"))
    return Said(talk.say("pet/kept", day=f"{month} 月 {number} 日"))


KINDS: dict[str, Callable[[Talk, Wish], Awaitable[Said]]] = {
    "team": _team,
    "cycle": _cycle,
    "skip": _skip,
    "stop": _stop,
    "decline": _decline,
    "pet": _pet,
}
