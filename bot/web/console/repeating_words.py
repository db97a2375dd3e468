"""Repeating campaigns in words: when they come, to whom, with what, and what a change is."""

from __future__ import annotations

from collections.abc import Iterator

from bot.content import Content
from bot.domain.aims import METRICS, UNITS
from bot.domain.playbooks import PlaybookSpec
from bot.domain.repeating import Calendar, Mailing
from bot.store.explain import CHANNELS
from bot.tongue import _, listed
from bot.web.console.hanging import KINDS
from bot.web.console.journey_diff import Line, compared
from bot.web.console.journey_words import rule_words
from bot.web.figures import WEEKDAYS

FESTIVALS = {
    "01-01": "春节",
    "01-15": "元宵",
    "05-05": "端午",
    "07-07": "七夕",
    "08-15": "中秋",
    "09-09": "重阳",
    "12-08": "腊八",
    "12-23": "小年",
}
TOLD = 4


def calendar_words(calendar: Calendar) -> str:
    match calendar.every:
        case "week":
            said = _("每%(day)s", day=_(WEEKDAYS[(calendar.weekday or 1) - 1]))
        case "month":
            said = _("每月 %(days)s 号", days=listed(calendar.days))
        case "lunar":
            said = listed(_(FESTIVALS.get(one, one)) for one in calendar.lunar)
        case _days:
            said = listed(f"{day:%Y-%m-%d}" for day in calendar.dates[:TOLD])
            if len(calendar.dates) > TOLD:
                said = _("%(days)s 等 %(n)s 天", days=said, n=len(calendar.dates))
    if calendar.ahead:
        said = _("%(days)s的前 %(n)s 天", days=said, n=calendar.ahead)
    return f"{said} {calendar.at}"


def title_of(name: str, content: Content) -> str:
    known = content.templates.get(name)
    return known.title if known else name


def offer_of(key: str | None, content: Content) -> str:
    known = content.offers.get(key or "")
    return known.name if known else key or ""


def changes(
    before: PlaybookSpec | None, after: PlaybookSpec | None, content: Content
) -> list[Line]:
    """Empty when nothing differs, or nothing can be compared yet."""
    if after is None:
        return []
    return compared(_lines(before, content) if before else (), _lines(after, content))


def _lines(spec: PlaybookSpec, content: Content) -> Iterator[str]:
    mailing = spec.campaign
    if mailing is None:
        return
    yield _("名字：%(name)s", name=spec.name)
    if spec.why:
        yield _("为什么：%(why)s", why=spec.why)
    yield _("什么时候：%(when)s", when=calendar_words(mailing.calendar))
    yield _("发给：%(rule)s", rule=rule_words(mailing.segment, content))
    yield _("发消息：%(title)s", title=title_of(mailing.template, content))
    if mailing.offer:
        yield _("附「%(offer)s」", offer=offer_of(mailing.offer, content))
    for one in mailing.attachments:
        name = one.get("title") or one.get("media", "")
        yield _("附%(kind)s「%(name)s」", kind=_(KINDS[one["kind"]]), name=name)
    yield _("从这里发：%(ways)s", ways=listed(_(CHANNELS[one]) for one in mailing.channels))
    yield _("每次发 %(n)s 天", n=mailing.lasts_days)
    if spec.holdout_percent:
        yield _("对照组 %(n)s%%", n=spec.holdout_percent)
    yield from _aims(mailing, content)


def _aims(mailing: Mailing, content: Content) -> Iterator[str]:
    yield _("看的指标：%(metric)s", metric=_(METRICS[mailing.metric]))
    if mailing.rivals:
        titles = listed(title_of(one, content) for one in mailing.rivals)
        yield _("和这些话术比：%(titles)s", titles=titles)
    if mailing.budget_fen:
        yield _("每次券最多让利 %(n)s 元", n=mailing.budget_fen // 100)
    if mailing.canary_percent:
        yield _("先发给 %(n)s%% 的人试一天", n=mailing.canary_percent)
    if mailing.holdout_by != "customer":
        yield _("对照组：%(unit)s", unit=_(UNITS[mailing.holdout_by]))
    if stops := mailing.stop_when:
        yield _(
            "送达 %(n)s 人以后，退订超过 %(opted)s%% 或投诉超过 %(complained)s%% 就自己停",
            n=stops.least,
            opted=stops.opted_out_percent,
            complained=stops.complained_percent,
        )
