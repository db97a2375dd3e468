"""What people do on a case that is there: answered, handed on, noted, closed; what concerns her is told to her."""

from __future__ import annotations

from bot.calls import MenuItem
from bot.domain.cases import Case
from bot.domain.cases.clocks import LEVELS
from bot.domain.cases.complaints import CATEGORIES
from bot.domain.customers import Guide
from bot.domain.offers import Offer, worst_fen, yuan
from bot.domain.quotas import read_limits
from bot.domain.refusals import Refusal
from bot.events import Actor, AnswerCase, CloseCase, EscalateCase
from bot.events.commands import AssignCase, NoteCase, OwnCause
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import cases, journeys, offers
from bot.store.cases import causes
from bot.tongue import _
from handlers.cases import RATED, RATINGS, standing

router = Router()


@router.on(AnswerCase)
async def answer_case(event: AnswerCase, turn: Turn) -> Answer:
    case = await cases.get(turn.session, event.case_id)
    step = await cases.answer(
        turn.session,
        turn.vault,
        case,
        text=event.text,
        actor=str(event.actor),
        waits=event.waits,
        now=turn.now,
    )
    await cases.tell(turn.session, turn.vault, case, step, words=event.text, now=turn.now)
    return standing(case, step)


@router.on(EscalateCase)
async def escalate_case(event: EscalateCase, turn: Turn) -> Answer:
    case = await cases.get(turn.session, event.case_id)
    step = await cases.escalate(
        turn.session,
        turn.vault,
        case,
        to=case.level + 1,
        why=event.reason,
        actor=str(event.actor),
        now=turn.now,
    )
    if step is None:
        raise Refusal("cannot_escalate", "已经是最高一级，或这条客诉已经关闭")
    team = LEVELS[case.level]
    await cases.call_in(
        turn.session, turn.vault, case, step, why=f"升级到{team}，请接手", now=turn.now
    )
    await cases.announce(
        turn.session,
        turn.vault,
        turn.content,
        case,
        step,
        "cases/escalated",
        now=turn.now,
        team=team,
    )
    return standing(case, step)


@router.on(NoteCase)
async def note_case(event: NoteCase, turn: Turn) -> Answer:
    case = await cases.get(turn.session, event.case_id)
    actor = str(event.actor)
    await cases.add_note(
        turn.session, turn.vault, case, text=event.text, actor=actor, now=turn.now
    )
    return standing(case, None)


@router.on(OwnCause)
async def own_cause(event: OwnCause, turn: Turn) -> Answer:
    if event.category not in CATEGORIES or not event.owner.strip():
        raise Refusal("no_owner", _("写下谁来管"), status=422)
    if event.fixed and not event.what.strip():
        raise Refusal("no_fix", _("写一句改了什么"), status=422)
    await causes.own(
        turn.session,
        category=event.category,
        product=event.product,
        owner=event.owner,
        what=event.what,
        fixed_at=turn.now if event.fixed else None,
        at=turn.now,
        by=str(event.actor),
    )
    return Answer({"category": event.category, "product": event.product})


@router.on(AssignCase)
async def assign_case(event: AssignCase, turn: Turn) -> Answer:
    case = await cases.get(turn.session, event.case_id)
    guide = await turn.session.get(Guide, event.guide_id)
    if guide is None or not guide.active:
        raise Refusal("no_such_guide", "没有这位导购，或她不在岗", status=404)
    before = case.assigned_to
    actor = str(event.actor)
    step = await cases.assign(turn.session, turn.vault, case, guide, actor=actor, now=turn.now)
    changed = {"before": {"assigned_to": before}, "after": {"assigned_to": guide.id}}
    return Answer(standing(case, step).facts | changed)


@router.on(CloseCase)
async def close_case(event: CloseCase, turn: Turn) -> Answer:
    case = await cases.get(turn.session, event.case_id)
    step = await cases.close(
        turn.session,
        turn.vault,
        case,
        text=event.resolution,
        actor=str(event.actor),
        now=turn.now,
    )
    gift = await _apologise(turn, case, event.actor, event.offer) if event.offer else None
    asks = await cases.may_ask(turn.session, case.customer_id, turn.now)
    told = await cases.announce(
        turn.session,
        turn.vault,
        turn.content,
        case,
        step,
        "cases/closed",
        now=turn.now,
        menu=_stars(case) if asks else (),
        resolution=event.resolution,
        gift=gift,
        asks="是" if asks else None,
    )
    if asks and told != "no_channel":  # by her guide, too: the question stands in those words
        case.asked_at = turn.now
    await journeys.enter(
        turn.session,
        turn.content,
        trigger="case_closed",
        customer_id=case.customer_id,
        cause=f"case:{case.id}",
        now=turn.now,
    )
    return standing(case, step)


async def _apologise(turn: Turn, case: Case, actor: Actor, offer_key: str) -> str:
    if await cases.apology_given(turn.session, case.customer_id, turn.now):
        raise Refusal("apology_limit", "90 天内已经给过她一次致歉礼")
    offer = await offers.named(turn.session, offer_key)
    if offer is None:
        raise Refusal("unknown_offer", "没有这个优惠", status=404)
    _within(offer, read_limits(turn.content.limits).by_hand.sorry_fen.get(actor.kind, 0))
    await offers.issue(
        turn.session,
        offer_key=offer_key,
        customer_id=case.customer_id,
        trigger=f"case:{case.id}",
        now=turn.now,
    )
    return offer.name


def _within(offer: Offer, most: int) -> None:
    """Raises Refusal sorry_unknown | sorry_limit."""
    fen = worst_fen(offer)
    if not fen:
        words = _("「%(name)s」没写一张最多花多少，不能当致歉礼", name=offer.name)
        raise Refusal("sorry_unknown", words, status=422)
    if fen > most:
        facts = {"most": yuan(most), "name": offer.name, "fen": yuan(fen)}
        words = _(
            "你的角色致歉最多 %(most)s 元，「%(name)s」要 %(fen)s 元；换一张，或请店主来关",
            **facts,
        )
        raise Refusal("sorry_limit", words, status=403)


def _stars(case: Case) -> tuple[MenuItem, ...]:
    return tuple(MenuItem(id=f"{RATED}{case.id}:{n}", text=words) for n, words in RATINGS)
