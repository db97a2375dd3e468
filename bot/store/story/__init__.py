"""What we did about one customer and why, newest first: sentences made of our own rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import STATES
from bot.domain.cases import Case, CaseStep
from bot.domain.cases.clocks import LEVELS
from bot.domain.cases.complaints import CATEGORIES
from bot.domain.consent import GIVING
from bot.domain.delivery import Message, Owed
from bot.domain.offers import in_words
from bot.domain.reasons import words
from bot.domain.segment_fields import SAID_WORDS
from bot.store import conversations, explain
from bot.store.explain import CHANNELS, Told
from bot.store.family import family
from bot.store.portrait import Portrait
from bot.store.story.names import (
    GREETINGS,
    INTENTS,
    PLACES,
    RUN_STATES,
    SOURCES,
    STEPS,
    TRIGGERS,
)
from bot.store.vault import Vault
from bot.tongue import _

__all__ = ["PLACES", "SOURCES", "STEPS", "Line", "story"]

MOST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was done; `why` names the rule, `tone` is "", good, warn or bad."""

    key: str
    at: datetime
    icon: str
    title: str
    body: str = ""
    why: str = ""
    tone: str = ""


async def story(
    session: AsyncSession, vault: Vault, her: Portrait, titles: Mapping[str, str]
) -> list[Line]:
    """`titles` are what people call the templates."""
    hers = await family(session, her.customer.id)
    told = await explain.explain(session, vault, her.customer.id)
    lines = [
        *_ties(her),
        *_tags(her),
        *_coupons(her),
        *_consents(her),
        *_tiers(her),
        *_runs(her),
        *_touches(told.told, titles),
        *await _heard(session, vault, her.customer.id),
        *await _greeted(session, hers),
        *await _cases(session, hers),
    ]
    return sorted(lines, key=lambda line: (line.at, line.key), reverse=True)[:MOST]


def _ties(her: Portrait) -> Iterator[Line]:
    for follow, guide, store in her.friends:
        where = f"（{store.name}）" if store else ""
        direct = _("来源：直接加的好友，没有渠道码")
        yield Line(
            key=f"1follow:{follow.id}:{follow.since.isoformat()}",
            at=follow.since,
            icon="user-circle",
            title=_("成为%(name)s的好友", name=guide.name),
            body=_("%(name)s%(where)s加上了她", name=guide.name, where=where),
            why=_("来源：%(state)s", state=follow.state) if follow.state else direct,
        )
        if follow.ended_at:
            yield Line(
                key=f"1unfollow:{follow.id}",
                at=follow.ended_at,
                icon="ban",
                title=_("不再是%(name)s的好友", name=guide.name),
                body=_("她删掉了导购") if follow.ended_by == "customer" else _("导购删掉了她"),
                tone="warn",
            )


def _tags(her: Portrait) -> Iterator[Line]:
    """Tags given at one moment for one reason are one line."""
    given: dict[tuple[datetime, str], list[str]] = {}
    for tag, row in her.tags:
        given.setdefault((row.at, row.source), []).append(tag)
    for (at, source), names in given.items():
        shown = "、".join(names[:4]) + ("…" if len(names) > 4 else "")
        alone = _("打上标签「%(name)s」", name=names[0])
        yield Line(
            key=f"3tag:{at.isoformat()}:{source}:{len(names)}",
            at=at,
            icon="tags",
            title=alone if len(names) == 1 else _("打上 %(count)s 个标签", count=len(names)),
            body="" if len(names) == 1 else shown,
            why=_("来源：%(state)s", state=_(SOURCES.get(source, source))),
        )


def _coupons(her: Portrait) -> Iterator[Line]:
    for coupon, offer in her.coupons:
        yield Line(
            key=f"5coupon:{coupon.id}",
            at=coupon.issued_at,
            icon="ticket",
            title=_("发出一张券"),
            body=_(
                "%(name)s：%(gives)s，券码 %(code)s，还剩 %(left)s 张",
                name=offer.name,
                gives=in_words(offer),
                code=coupon.code,
                left=f"{offer.budget_pieces - offer.issued:,}",
            ),
            why=_(TRIGGERS[kind])
            if (kind := coupon.trigger.partition(":")[0]) in TRIGGERS
            else _("缘由：%(trigger)s", trigger=coupon.trigger),
            tone="good",
        )


def _consents(her: Portrait) -> Iterator[Line]:
    for entry in her.ledger:
        given, ours = entry.action in GIVING, entry.actor == "system:siyu"
        purpose = _(SAID_WORDS.get(entry.purpose, entry.purpose))
        noted = "记下：同意%(purpose)s" if given else "记下：不再收%(purpose)s"
        channel = _(PLACES.get(entry.channel, entry.channel))
        yield Line(
            key=f"4consent:{entry.id}",
            at=entry.at,
            icon="shield-check" if given else "shield-off",
            title=_(noted, purpose=purpose),
            body=_("马上生效，排队中的营销消息全部取消") if not given else "",
            why=_("在%(channel)s" if ours else "她自己在%(channel)s说的", channel=channel),
            tone="good" if given else "warn",
        )


def _tiers(her: Portrait) -> Iterator[Line]:
    for move in her.moves:
        yield Line(
            key=f"2tier:{move.id}",
            at=move.at,
            icon="crown",
            title=_(
                "分层：%(before)s → %(after)s",
                before=_(move.before or "新客"),
                after=_(move.after),
            ),
            body=move.reason,
            why=_("每天凌晨按价值和活跃重新算"),
        )


def _runs(her: Portrait) -> Iterator[Line]:
    for run, name in her.runs:
        yield Line(
            key=f"2run:{run.id}",
            at=run.entered_at,
            icon="calendar-event",
            title=_("进入旅程「%(name)s」", name=name),
            body=f"{_(RUN_STATES.get(run.state, run.state))}"
            + (f"：{words(run.reason)}" if run.reason else ""),
            why=_("任何时候退订或投诉都会停下"),
        )


def _touches(told: Sequence[Told], titles: Mapping[str, str]) -> Iterator[Line]:
    for one in told:
        if one.touch_id is None or one.planned_at is None:
            continue
        at = one.sent_at or one.handed_over_at or one.settled_at or one.planned_at
        bad = one.state in {"excluded", "refused", "not_friend", "over_quota", "expired"}
        yield Line(
            key=f"6touch:{one.touch_id}:{one.state}",
            at=at,
            icon="ban" if bad else "check" if one.state == "delivered" else "send",
            title=f"{titles.get(one.what, one.what)}：{_(STATES.get(one.state, one.state))}",
            body=_touch_words(one),
            why=_("话术「%(name)s」", name=titles.get(one.template, one.template))
            if one.template
            else "",
            tone="warn" if bad else "good" if one.state == "delivered" else "",
        )


def _touch_words(one: Told) -> str:
    parts = []
    if one.reason:
        parts.append(words(one.reason))
    if one.state == "handed_over" and one.guide:
        parts.append(
            _("企业微信规定要%(guide)s本人点「发送」，她不点就不会发出去", guide=one.guide)
        )
    elif one.channel:
        by = _("，由%(guide)s", guide=one.guide) if one.guide else ""
        parts.append(
            _("渠道：%(channel)s%(by)s", channel=_(CHANNELS.get(one.channel, one.channel)), by=by)
        )
    if one.reminders:
        parts.append(_("提醒过 %(count)s 次", count=one.reminders))
    if one.opened_at:
        parts.append(_("她点开了里面的链接"))
    return "。".join(parts)


async def _heard(session: AsyncSession, vault: Vault, customer_id: int) -> list[Line]:
    said = await conversations.lines(session, vault, customer_id, limit=MOST)
    return [_understood(row, text) for row, text in said if row.direction == "in"]


def _understood(message: Message, text: str) -> Line:
    channel = _(CHANNELS.get(message.channel, message.channel))
    quoted = _(
        "她在%(channel)s说「%(text)s」",
        channel=channel,
        text=text if len(text) <= 24 else text[:24] + "…",
    )
    if message.intent is None:
        return Line(
            key=f"4heard:{message.id:09}",
            at=message.at,
            icon="message-2",
            title=_("听到了，不当作闲聊来答"),
            body=quoted,
            why=_("退订、订阅、客诉和真人正在聊的话，各有各的规则"),
        )
    known = message.intent not in {"unclear", "unknown", ""}
    return Line(
        key=f"4heard:{message.id:09}",
        at=message.at,
        icon="sparkles" if known else "help",
        title=_("识别为：%(intent)s", intent=_(INTENTS.get(message.intent, message.intent))),
        body=quoted,
        why=_("规则：意图表里的说法") if known else _("没把握就给选项，并请导购看一眼"),
        tone="" if known else "warn",
    )


async def _greeted(session: AsyncSession, hers: Sequence[int]) -> list[Line]:
    query = select(Owed).where(Owed.customer_id.in_(hers), Owed.kind.in_(GREETINGS))
    lines = []
    for owed in await session.scalars(query.execution_options(populate_existing=True)):
        done, said = owed.state == "done", _(GREETINGS[owed.kind])
        lines.append(
            Line(
                key=f"2greeting:{owed.id}:{owed.state}",
                at=owed.settled_at or owed.created_at,
                icon="send",
                title=said if done else _("%(what)s：没成功", what=said),
                body="" if done else words(owed.reason),
                why=_("打法：第一句话；加好友后 20 秒内有效"),
                tone="" if done else "warn",
            )
        )
    return lines


async def _cases(session: AsyncSession, hers: Sequence[int]) -> list[Line]:
    rows = await session.execute(
        select(CaseStep, Case)
        .join(Case, Case.id == CaseStep.case_id)
        .where(Case.customer_id.in_(hers))
        .order_by(CaseStep.id.desc())
        .limit(MOST)
    )
    return [_step(step, case) for step, case in rows]


def _step(step: CaseStep, case: Case) -> Line:
    kind = step.kind.partition("-")[0]
    grave = kind in {"opened", "breached", "escalated"}
    what = _(CATEGORIES.get(case.category, case.category))
    return Line(
        key=f"7case:{step.id:09}",
        at=step.at,
        icon="alert-triangle" if grave else "clock",
        title=_(STEPS.get(kind, kind)),
        body=_("%(what)s · 由%(who)s处理", what=what, who=_(LEVELS.get(case.level, "")))
        if grave
        else what,
        why=_("处理完之前不给她发任何活动") if kind == "opened" else "",
        tone="bad" if grave else "",
    )
