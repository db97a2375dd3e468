"""Complaints are heard in chat or filed by people, and begin there; how they ended is asked with one tap."""

from __future__ import annotations

from bot.domain import wishes
from bot.domain.cases import Case, CaseStep, complaint_score
from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.events import FanMessaged, FileCase, KfMessageReceived, RateCase
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import cases, customers
from bot.store.family import family

router = Router()
RATED = "csat:"
FILED_AT = {"customer": "h5", "guide": "guide"}
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
    customer = await turn.session.get(Customer, event.customer_id)
    own = event.actor.kind != "customer" or (customer and customer.ref == event.actor.id)
    if customer is None or not own:
        raise Refusal("no_such_customer", "没有这位顾客", status=404)
    if not event.text.strip():
        raise Refusal("no_words", "写一句是什么事", status=422)
    case = await cases.open_case(
        turn.session,
        turn.vault,
        customer_id=event.customer_id,
        text=event.text,
        channel=FILED_AT.get(event.actor.kind, "console"),
        source=turn.key,
        now=turn.now,
        category=event.category,
        severity=event.severity,
    )
    await _begin(turn, case)
    return standing(case, await cases.step_of(turn.session, case.id, "opened", 1))


async def _begin(turn: Turn, case: Case) -> None:
    await cases.begin(turn.session, turn.vault, turn.content, case, turn.now)
    await cases.look_again(turn.session, case)


def standing(case: Case, step: CaseStep | None) -> Answer:
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
