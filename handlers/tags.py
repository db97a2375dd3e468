"""What people do tells what they care for: codes, menus, words, forms and orders give tags."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bot.calls import ListCorpTags
from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.domain.segments import BadRule, parse
from bot.domain.tags import Heard, TagBook, parts
from bot.events import (
    CorpTagChanged,
    CustomerAdded,
    FanFollowed,
    FanMessaged,
    FormAnswered,
    KfMessageReceived,
    KfSessionEntered,
    LinkOpened,
    MenuClicked,
    OrderReported,
    QrScanned,
    TagCustomer,
    TagCustomers,
)
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import contact_ways, customers, journeys, links, orders, segments, tags
from bot.tongue import _
from handlers.chat.giving import answered
from handlers.chat.hearing import understood

router = Router()
MOST_AT_ONCE = 5_000
TOO_MANY = "一次最多给 %(n)s 人打标签；更多的人请做成标签规则，夜里自动打"


class Gift(NamedTuple):
    """A tag about to be given."""

    tag: str
    source: str
    evidence: dict[str, Any]
    at: datetime
    days: int | None = None
    confidence: float = 1.0
    by: str = "system:siyu"


@router.on(CustomerAdded, when=lambda event: bool(event.state))
async def tag_by_contact_way(event: CustomerAdded, turn: Turn) -> None:
    customer = await customers.find(
        turn.session, turn.vault, "external_userid", event.external_userid
    )
    await _tag_by_source(turn, customer, event.state or "", event.at)


@router.on(KfSessionEntered, when=lambda event: bool(event.scene))
async def tag_by_kf_link(event: KfSessionEntered, turn: Turn) -> None:
    customer = await customers.find(turn.session, turn.vault, "kf", event.external_userid)
    await _tag_by_source(turn, customer, event.scene or "", event.at)


@router.on(FanFollowed, when=lambda event: bool(event.scene))
async def tag_by_code(event: FanFollowed, turn: Turn) -> None:
    customer = await customers.find(turn.session, turn.vault, "openid", event.openid)
    await _tag_by_source(turn, customer, event.scene or "", event.at)


@router.on(QrScanned)
async def tag_by_scan(event: QrScanned, turn: Turn) -> None:
    customer = await customers.find(turn.session, turn.vault, "openid", event.openid)
    await _tag_by_source(turn, customer, event.scene, event.at)


@router.on(KfMessageReceived)
async def tag_by_kf_words(event: KfMessageReceived, turn: Turn) -> None:
    customer = await customers.find(turn.session, turn.vault, "kf", event.external_userid)
    await _tag_by_words(turn, customer, event)


@router.on(FanMessaged)
async def tag_by_fan_words(event: FanMessaged, turn: Turn) -> None:
    customer = await customers.find(turn.session, turn.vault, "openid", event.openid)
    await _tag_by_words(turn, customer, event)


@router.on(MenuClicked)
async def tag_by_menu(event: MenuClicked, turn: Turn) -> None:
    customer = await customers.find(turn.session, turn.vault, "openid", event.openid)
    rules = (await _book(turn)).heard("menu", event.key)
    await _give_all(turn, customer, _gifts(rules, {"key": event.key}, event.at))


@router.on(LinkOpened)
async def tag_by_link(event: LinkOpened, turn: Turn) -> None:
    link = await links.find(turn.session, event.token)
    if link is None:
        return
    customer = await links.opener(turn.session, link, event.who)
    evidence = {"link": link.tag or "", "touch": link.touch_id}
    book = await _book(turn)
    gifts = _gifts(book.heard("link", link.tag or "-"), evidence, event.at)
    if link.tag and book.knows(link.tag):
        gifts = [*gifts, Gift(link.tag, "link", evidence, event.at)]
    await _give_all(turn, customer, gifts)


@router.on(FormAnswered)
async def tag_by_answer(event: FormAnswered, turn: Turn) -> None:
    customer = await turn.session.get(Customer, event.customer_id)
    if customer is None:
        return
    customer = await customers.stands_for(turn.session, customer)
    await answered(turn, customer.id, event.form, event.answers, event.at)


@router.on(OrderReported)
async def tag_by_purchase(event: OrderReported, turn: Turn) -> None:
    """The order itself is counted before us; paid or given back, it may change how she buys."""
    recorded = await orders.recorded_now(turn.session, event)
    if recorded.customer_id is not None:
        await tags.retag(turn.session, turn.content.tags, turn.now, [recorded.customer_id])


@router.on(TagCustomer)
async def tag_by_hand(command: TagCustomer, turn: Turn) -> Answer:
    customer = await turn.session.get(Customer, command.customer_id)
    if customer is None:
        raise Refusal("no_such_customer", "没有这位顾客", status=404)
    customer = await customers.stands_for(turn.session, customer)
    book = await _book(turn)
    for tag in command.add:
        book.check(tag)
    by = str(command.actor)
    gifts = [Gift(tag, "guide", {"command": command.key}, turn.now, by=by) for tag in command.add]
    added = await _give_all(turn, customer, gifts)
    removed = [
        tag
        for tag in command.remove
        if await tags.take(turn.session, customer_id=customer.id, tag=tag)
    ]
    told = {"customer_id": customer.id, "added": added, "removed": removed}
    return Answer(told | {"before": removed, "after": added})


@router.on(TagCustomers)
async def tag_many(command: TagCustomers, turn: Turn) -> Answer:
    """Put on at once; more than so many are a rule's work, which does it by night."""
    try:
        rule = parse(command.rule)
    except BadRule as mistake:
        raise Refusal("bad_rule", str(mistake), status=422) from None
    (await _book(turn)).check(command.tag)
    ids = await segments.ids(
        turn.session, rule, turn.now, refs=command.refs, most=MOST_AT_ONCE + 1
    )
    if len(ids) > MOST_AT_ONCE:
        words = _(TOO_MANY, n=f"{MOST_AT_ONCE:,}")
        raise Refusal("too_many", words, status=422)
    if command.remove:
        gone = await tags.take_off_many(turn.session, ids, tag=command.tag)
        return Answer({"customers": len(ids), "changed": gone})
    new = await tags.put_on_many(
        turn.session,
        ids,
        tag=command.tag,
        why=tags.Why({"command": command.key}, str(command.actor)),
        now=turn.now,
    )
    if await journeys.all_published(turn.session, f"tag_added:{command.tag}"):
        for customer_id in new:
            await _tell_journeys(turn, customer_id, command.tag)
    return Answer({"customers": len(ids), "changed": len(new)})


@router.on(CorpTagChanged, when=lambda event: event.change == "delete")
async def lose_corp_tag(event: CorpTagChanged, turn: Turn) -> None:
    """Somebody deleted it in the console: it stays ours alone and is not made again."""
    await tags.unmirror(turn.session, event.id)


@router.on(CorpTagChanged, when=lambda event: event.change in {"create", "update"})
async def look_at_corp_tag(event: CorpTagChanged, turn: Turn) -> None:
    """The event does not say what it is called now."""
    ids = (event.id,)
    group = event.tag_type == "tag_group"
    call = ListCorpTags(group_ids=ids) if group else ListCorpTags(tag_ids=ids)
    await turn.owe(call, effect=f"corp-tags-seen:{turn.key}")


async def _tag_by_source(turn: Turn, customer: Customer | None, state: str, at: datetime) -> None:
    """A code with a name of its own is its own source; else the rules name it."""
    way = await contact_ways.by_state(turn.session, state)
    evidence = {"state": state}
    book = await _book(turn)
    rules = book.heard("contact_way", state)
    named = [rule.tag for rule in rules if parts(rule.tag)[0] == "来源"]
    source = named[0] if named else "来源/其他"
    if way is not None and book.too_precise(f"来源/{way.label}") is None:
        source = f"来源/{way.label}"
    more = [rule for rule in rules if parts(rule.tag)[0] != "来源"]
    await _give_all(
        turn, customer, [Gift(source, "contact_way", evidence, at), *_gifts(more, evidence, at)]
    )


async def _tag_by_words(
    turn: Turn, customer: Customer | None, event: KfMessageReceived | FanMessaged
) -> None:
    if event.menu_id is not None:
        rules = (await _book(turn)).heard("menu", event.menu_id)
        gifts = _gifts(rules, {"key": event.menu_id}, event.at)
    else:
        # The words themselves are people's data: the message is named, not quoted.
        evidence, book = {"message": event.msgid}, await _book(turn)
        meant = understood(event, turn)
        rules = book.heard("keyword", event.text)
        rules += book.heard("intent", meant.name) if meant else []
        gifts = _gifts(rules, evidence, event.at)
    await _give_all(turn, customer, gifts)


async def _book(turn: Turn) -> TagBook:
    """The file's rules, and those that people made since."""
    return await tags.live_book(turn.session, turn.content.tags)


def _gifts(rules: Iterable[Heard], evidence: dict[str, Any], at: datetime) -> list[Gift]:
    return [Gift(rule.tag, rule.when, evidence, at, rule.days, rule.confidence) for rule in rules]


async def _give_all(turn: Turn, customer: Customer | None, gifts: Iterable[Gift]) -> list[str]:
    """Put them on and let journeys begin with those that are new; the names of the new ones."""
    if customer is None:
        return []
    return [gift.tag for gift in gifts if await _give(turn, customer.id, gift)]


async def _give(turn: Turn, customer_id: int, gift: Gift) -> bool:
    new = await tags.put(
        turn.session,
        customer_id=customer_id,
        tag=gift.tag,
        source=gift.source,
        evidence=gift.evidence,
        now=gift.at,
        by=gift.by,
        expires_at=gift.at + timedelta(days=gift.days) if gift.days else None,
        confidence=gift.confidence,
    )
    if new:
        await _tell_journeys(turn, customer_id, gift.tag)
    return new


async def _tell_journeys(turn: Turn, customer_id: int, tag: str) -> None:
    await journeys.enter(
        turn.session,
        turn.content,
        trigger=f"tag_added:{tag}",
        customer_id=customer_id,
        cause=f"tag:{tag}:{turn.key}",
        now=turn.now,
    )
