"""Why she did or did not get each message: told from rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.campaigns import STATES, Campaign, MassTask, Touch
from bot.domain.consent import ConsentEntry
from bot.domain.customers import Customer, Guide
from bot.domain.journeys import Run
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.store import households
from bot.store.customers import name_of
from bot.store.family import family, surviving
from bot.store.vault import Vault
from bot.tongue import _

HERE = ZoneInfo("Asia/Shanghai")
MOST = 200
WHY_PASSED_ON = {"expired": "她一直没有确认", "guide_away": "她请假了", "guide_left": "她离职了"}
CHANNELS = {
    "wecom": "企业微信",
    "kf": "微信客服",
    "official": "公众号",
    "subscribed": "订阅通知",
    "template": "模板消息",
    "welcome": "欢迎语",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message, or one campaign that passed her by."""

    what: str
    kind: str
    """campaign, journey or push."""
    id: int | str | None
    touch_id: int | None = None
    state: str
    reason: str | None = None
    channel: str | None = None
    guide: str | None = None
    template: str | None = None
    variant: str | None = None
    purpose: str = "marketing"
    planned_at: datetime | None = None
    first_guide: str | None = None
    """Who was asked before and never confirmed: it was passed on from her, once."""
    first_handed_over_at: datetime | None = None
    first_ended: str | None = None
    """Why she did not: expired, guide_away or guide_left."""
    handed_over_at: datetime | None = None
    seen_at: datetime | None = None
    """When the guide saw that it waits for her tap."""
    confirmed_at: datetime | None = None
    reminders: int = 0
    sent_at: datetime | None = None
    opened_at: datetime | None = None
    settled_at: datetime | None = None
    proof: dict[str, Any] | None = None
    """The consent that allowed it: who said what, when and where."""

    def in_words(self) -> str:
        said = _(STATES.get(self.state, "不在这次的人群里"))
        parts = [f"「{self.what}」{said}"]
        if self.reason:
            parts.append(_("原因：%(why)s", why=words(self.reason)))
        if self.channel:
            by = _("，由导购 %(guide)s", guide=self.guide) if self.guide else ""
            parts.append(
                _(
                    "渠道：%(channel)s%(by)s",
                    channel=_(CHANNELS.get(self.channel, self.channel)),
                    by=by,
                )
            )
        steps = (
            (_("排定"), self.planned_at),
            (self.passed_on, self.first_handed_over_at),
            (_("交给导购"), self.handed_over_at),
            (_("导购看过"), self.seen_at),
            (_("导购确认"), self.confirmed_at),
            (_("送达"), self.sent_at),
            (_("点开链接"), self.opened_at),
        )
        parts += [f"{name} {_local(at)}" for name, at in steps if at]
        if self.reminders:
            parts.append(_("提醒导购 %(count)s 次", count=self.reminders))
        if self.proof:
            parts.append(
                _(
                    "依据：%(at)s 在%(channel)s的同意",
                    at=_local(self.proof["at"]),
                    channel=self.proof["channel"],
                )
            )
        return "；".join(parts)

    @property
    def passed_on(self) -> str:
        """From whom, and why; "" when the first guide had it all along."""
        if self.first_guide is None:
            return ""
        why = _(WHY_PASSED_ON.get(self.first_ended or "", WHY_PASSED_ON["expired"]))
        return _("先交给导购 %(guide)s（%(why)s，换一位导购发）", guide=self.first_guide, why=why)


@dataclass(frozen=True, slots=True)
class Explanation:
    customer: str
    """Her public ref."""
    name: str
    held: bool
    told: list[Told]
    shares_phone: int = 0
    """With how many others: offers may count them as one household."""

    def as_json(self) -> dict[str, Any]:
        listed = [_plain(asdict(one)) | {"words": one.in_words()} for one in self.told]
        hers = {"customer": self.customer, "held": self.held, "shares_phone": self.shares_phone}
        return hers | {"messages": listed}

    def in_words(self) -> str:
        lines = [f"{self.name or '这位顾客'}（{self.customer}）"]
        if self.held:
            lines.append(_("有客诉在处理，营销暂停"))
        if self.shares_phone:
            words = _(
                "和另外 %(count)s 位顾客登记过同一个手机号：按家限领的券一起算",
                count=self.shares_phone,
            )
            lines.append(words)
        lines += [f"· {one.in_words()}" for one in self.told] or [_("还没有任何触达")]
        return "\n".join(lines)


async def explain(session: AsyncSession, vault: Vault, who: str | int) -> Explanation:
    """By public ref or number. Raises Refusal unknown_customer."""
    customer = await _find(session, who)
    hers = await family(session, customer.id)
    told = await _touches(session, hers)
    told += await _passed_by(session, hers, since=customer.created_at)
    return Explanation(
        customer.ref,
        await name_of(session, vault, customer.id),
        customer.marketing_held,
        told,
        await households.others(session, customer.id),
    )


async def _find(session: AsyncSession, who: str | int) -> Customer:
    wanted = [Customer.ref == str(who)]
    if str(who).isascii() and str(who).isdigit():
        wanted.append(Customer.id == int(who))
    found = (await session.scalars(select(Customer).where(or_(*wanted)))).first()
    if found is None:
        raise Refusal("unknown_customer", _("没有「%(who)s」这位顾客", who=who), status=404)
    kept = await session.get(Customer, await surviving(session, found.id))
    return kept or found


async def _touches(session: AsyncSession, hers: Sequence[int]) -> list[Told]:
    query = (
        select(Touch, Campaign, Run, MassTask, Guide, ConsentEntry, _FIRST, _FIRST_GUIDE.name)
        .outerjoin(Campaign, Campaign.id == Touch.campaign_id)
        .outerjoin(Run, Run.id == Touch.run_id)
        .outerjoin(MassTask, MassTask.id == Touch.mass_task_id)
        .outerjoin(Guide, Guide.id == Touch.guide_id)
        .outerjoin(ConsentEntry, ConsentEntry.id == Touch.consent_entry_id)
        .outerjoin(_FIRST, _FIRST.id == Touch.first_task_id)
        .outerjoin(_FIRST_GUIDE, _FIRST_GUIDE.id == _FIRST.guide_id)
        .where(Touch.customer_id.in_(hers))
        .order_by(Touch.planned_at.desc(), Touch.id.desc())
        .limit(MOST)
    )
    return [
        replace(
            _told(touch, campaign, run, task, guide, proof),
            first_guide=name,
            first_handed_over_at=first.created_at if first else None,
            first_ended=first.cancel_reason if first else None,
        )
        for touch, campaign, run, task, guide, proof, first, name in await session.execute(query)
    ]


_FIRST, _FIRST_GUIDE = aliased(MassTask), aliased(Guide)


def _told(
    touch: Touch,
    campaign: Campaign | None,
    run: Run | None,
    task: MassTask | None,
    guide: Guide | None,
    proof: ConsentEntry | None,
) -> Told:
    what, kind, id_ = _source(touch, campaign, run)
    return Told(
        what=what,
        kind=kind,
        id=id_,
        touch_id=touch.id,
        state=touch.state,
        reason=touch.reason,
        channel=touch.channel,
        guide=guide.name if guide else None,
        template=touch.template or None,
        variant=touch.variant,
        purpose=touch.purpose,
        planned_at=touch.planned_at,
        handed_over_at=task.created_at if task else None,
        seen_at=task.seen_at if task else None,
        confirmed_at=task.confirmed_at if task else None,
        reminders=task.reminders if task else 0,
        sent_at=touch.sent_at,
        opened_at=touch.opened_at,
        settled_at=touch.settled_at,
        proof=_proof(proof),
    )


def _source(
    touch: Touch, campaign: Campaign | None, run: Run | None
) -> tuple[str, str, int | str | None]:
    if campaign is not None:
        return campaign.name, "push" if campaign.pushed_by else "campaign", campaign.id
    if run is not None:
        return run.playbook, "journey", run.id
    return touch.template, "journey", None


def _proof(entry: ConsentEntry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {
        "entry": entry.id,
        "purpose": entry.purpose,
        "action": entry.action,
        "channel": entry.channel,
        "at": entry.at,
        "evidence": entry.evidence,
    }


async def _passed_by(session: AsyncSession, hers: Sequence[int], *, since: datetime) -> list[Told]:
    """Campaigns planned in her time whose audience she was not in; pushes of guides are not everybody's."""
    had = select(Touch.id).where(Touch.campaign_id == Campaign.id, Touch.customer_id.in_(hers))
    query = (
        select(Campaign)
        .where(Campaign.planned_at >= since, Campaign.pushed_by.is_(None), ~had.exists())
        .order_by(Campaign.planned_at.desc(), Campaign.id.desc())
        .limit(MOST)
    )
    return [
        Told(
            what=campaign.name,
            kind="campaign",
            id=campaign.id,
            state="not_in_audience",
            purpose=campaign.purpose,
            planned_at=campaign.planned_at,
        )
        for campaign in await session.scalars(query)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def _local(at: datetime) -> str:
    return f"{at.astimezone(HERE):%m-%d %H:%M}"
