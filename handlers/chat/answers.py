"""What is said to each intent. An answer may claim a coupon; it never promises what a person must do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from urllib.parse import quote

from bot.calls import MenuItem
from bot.domain.offers import Coupon, Offer, day_words, in_words, last_day_words, yuan
from bot.domain.orders import Order, OrderLine
from bot.domain.refusals import Refusal
from bot.store import group_chats, invites, offers, orders, points, quoting
from handlers.chat.games import play
from handlers.chat.talk import CHOICES, Said, Talk
from handlers.chat.wishes import wished

NEWCOMER = "newcomer"
"""The offer that whoever asks for one, and has none, may claim once."""
MOST_SHOWN = 5
ORDER_STATES = {"paid": "已付款", "completed": "已完成", "cancelled": "已取消"}


async def answer(talk: Talk) -> Said:
    said = await _answer(talk)
    tag = f"chat/{talk.intent.name.partition(':')[0]}"
    [text] = await talk.turn.shorten(said.text, customer_id=talk.customer_id, tag=tag)
    return replace(said, text=text)


async def _answer(talk: Talk) -> Said:
    if found := talk.turn.content.games.meant(talk.text, talk.tapped):
        return await play(talk, found)
    if said := await wished(talk):
        return said
    known = ANSWERS.get(talk.intent.name)
    return await known(talk) if known else _from_knowledge(talk) or _unclear(talk)


async def _greeting(talk: Talk) -> Said:
    """With what she bought last, unless she gave it back or asked us not to look."""
    bought = talk.facts.get("last_item")
    return Said(talk.say("chat/greeting", **({"bought": bought} if bought else {})), menu=CHOICES)


async def _thanks(talk: Talk) -> Said:
    return Said(talk.say("chat/thanks"))


async def _coupons(talk: Talk) -> Said:
    turn = talk.turn
    held = await offers.held(turn.session, talk.customer_id, turn.now)
    if not held:
        return await _claim(talk)
    lines = [_line(talk, coupon, offer) for coupon, offer in held[:MOST_SHOWN]]
    head = talk.say("coupons/list", count=len(held))
    return Said("\n".join([head, *lines, talk.say("coupons/how")]))


def _line(talk: Talk, coupon: Coupon, offer: Offer) -> str:
    return talk.say("coupons/line", **_of(coupon, offer.name, in_words(offer)))


def _of(coupon: Coupon, name: str, worth: str) -> dict[str, object]:
    until = last_day_words(coupon.expires_at)
    return {"offer_name": name, "worth": worth, "code": coupon.code, "until": until}


async def _claim(talk: Talk) -> Said:
    turn = talk.turn
    try:
        coupon = await offers.issue(
            turn.session,
            offer_key=NEWCOMER,
            customer_id=talk.customer_id,
            trigger="chat",
            now=turn.now,
        )
    except Refusal:
        return Said(talk.say("coupons/none"))
    if coupon.state != "held" or coupon.expires_at <= turn.now:
        return Said(talk.say("coupons/none"))  # claimed and used long ago
    offer = await turn.session.get_one(Offer, coupon.offer_id)
    return Said(talk.say("coupons/claimed", **_of(coupon, offer.name, in_words(offer))))


async def _points(talk: Talk) -> Said:
    levels = talk.turn.content.levels
    now = await points.standing(talk.turn.session, talk.customer_id)
    following = levels.next_after(now.level)
    facts: dict[str, object] = {
        "points": now.balance,
        "level": now.level,
        "rights": levels.levels[levels.rank(now.level)].rights,
    }
    if following is not None:
        facts |= {"next_level": following.name, "needs": max(following.needs - now.earned_year, 1)}
    return Said(talk.say("chat/points", **facts))


async def _order(talk: Talk) -> Said:
    session = talk.turn.session
    last = next(iter(await orders.last_of(session, talk.customer_id, 1)), None)
    if last is None or last.paid_at is None:
        return Said(talk.say("chat/no_order"))
    lines = await orders.lines_of(session, last.id)
    pieces = sum(line.quantity for line in lines)
    first = lines[0].name if lines else f"订单 {last.order_no}"
    return Said(
        talk.say(
            "chat/order",
            day=day_words(last.paid_at),
            what=f"{first}等 {pieces} 件" if pieces > 1 else first,
            paid=f"¥{yuan(last.amount_fen)}",
            state=_state(last),
        )
    )


def _state(order: Order) -> str:
    if order.refunded_fen >= order.amount_fen > 0:
        return "已退款"
    if order.refunded_fen:
        return f"退了 ¥{yuan(order.refunded_fen)}"
    return ORDER_STATES.get(order.state, "已付款")


async def _reorder(talk: Talk) -> Said:
    """A link to all that she bought last, one tap from buying it again at what it costs today."""
    links = talk.turn.content.facts
    lines = await orders.kept_lines(talk.turn.session, talk.customer_id)
    if not lines:
        return Said(talk.say("chat/no_order"))
    link = _basket(links.get("shop_link"), links.get("basket_link"), lines)
    what = "、".join(dict.fromkeys(line.name for line in lines))
    if link is None:
        return call_guide(talk, "chat/ask_person", f"想再买{what}")
    known = await orders.prices(talk.turn.session, {line.sku for line in lines})
    facts = {"what": what, "reorder_link": link}
    if all(line.sku in known for line in lines):
        today = sum(line.quantity * known[line.sku] for line in lines)
        facts["today"] = f"¥{yuan(today)}"
        turn = talk.turn
        hers = await quoting.quote(
            turn.session, turn.content.levels, talk.customer_id, amount_fen=today, now=turn.now
        )
        if hers.price.payable_fen < today:
            facts |= {"hers": f"¥{yuan(hers.price.payable_fen)}", "rank": hers.level}
    return Said(talk.say("chat/reorder", **facts))


def _basket(shop: str | None, basket: str | None, lines: Sequence[OrderLine]) -> str | None:
    """The shop's page with these in it; the page of the one thing where that is all."""
    whole = Counter[str]()
    for line in lines:
        whole[line.sku] += line.quantity
    if len(whole) == 1 and whole.total() == 1 and shop is not None:
        return f"{shop}{quote(lines[0].sku, safe='')}"
    if basket is None:
        return None
    items = [f"{quote(sku, safe='')}*{pieces}" for sku, pieces in whole.items()]
    return f"{basket}{','.join(items)}"


def _one_tap_out(template: str, key: str, words: str) -> Callable[[Talk], Awaitable[Said]]:
    """It sounds like leaving, but not in the words that decide: one tap or one word does it."""

    async def offered(talk: Talk) -> Said:
        return Said(talk.say(template), menu=(MenuItem(id=key, text=words), *CHOICES[-1:]))

    return offered


async def _group(talk: Talk) -> Said:
    session, now = talk.turn.session, talk.turn.now
    rules, full = await group_chats.live_rules(session), False
    for rule in rules:
        if not await group_chats.eligible(session, talk.customer_id, rule.key, now):
            continue
        link = await group_chats.join_link(session, talk.customer_id, rule.key)
        if link and not await invites.ask_herself(session, rule, talk.customer_id, now):
            full = True
        elif link:
            [link] = await talk.turn.shorten(
                link, customer_id=talk.customer_id, tag="chat/group", also=(link,)
            )
            return Said(talk.say("chat/group", group=rule.name, join_link=link))
    inside = await group_chats.memberships(session, [talk.customer_id])
    hers = [rule.name for rule in rules if (talk.customer_id, rule.key) in inside]
    told = {"groups": "、".join(hers), "full": "是" if full else ""}
    return Said(talk.say("chat/no_group", **{name: one for name, one in told.items() if one}))


def _known_or(template: str) -> Callable[[Talk], Awaitable[Said]]:
    """The brand's own answer to this very question, else the general one."""

    async def found(talk: Talk) -> Said:
        return _from_knowledge(talk) or Said(talk.say(template))

    return found


def _known_or_guide(
    why: str, template: str = "chat/ask_guide"
) -> Callable[[Talk], Awaitable[Said]]:
    async def found(talk: Talk) -> Said:
        return _from_knowledge(talk) or call_guide(talk, template, why)

    return found


async def _person(talk: Talk) -> Said:
    return call_guide(talk, "chat/person", "想和人说话", hands_over=True)


def call_guide(talk: Talk, template: str, why: str, *, hands_over: bool = False) -> Said:
    """Her guide is asked; without one, whoever is on duty in 微信客服. Never said when nobody will look."""
    if talk.has_guide:
        return Said(talk.say(template), asks=why, hands_over=hands_over)
    if talk.channel == "kf":
        return Said(talk.say(template), hands_over=True)
    return Said(talk.say("chat/find_us"))


def _from_knowledge(talk: Talk) -> Said | None:
    found = talk.turn.content.knowledge.best(talk.text)
    if found is None:
        return None
    entry, _ = found
    return Said(f"{entry.answer}\n{talk.say('chat/source', source=entry.source)}")


def _unclear(talk: Talk) -> Said:
    if not talk.has_guide:
        return Said(talk.say("chat/unclear"), menu=CHOICES)
    return Said(talk.say("chat/unclear", asked=True), menu=CHOICES, asks="有一句话程序没听懂")


ANSWERS: dict[str, Callable[[Talk], Awaitable[Said]]] = {
    "greeting": _greeting,
    "thanks": _thanks,
    "coupon": _coupons,
    "points": _points,
    "level": _points,
    "order": _order,
    "logistics": _order,
    "reorder": _reorder,
    "change_order": _known_or_guide("要改订单", "chat/ask_person"),
    "group": _group,
    "store_hours": _known_or("chat/hours"),
    "store_address": _known_or("chat/hours"),
    "return_goods": _known_or("chat/returns"),
    "exchange_goods": _known_or("chat/returns"),
    "refund": _known_or("chat/returns"),
    "my_data": _known_or("chat/my_data"),
    "stock": _known_or_guide("问有没有货"),
    "size": _known_or_guide("问尺码"),
    "shipping": _known_or_guide("问发货和运费"),
    "care_advice": _known_or_guide("问怎么洗护"),
    "material": _known_or_guide("问面料和做工"),
    "price_match": _known_or_guide("问价格"),
    "payment": _known_or_guide("问付款", "chat/ask_person"),
    "invoice": _known_or_guide("要发票", "chat/ask_person"),
    "repair": _known_or_guide("问修改和维修", "chat/ask_person"),
    "gift": _known_or_guide("问礼盒和赠品", "chat/ask_person"),
    "recommend": _known_or_guide("想请人推荐搭配"),
    "person": _person,
    "complaint": _person,
    "opt_out": _one_tap_out("chat/opt_out", "consent_no", "不再收活动消息"),
    "impersonal": _one_tap_out("chat/impersonal", "personal_off", "关闭个性化"),
}
