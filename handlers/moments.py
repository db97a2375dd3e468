"""Moments as people run them: written, approved, called back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.calls import AddMoment, Attachment, ImageCard, LinkCard
from bot.content import library
from bot.content import moments as words
from bot.content.templates import BYTES
from bot.domain.moments import LONGEST, REWRITABLE, MomentPost, Reach, with_link
from bot.domain.quotas import Limits, read_limits
from bot.domain.refusals import Refusal
from bot.events.commands import ApproveMoment, DraftMoment, StopMoment
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import moment_reach, moments
from bot.store.links import Links, Message
from bot.store.moments import ABOUT, Day
from bot.tongue import _

router = Router()


@router.on(DraftMoment)
async def draft(command: DraftMoment, turn: Turn) -> Answer:
    written = await _written(command, turn)
    if command.post_id is None:
        post = MomentPost(
            created_at=turn.now, created_by=str(command.actor), store=command.within, **written
        )
        turn.session.add(post)
        await turn.session.flush()
        return Answer({"post_id": post.id, "state": "draft"})
    post = await _post(turn, command.post_id)
    again = written | {"created_by": str(command.actor), "approved_by": None, "reason": None}
    await _move(turn, post, REWRITABLE, **again)
    await moments.forget_tasks(turn.session, post.id)
    return Answer({"post_id": post.id, "state": "draft"})


async def _written(command: DraftMoment, turn: Turn) -> dict[str, Any]:
    content, limits = turn.content, _limits(turn)
    said = words.words(content, template=command.template, text=command.text)
    card = library.check_card(
        content, title=command.link_title, url=command.link_url, cover=command.cover
    )
    if card and card["cover"] and command.pictures:
        raise Refusal("one_kind", "图片和链接卡片只能选一种，平台不收两种", status=422)
    words.fitting(with_link(said, card))
    due_at = _due(command.starts_at, limits, turn.now)
    return {
        "text": turn.vault.seal(said, about=ABOUT),
        "pictures": library.check_pictures(content, command.pictures),
        "card": card,
        "publishers": _publishers(command),
        "tag_ids": await _tags(turn, command.tags),
        "state": "draft",
        "due_at": due_at,
        "expires_at": limits.confirm_by(due_at),
    }


def _publishers(command: DraftMoment) -> dict[str, list[str]]:
    chosen = {"stores": list(command.stores), "guides": list(command.guides)}
    return {name: some for name, some in chosen.items() if some}


async def _tags(turn: Turn, names: tuple[str, ...]) -> list[int]:
    known = {tag.full: tag.id for tag in await moment_reach.corp_tags(turn.session)}
    if lacking := [name for name in names if name not in known]:
        raise Refusal(
            "no_such_tag",
            _("企业微信里没有「%(name)s」这个标签，平台只认它那边有的", name=lacking[0]),
            status=422,
        )
    return [known[name] for name in names]


def _due(asked: datetime | None, limits: Limits, now: datetime) -> datetime:
    """Guides are asked at sensible hours only, and with time to publish before quiet hours begin."""
    if asked is None or asked <= now:
        return limits.hand_over_from(now)
    if (opens := limits.hand_over_from(asked)) != asked:
        here = opens.astimezone(limits.zone)
        raise Refusal(
            "quiet_hours",
            _("那时不交任务给导购，最早 %(when)s", when=f"{here:%m-%d %H:%M}"),
            status=422,
        )
    return asked


@router.on(ApproveMoment)
async def approve(command: ApproveMoment, turn: Turn) -> Answer:
    post, limits = await _post(turn, command.post_id), _limits(turn)
    due_at = _due(max(post.due_at, turn.now), limits, turn.now)
    await _move(
        turn,
        post,
        ("draft",),
        state="approved",
        approved_by=str(command.actor),
        due_at=due_at,
        expires_at=limits.confirm_by(due_at),
        attempts=MomentPost.attempts + 1,
    )
    told = await moment_reach.reach(turn.session, post, limits=limits)
    _check(told, command, post, limits)
    day, most = Day.around(limits, due_at), limits.guides.moments_per_day
    asked = await moments.take_places(turn.session, post, told.asked, day=day, most=most)
    if not asked:
        raise Refusal("guide_busy", "这些导购那天刚被别的朋友圈占了，换一天")
    await _owe(turn, post, asked)
    facts = {"post_id": post.id, "state": "approved", "guides": len(asked)}
    return Answer(facts | {"people": told.people})


def _check(told: Reach, command: ApproveMoment, post: MomentPost, limits: Limits) -> None:
    asked, above = len(told.asked), limits.brand.second_person_above
    if not asked:
        raise Refusal("empty_audience", "一位能发表的导购也没有，看预览里为什么")
    if command.expected is not None and command.expected != asked:
        raise Refusal(
            "audience_changed",
            _(
                "刚才是 %(expected)s 位导购，现在是 %(asked)s 位，请再看一眼预览",
                expected=command.expected,
                asked=asked,
            ),
        )
    if told.people > above and post.created_by == str(command.actor):
        raise Refusal(
            "second_person",
            _(
                "有 %(people)s 位朋友会看到，超过 %(above)s 位的要由另一个人批准",
                people=told.people,
                above=above,
            ),
        )


async def _owe(turn: Turn, post: MomentPost, userids: list[str]) -> None:
    corp = {tag.id: tag.corp_tag_id for tag in await moment_reach.corp_tags(turn.session)}
    if not corp.keys() >= set(post.tag_ids):
        # Without its tag it would be shown to everybody.
        raise Refusal("no_such_tag", "选的标签企业微信里已经没有了，改一改再批准", status=409)
    await _shorten(turn, post)
    await turn.owe(
        AddMoment(
            text=moment_reach.words_of(turn.vault, post),
            attachments=_attachments(post),
            userids=tuple(userids),
            tag_ids=tuple(corp[one] for one in post.tag_ids),
        ),
        effect=moments.effect_of(post.id, post.attempts),
        due_at=post.due_at,
        expires_at=post.expires_at,
        purpose="marketing",
    )


async def _shorten(turn: Turn, post: MomentPost) -> None:
    """The exact words are kept: with their short links, which tell how often they were opened."""
    links, about = Links(turn.vault, turn.content), Message(f"moment/{post.id}")
    said = turn.vault.unseal(post.text, about=ABOUT)
    short = links.into(said, about, most=BYTES[words.CHANNEL])
    card = post.card
    if card:
        card = card | {"url": links.into(card["url"], about, also={card["url"]})}
    if len(with_link(short, card)) > LONGEST:
        return
    post.text, post.card = turn.vault.seal(short, about=ABOUT), card
    await links.keep(turn.session, turn.now)


def _attachments(post: MomentPost) -> tuple[Attachment, ...]:
    card = post.card
    if card and card["cover"]:
        return (LinkCard(title=card["title"], url=card["url"], media=card["cover"]),)
    return tuple(ImageCard(media=name) for name in post.pictures)


@router.on(StopMoment)
async def stop(command: StopMoment, turn: Turn) -> Answer:
    post = await _post(turn, command.post_id)
    await _STOPS.get(post.state, _too_late)(turn, post)
    await turn.session.refresh(post)
    return Answer({"post_id": post.id, "state": post.state})


async def _drop(turn: Turn, post: MomentPost) -> None:
    said = {"state": "cancelled", "reason": "stopped"}
    await moments.end(turn.session, post.id, expected=REWRITABLE, **said)


async def _withdraw(turn: Turn, post: MomentPost) -> None:
    if not await moments.withdraw_debt(turn.session, post, "stopped", turn.now):
        raise Refusal("under_way", "正在交给企业微信，过一分钟再取消", status=409)
    said = {"state": "cancelled", "reason": "stopped"}
    await moments.end(turn.session, post.id, expected=("approved",), **said)


async def _later(turn: Turn, post: MomentPost) -> None:
    """It has no number at the platform yet: it is stopped as soon as it has one."""
    await _move(turn, post, ("making",), reason="stopped")


async def _back(turn: Turn, post: MomentPost) -> None:
    await moments.call_back(turn.session, turn.vault, post, reason="stopped", now=turn.now)


async def _too_late(_turn: Turn, _post: MomentPost) -> None:
    raise Refusal("wrong_state", "这条朋友圈已经没有可以取消的了", status=409)


_STOPS = {
    "draft": _drop,
    "refused": _drop,
    "approved": _withdraw,
    "making": _later,
    "open": _back,
}


def _limits(turn: Turn) -> Limits:
    return read_limits(turn.content.limits)


async def _post(turn: Turn, number: int) -> MomentPost:
    post = await turn.session.get(MomentPost, number, populate_existing=True)
    if post is None:
        raise Refusal("no_such_moment", "没有这条朋友圈", status=404)
    return post


async def _move(turn: Turn, post: MomentPost, expected: tuple[str, ...], **values: Any) -> None:
    if not await moments.move(turn.session, post.id, expected=expected, **values):
        raise Refusal("wrong_state", "它已不在这个状态，请刷新后再看", status=409)
    await turn.session.refresh(post)
