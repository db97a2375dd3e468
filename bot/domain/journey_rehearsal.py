"""What a journey would have done over a time gone by: who would have entered, what would have been sent, the price."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain.journeys import may_enter_again
from bot.domain.quotas import Limits
from bot.domain.reasons import words
from bot.tongue import _


@dataclass(frozen=True, slots=True)
class Meant:
    """One message on the way: when, which, and with what."""

    at: datetime
    template: str
    marketing: bool
    offer: str | None = None


@dataclass(slots=True)
class Tried:
    """One run as it would have gone; `entered` is what brought her in."""

    customer_id: int
    entered: datetime
    at: datetime
    step: int = 0
    ended: str | None = None
    messages: list[Meant] = field(default_factory=list)
    acts: Counter[str] = field(default_factory=Counter)
    """guide_task, invite and tag steps."""


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    name: str
    since: datetime
    until: datetime
    causes: int = 0
    """How often its trigger happened to somebody it takes."""
    people: int = 0
    share: float = 1.0
    """Of these people, how many were walked through; counts are of them, and told for all."""
    entered: int = 0
    held: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    kept_back: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    offers: Counter[str] = field(default_factory=Counter)
    cost_fen: int = 0
    """If every coupon were used."""
    likely_fen: int = 0
    """As often as these coupons were used before."""

    def of_all(self, count: int) -> int:
        return round(count / self.share) if self.share else 0

    def as_json(self) -> dict[str, Any]:
        told = {
            name: {key: self.of_all(n) for key, n in counted.items()}
            for name, counted in (
                ("sent", self.sent),
                ("kept_back", self.kept_back),
                ("acts", self.acts),
                ("ends", self.ends),
            )
        }
        return told | {
            "name": self.name,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "causes": self.causes,
            "people": self.people,
            "sampled": round(self.share, 4),
            "entered": self.of_all(self.entered),
            "held_out": self.of_all(self.held),
            "cost_fen": self.of_all(self.cost_fen),
            "likely_fen": self.of_all(self.likely_fen),
        }

    def in_words(self, titles: Mapping[str, str]) -> str:
        return "\n".join([self._headline(), *self.lines(titles)])

    def lines(self, titles: Mapping[str, str]) -> list[str]:
        """Who, what, what not, and at what cost; `titles` of templates."""
        reasons = {code: words(code) for code in self.kept_back}
        held = self._listed(_("拦下 %(n)s 条"), self.kept_back, reasons)
        acts = self._names(self.acts, ACTS)
        sample = _("人太多，按 %(share)s 的人推算", share=f"{self.share:.1%}")
        told = [
            self._came(),
            self._listed(_("会发 %(n)s 条"), self.sent, titles),
            held if self.kept_back else "",
            acts,
            self._cost(),
            sample if self.share < 1 else "",
            _("数次数的按当时算，标签、分层和同意按今天的算；等一件事的按最长的时间算"),
        ]
        return [line for line in told if line]

    def _headline(self) -> str:
        return _(
            "「%(name)s」拿 %(since)s 到 %(until)s 试一遍，没有动任何顾客：",
            name=self.name,
            since=f"{self.since:%Y-%m-%d}",
            until=f"{self.until:%Y-%m-%d}",
        )

    def _came(self) -> str:
        return _(
            "会有 %(runs)s 人次进入（触发 %(causes)s 次，%(people)s 人），对照组另有 %(held)s 人次",
            runs=f"{self.of_all(self.entered):,}",
            causes=f"{self.causes:,}",
            people=f"{self.people:,}",
            held=f"{self.of_all(self.held):,}",
        )

    def _cost(self) -> str:
        return _(
            "券全用掉让利 ¥%(most)s，照以往的使用率约 ¥%(likely)s",
            most=f"{self.of_all(self.cost_fen) / 100:,.0f}",
            likely=f"{self.of_all(self.likely_fen) / 100:,.0f}",
        )

    def _listed(self, said: str, counted: Counter[str], names: Mapping[str, str]) -> str:
        whole = said % {"n": f"{self.of_all(counted.total()):,}"}
        return f"{whole}{_('：')}{self._names(counted, names)}" if counted else whole

    def _names(self, counted: Counter[str], names: Mapping[str, str]) -> str:
        return _("，").join(
            f"{_(names.get(key, key))} {self.of_all(n):,}" for key, n in counted.most_common()
        )


ACTS = {"guide_task": "导购要联系", "invite": "邀请进群", "tag": "打标签"}


def kept(runs: Iterable[Tried], again: str | int) -> list[Tried]:
    """Those that the entry rule lets in, in the order in which they came."""
    last: dict[int, Tried] = {}
    found = []
    for run in sorted(runs, key=lambda one: (one.entered, one.customer_id)):
        before = last.get(run.customer_id)
        if before is not None:
            under_way = before.at > run.entered
            if under_way or again == "never":
                continue
            if not may_enter_again(again, before.entered, run.entered):
                continue
        last[run.customer_id] = run
        found.append(run)
    return found


def gated(
    runs: Sequence[Tried],
    *,
    agreed: set[int],
    had: Mapping[int, Sequence[datetime]],
    limits: Limits,
) -> tuple[list[Meant], Counter[str]]:
    """Which of their messages would have gone, under the brand's caps and beside what she really received then."""
    meant: defaultdict[int, list[Meant]] = defaultdict(list)
    for run in runs:
        meant[run.customer_id] += run.messages
    sent: list[Meant] = []
    reasons: Counter[str] = Counter()
    for who, messages in meant.items():
        times = list(had.get(who, ()))
        for one in sorted(messages, key=lambda message: message.at):
            reason = _reason(one, times, agreed=who in agreed, limits=limits)
            if reason:
                reasons[reason] += 1
                continue
            sent.append(one)
            if one.marketing:
                times.append(one.at)
    return sent, reasons


def _reason(one: Meant, times: Sequence[datetime], *, agreed: bool, limits: Limits) -> str | None:
    if not one.marketing:
        return None
    if not agreed:
        return "no_consent"
    brand = limits.brand
    since, month = one.at - timedelta(days=brand.days), limits.month_of(one.at)
    lately = sum(since < at <= one.at for at in times)
    this_month = sum(month[0] <= at < month[1] for at in times)
    if lately >= brand.most_in_days or this_month >= brand.most_in_month:
        return "brand_cap"
    return None
