"""Complaints are heard in chat or filed by people; every act on a case is told to the customer."""

from __future__ import annotations

from bot.calls import MenuItem
from bot.domain import wishes
from bot.domain.cases import Case, CaseStep, complaint_score
from bot.domain.cases.clocks import LEVELS
from bot.domain.customers import Customer, Guide
from bot.domain.offers import Offer
from bot.domain.refusals import Refusal
from bot.events import (
    AnswerCase,
    CloseCase,
    EscalateCase,
    FanMessaged,
    FileCase,
    KfMessageReceived,
    RateCase,
)
from bot.events.commands import AssignCase, NoteCase
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import cases, customers, journeys, offers
from bot.store.family import family

router = Router()
RATED = "csat:"
RATINGS = ((5, "满意"), (3, "一般"), (1, "不满意"))


def _rates(event: KfMessageReceived | FanMessaged) -> bool:
    return (event.menu_id or "").startswith(RATED)


def _speaks(event: KfMessageReceived | FanMessaged) -> bool:
    return bool(event.text.strip()) and event.menu_id is None


@router.on(KfMessageReceived, when=_rates)
async def rated_in_kf(event: KfMessageReceived, turn: Turn) -> None:
    customer = await customers.find(
        turn.session, turn.vault, "external_userid", event.external_userid
    )
    await _rate(turn, customer, event.menu_id or "", "kf")


@router.on(FanMessaged, when=_rates)
async def rated_by_fan(event: FanMessaged, turn: Turn) -> None:
    customer = await customers.find(
        turn.session, turn.vault, "openid", event.openid, event.account
    )
    await _rate(turn, customer, event.menu_id or "", "official")


@router.on(KfMessageReceived, when=_speaks)
async def heard_in_kf(event: KfMessageReceived, turn: Turn) -> None:
    customer = await customers.find(
        turn.session, turn.vault, "external_userid", event.external_userid
    )
    await _hear(turn, customer, event.text, "kf")


@router.on(FanMessaged, when=_speaks)
async def heard_from_fan(event: FanMessaged, turn: Turn) -> None:
    customer = await customers.find(
        turn.session, turn.vault, "openid", event.openid, event.account
    )
    await _hear(turn, customer, event.text, "official")


async def _hear(turn: Turn, customer: Customer | None, text: str, channel: str) -> None:
    if customer is None or wishes.plays(turn.content.games, text):
        return
    live = await cases.live_of(turn.session, customer.id)
    # Whoever was asked something answers it, however angry the words.
    asked = live is not None and live.state == "waiting"
    found = complaint_score(text)
    if found.is_complaint and not asked:
        case = await cases.open_case(
            turn.session,
            turn.vault,
            customer_id=customer.id,
            text=text,
            channel=channel,
            source=turn.key,
            now=turn.now,
            category=found.category,
            severity=found.severity,
        )
        await _begin(turn, case)
    elif live is not None and live.source != turn.key:
        await cases.add_note(
            turn.session, turn.vault, live, text=text, actor="customer", now=turn.now
        )


async def _rate(turn: Turn, customer: Customer | None, menu_id: str, channel: str) -> None:
    case_id, _, stars = menu_id.removeprefix(RATED).partition(":")
    case = await turn.session.get(Case, int(case_id)) if case_id.isdecimal() else None
    if case is None or customer is None or case.rating:
        return
    if case.customer_id in await family(turn.session, customer.id):
        await _take(turn, case, int(stars) if stars.isdecimal() else None, channel)


async def _take(turn: Turn, case: Case, stars: int | None, channel: str) -> None:
    """An unhappy answer opens a new case, so that somebody looks again."""
    case.rating = stars
    if stars != RATINGS[-1][0]:
        return
    again = await cases.open_case(
        turn.session,
        turn.vault,
        customer_id=case.customer_id,
        text="对处理结果不满意",
        channel=channel,
        source=turn.key,
        now=turn.now,
        category=case.category,
        sku=case.sku,
    )
    await _begin(turn, again)


@router.on(RateCase)
async def rate_case(event: RateCase, turn: Turn) -> Answer:
    case = await turn.session.get(Case, event.case_id)
    hers = await family(turn.session, event.customer_id)
    if case is None or case.customer_id not in hers or case.state != "closed":
        raise Refusal("no_such_case", "没有这条客诉", status=404)
    if event.stars not in {stars for stars, _words in RATINGS}:
        raise Refusal("bad_rating", "请在三个里点一个", status=422)
    if case.rating is None:
        await _take(turn, case, event.stars, "h5")
    return Answer({"case": case.id, "rating": case.rating})


@router.on(FileCase)
async def file_case(event: FileCase, turn: Turn) -> Answer:
    if await turn.session.get(Customer, event.customer_id) is None:
        raise Refusal("no_such_customer", "没有这位顾客", status=404)
    case = await cases.open_case(
        turn.session,
        turn.vault,
        customer_id=event.customer_id,
        text=event.text,
        channel="console",
        source=turn.key,
        now=turn.now,
        category=event.category,
        severity=event.severity,
    )
    await _begin(turn, case)
    return _answer(case, await cases.step_of(turn.session, case.id, "opened", 1))


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
    return _answer(case, step)


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
    return _answer(case, step)


@router.on(NoteCase)
async def note_case(event: NoteCase, turn: Turn) -> Answer:
    case = await cases.get(turn.session, event.case_id)
    actor = str(event.actor)
    await cases.add_note(
        turn.session, turn.vault, case, text=event.text, actor=actor, now=turn.now
    )
    return _answer(case, None)


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
    return Answer(_answer(case, step).facts | changed)


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
    gift = await _apologise(turn, case, event.offer) if event.offer else None
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
    if asks and told in {"kf", "official"}:
        case.asked_at = turn.now
    await journeys.enter(
        turn.session,
        turn.content,
        trigger="case_closed",
        customer_id=case.customer_id,
        cause=f"case:{case.id}",
        now=turn.now,
    )
    return _answer(case, step)


async def _apologise(turn: Turn, case: Case, offer_key: str) -> str:
    if await cases.apology_given(turn.session, case.customer_id, turn.now):
        raise Refusal("apology_limit", "90 天内已经给过她一次致歉礼")
    coupon = await offers.issue(
        turn.session,
        offer_key=offer_key,
        customer_id=case.customer_id,
        trigger=f"case:{case.id}",
        now=turn.now,
    )
    offer = await turn.session.get(Offer, coupon.offer_id)
    return offer.name if offer else "致歉礼"


def _stars(case: Case) -> tuple[MenuItem, ...]:
    return tuple(MenuItem(id=f"{RATED}{case.id}:{n}", text=words) for n, words in RATINGS)


async def _begin(turn: Turn, case: Case) -> None:
    await cases.begin(turn.session, turn.vault, turn.content, case, turn.now)
    await cases.look_again(turn.session, case)


def _answer(case: Case, step: CaseStep | None) -> Answer:
    return Answer(
        {
            "case": case.id,
            "state": case.state,
            "level": case.level,
            "answer_due": case.answer_due.isoformat(),
            "resolve_due": case.resolve_due.isoformat(),
            "told": step.told if step else None,
        }
    )
