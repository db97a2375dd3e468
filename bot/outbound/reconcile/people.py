"""Customers and their ties to guides: asked for page by page, compared, taken over; ended only when absent twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import events
from bot.calls import GetCustomersOf, ListCustomers, Outcome, Refused, Sent
from bot.domain import phones
from bot.domain.customers import Customer
from bot.domain.drift import Told, Where, differences
from bot.events import CustomerAdded
from bot.outbound import contact_sync
from bot.outbound.reconcile.round import Round
from bot.outbound.settled import Settling
from bot.store import customers, inbox, ties
from bot.store.inbox import Arrival
from bot.store.ties import Asked

NO_CUSTOMERS = 84061
AT_ONCE = 25
"""Customers taken over in one transaction: few enough that callbacks do not wait."""
TOGETHER = 500
"""Customers compared at once: several pages of the platform's."""
LATELY = timedelta(days=2)
"""An adding that we missed is told late to whoever would have heard of it; older ones are history."""
RENAMED: tuple[str, Where] = ("identity", "differing")
Entry = dict[str, Any]
CorpTags = Mapping[str, tuple[str, str]]
"""Corp tag id → group and name, of those that may be tags of ours."""


@dataclass(slots=True)
class Chain:
    """Guides who are listed together, cursor by cursor, and whom the platform listed for them."""

    asked_at: datetime
    listed: dict[str, set[str]]
    listening: Mapping[str, int]
    """How many customers each had before: whoever had none was not listened to yet."""
    waiting: list[Entry] = field(default_factory=list)
    """Listed, and not compared yet."""
    renamed: list[Entry] = field(default_factory=list)
    """Known ties under another external_userid: judged when all are listed."""


async def compare_customers(
    round_: Round, userids: Sequence[str], sizes: Mapping[str, int], tags: CorpTags | None
) -> None:
    chain = Chain(round_.work.now(), {userid: set() for userid in userids}, sizes)
    async for outcome in round_.pages(
        lambda cursor: GetCustomersOf(userids=tuple(userids), cursor=cursor)
    ):
        if isinstance(outcome, Refused) and outcome.code == NO_CUSTOMERS:
            continue
        if isinstance(outcome, Refused) and len(userids) > 1:
            # One of them may not be asked about, and the platform does not say which.
            for userid in userids:
                await compare_customers(round_, [userid], sizes, tags)
            return
        if not isinstance(outcome, Sent):
            await _compare(round_, chain, tags)
            round_.gap(f"customers:{'|'.join(userids)}", outcome)
            return
        for userid in _unlicensed(outcome.answer) & chain.listed.keys():
            round_.gap(f"customers:{userid}", Refused(0, "not_licensed"))
            del chain.listed[userid]
        chain.waiting += outcome.answer.get("external_contact_list") or ()
        await _compare(round_, chain, tags, least=TOGETHER)
    await _compare(round_, chain, tags)
    await _renamed(round_, chain, tags)
    for userid, there in chain.listed.items():
        await _absent(round_, userid, there, chain.asked_at)


def _unlicensed(answer: Mapping[str, Any]) -> set[str]:
    return set((answer.get("fail_info") or {}).get("unlicensed_userid_list") or ())


async def _compare(round_: Round, chain: Chain, tags: CorpTags | None, *, least: int = 1) -> None:
    """Those who wait to be compared, when there are enough of them."""
    if len(chain.waiting) < least:
        return
    entries, chain.waiting = chain.waiting, []
    for entry in entries:
        follow, contact = entry["follow_info"], entry["external_contact"]
        chain.listed.setdefault(follow["userid"], set()).add(contact["external_userid"])
    round_.report.compared["follow"] += len(entries)
    async with round_.work.sessions.reading() as session:
        found = await _compared(session, round_, entries, tags, chain.asked_at)
    what_of = list(zip(entries, found, strict=True))
    chain.renamed += [entry for entry, what in what_of if RENAMED in what]
    wrong = [entry for entry, what in what_of if what and RENAMED not in what]
    for start in range(0, len(wrong), AT_ONCE):
        await _mend(round_, chain, wrong[start : start + AT_ONCE], tags)


async def _compared(
    session: Any,
    round_: Round,
    entries: Sequence[Entry],
    tags: CorpTags | None,
    asked_at: datetime,
) -> list[list[tuple[str, Where]]]:
    vault = round_.work.vault
    asked = [_asked(entry) for entry in entries]
    known = await ties.known(session, vault, asked)
    numbers = {number for entry in entries for number in _numbers(entry)}
    theirs = await ties.known_phones(session, vault, numbers)
    return [
        differences(_told(entry, tags, known_phones=theirs), known.get(one), asked_at=asked_at)
        for one, entry in zip(asked, entries, strict=True)
    ]


async def _mend(
    round_: Round, chain: Chain, entries: Sequence[Entry], tags: CorpTags | None
) -> None:
    """In one transaction: what differs, the mending, and whether it differs still."""
    async with round_.turn() as turn:
        before = await _compared(turn.session, round_, entries, tags, chain.asked_at)
        after = before
        if round_.repair:
            for entry, differs in zip(entries, before, strict=True):
                if differs:
                    await _take_over(turn, chain, entry, tags)
                    await _tell_late(turn, chain, entry, differs)
            await turn.session.flush()
            after = await _compared(turn.session, round_, entries, tags, chain.asked_at)
    for entry, was, still in zip(entries, before, after, strict=True):
        one = _asked(entry)
        for what, where in was:
            which = (
                one.external_userid
                if what == "customer"
                else f"{one.userid}:{one.external_userid}"
            )
            round_.report.saw(what, where, which, repaired=(what, where) not in still)


async def _take_over(turn: Settling, chain: Chain, entry: Entry, tags: CorpTags | None) -> None:
    contact, told = entry["external_contact"], dict(entry["follow_info"])
    if tags is not None:
        told["tags"] = [
            {"tag_id": tag, "group_name": tags[tag][0], "tag_name": tags[tag][1], "type": 1}
            for tag in told.get("tag_id") or ()
            if tag in tags
        ]
    customer = await recognised(turn, contact)
    customer = await contact_sync.person(turn, customer, contact, "contact")
    await contact_sync.tie(turn, customer, contact["external_userid"], told, chain.asked_at)


async def recognised(turn: Settling, contact: Mapping[str, Any]) -> Customer:
    """By the unionid first: a buyer known from the shop gets her WeCom id, instead of a second record to merge."""
    at, external_userid, unionid = turn.now, contact["external_userid"], contact.get("unionid")
    if not unionid:
        return await contact_sync.met(turn, "external_userid", external_userid)
    known = await customers.find(turn.session, turn.vault, "unionid", unionid)
    if known is None:
        return await contact_sync.met(turn, "external_userid", external_userid)
    return await customers.attach(
        turn.session, turn.vault, known, kind="external_userid", value=external_userid, at=at
    )


async def _tell_late(
    turn: Settling, chain: Chain, entry: Entry, what: Sequence[tuple[str, Where]]
) -> None:
    """The callback that was lost, without its welcome code: journeys and the tags of her code still begin."""
    told = _told(entry, None, known_phones=set())
    if ("follow", "missing_here") not in what or not chain.listening.get(told.userid):
        return
    if told.since < turn.now - LATELY:
        return
    event = CustomerAdded(
        at=told.since,
        userid=told.userid,
        external_userid=told.external_userid,
        state=told.state or None,
    )
    body = json.dumps(events.dump(event)).encode()
    await inbox.keep(turn.session, turn.vault, [Arrival("event", body)], now=turn.now)


async def _renamed(round_: Round, chain: Chain, tags: CorpTags | None) -> None:
    """A corp that moved, or a person with two accounts: only who is not listed any more has a new id."""
    for entry in chain.renamed:
        one = _asked(entry)
        async with round_.turn() as turn:
            known = (await ties.known(turn.session, turn.vault, [one]))[one]
            old = known.tie.external_userid if known.tie else one.external_userid
            if old in chain.listed.get(one.userid, ()) or old == one.external_userid:
                continue
            if round_.repair:
                await _take_over(turn, chain, entry, tags)
                await turn.session.flush()
                if not await ties.lasts(turn.session, old):
                    await customers.gone(
                        turn.session, kind="external_userid", value=old, at=turn.now
                    )
        round_.report.saw("identity", "differing", one.external_userid, repaired=round_.repair)
        chain.listed[one.userid].add(old)  # not absent: known under another name


async def _absent(round_: Round, userid: str, there: set[str], asked_at: datetime) -> None:
    """Who is not listed has ended, but only when a second list does not have her either."""
    async with round_.work.sessions.reading() as session:
        here = await customers.followed_by(session, userid, before=asked_at)
    if not here - there:
        return
    outcome: Outcome = await round_.ask(ListCustomers(userid=userid))
    if isinstance(outcome, Refused) and outcome.code == NO_CUSTOMERS:
        outcome = Sent({})
    if not isinstance(outcome, Sent):
        round_.gap(f"customers:{userid}", outcome)
        return
    ended = sorted(here - there - set(outcome.answer.get("external_userid") or ()))
    for start in range(0, len(ended), AT_ONCE):
        some = ended[start : start + AT_ONCE]
        if round_.repair:
            await _end(round_, userid, some)
        for external_userid in some:
            which = f"{userid}:{external_userid}"
            round_.report.saw("follow", "missing_there", which, repaired=round_.repair)


async def _end(round_: Round, userid: str, external_userids: Sequence[str]) -> None:
    async with round_.turn() as turn:
        for external_userid in external_userids:
            await customers.unfollow(
                turn.session,
                turn.vault,
                userid=userid,
                external_userid=external_userid,
                at=turn.now,
                by="guide",
            )


def _asked(entry: Entry) -> Asked:
    contact = entry["external_contact"]
    return Asked(
        entry["follow_info"]["userid"], contact["external_userid"], contact.get("unionid") or ""
    )


def _numbers(entry: Entry) -> list[str]:
    found = entry["follow_info"].get("remark_mobiles") or ()
    return [str(number) for number in found if phones.digits(str(number))]


def _told(entry: Entry, tags: CorpTags | None, *, known_phones: set[str]) -> Told:
    contact, follow = entry["external_contact"], entry["follow_info"]
    return Told(
        userid=follow["userid"],
        external_userid=contact["external_userid"],
        since=datetime.fromtimestamp(int(follow.get("createtime") or 0), UTC),
        name=str(contact.get("name") or ""),
        gender=int(contact.get("gender") or 0),
        unionid=contact.get("unionid") or "",
        state=follow.get("state") or "",
        remark=str(follow.get("remark") or ""),
        new_phone=not known_phones.issuperset(_numbers(entry)),
        tags=None if tags is None else frozenset(follow.get("tag_id") or ()) & tags.keys(),
    )
