"""Journeys in words: triggers, steps, waits, and who leaves, as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.content import Content
from bot.domain.playbooks import Fork, Message, PlainStep, PlaybookSpec, Wait
from bot.domain.segments import parse, read_back
from bot.tongue import _

TRIGGERS = {
    "friend_added": "加好友后",
    "order_paid": "下单后",
    "first_order": "第一次下单后",
    "birthday_month": "生日月开始时",
    "pet_birthday": "宠物生日前几天",
    "series_back": "看过的系列又到货时",
    "pairing": "只买过一类、另一类有合适的时",
    "tier_changed": "换了分层时",
    "tag_added": "打上标签时",
    "case_closed": "客诉关闭后",
    "coupon_expiring": "券快到期时",
    "level_reached": "升到会员等级时",
}
PARTS = {"morning": "上午", "noon": "中午", "afternoon": "下午", "evening": "傍晚"}
ASKED = {"contact": "联系她", "care": "问候一声", "visit": "请她到店", "thanks": "道谢"}
ICONS = {
    "wait": "clock",
    "message": "send",
    "tag": "tags",
    "invite": "users-group",
    "guide_task": "user-circle",
    "end": "circle-check",
    "branch": "affiliate",
}


@dataclass(slots=True)
class Stop:
    """One step as it is drawn, and where it lies in the program that runs walk through."""

    number: str
    kind: str
    words: str
    ops: tuple[int, ...]
    template: str = ""
    arms: list[tuple[str, list[Stop]]] = field(default_factory=list)

    @property
    def icon(self) -> str:
        return ICONS[self.kind]


def stops(spec: PlaybookSpec, content: Content) -> list[Stop]:
    """As `bot.domain.playbooks.program` lays them out."""
    drawn, place = [], 0
    for number, step in enumerate(spec.steps, 1):
        if isinstance(step, Fork):
            stop, place = _fork(step, str(number), place, content)
        else:
            stop, place = stop_of(step, str(number), place, content), place + 1
        drawn.append(stop)
    # The end is drawn anyway, with whatever else ends it.
    return drawn[:-1] if drawn and drawn[-1].kind == "end" else drawn


def _fork(step: Fork, number: str, place: int, content: Content) -> tuple[Stop, int]:
    branch = step.branch
    said = rule_words(branch.condition, content)
    then = list(_arm(branch.then, f"{number}a", place + 1, content))
    jump = place + 1 + len(then)
    otherwise = list(_arm(branch.otherwise, f"{number}b", jump + 1, content))
    stop = Stop(number, "branch", _("如果 %(rule)s", rule=said), (place, jump))
    stop.arms = [(_("符合"), then), (_("不符合"), otherwise)]
    return stop, jump + 1 + len(otherwise)


def _arm(
    steps: tuple[PlainStep, ...], number: str, place: int, content: Content
) -> Iterator[Stop]:
    for offset, step in enumerate(steps):
        name = number if len(steps) == 1 else f"{number}{offset + 1}"
        yield stop_of(step, name, place + offset, content)


def stop_of(step: PlainStep, number: str, place: int, content: Content) -> Stop:
    kind = next(iter(step.model_fields_set))
    template = step.message.template if step.message else ""
    return Stop(number, kind, step_words(step, content), (place,), template)


def _message(message: Message, content: Content) -> str:
    known = content.templates.get(message.template)
    title = known.title if known else message.template
    offer = content.offers.get(message.offer or "")
    if offer:
        return _("发消息：%(title)s，附「%(offer)s」", title=title, offer=offer.name)
    return _("发消息：%(title)s", title=title)


def step_words(step: PlainStep, content: Content) -> str:
    if step.wait:
        return _wait(step.wait)
    if step.message:
        return _message(step.message, content)
    if step.tag:
        added = _("打标签：%(tags)s", tags="、".join(step.tag.add)) if step.tag.add else ""
        gone = _("去掉标签：%(tags)s", tags="、".join(step.tag.remove)) if step.tag.remove else ""
        return " ".join(filter(None, (added, gone)))
    if step.invite:
        return _("邀请进群：%(group)s", group=_family(step.invite.group, content))
    if step.guide_task:
        return _("请导购联系：%(why)s", why=step.guide_task.why)
    return _("结束")


def _family(key: str, content: Content) -> str:
    return content.families.get(key, key)


def again_words(again: str | int) -> str:
    if isinstance(again, int):
        return _("%(n)s 天以后可以再进", n=again)
    return _("每次都进") if again == "each_cause" else _("只进一次")


def _wait(wait: Wait) -> str:
    length = " ".join(
        filter(
            None,
            (
                _("%(n)s 天", n=wait.days) if wait.days else "",
                _("%(n)s 小时", n=wait.hours) if wait.hours else "",
            ),
        )
    )
    said = _("等 %(length)s", length=length) if length else _("等到合适的时候")
    when = wait.at or (_(PARTS[wait.part]) if wait.part else "")
    said += _("，%(when)s再走", when=when) if when else ""
    if wait.until:
        until = _(TRIGGERS.get(wait.until.split(":")[0], wait.until))
        said += _("；%(event)s马上往下走", event=until)
    return said


def trigger_words(trigger: str | None) -> str:
    kind, _colon, what = (trigger or "").partition(":")
    said = _(TRIGGERS.get(kind, kind))
    return f"{said}（{what}）" if what else said


def places(drawn: list[Stop]) -> dict[int, str]:
    """The number that people read, by place in the program."""
    found: dict[int, str] = {}
    for stop in drawn:
        found |= dict.fromkeys(stop.ops, stop.number)
        for _word, arm in stop.arms:
            found |= {op: one.number for one in arm for op in one.ops}
    return found


def rule_words(rule: object, content: Content) -> str:
    """A rule read back, coupons by their names; empty where there is none."""
    if not isinstance(rule, dict):
        return ""
    return read_back(parse(_named(rule, content)))


def _named(rule: Any, content: Content) -> Any:
    if isinstance(rule, list):
        return [_named(part, content) for part in rule]
    if not isinstance(rule, dict):
        return rule
    if rule.get("field") != "coupon.held":
        return {word: _named(part, content) for word, part in rule.items()}
    keys = rule["value"] if isinstance(rule["value"], list) else [rule["value"]]
    known = ((key, content.offers.get(key)) for key in keys)
    return rule | {"value": [offer.name if offer else key for key, offer in known]}


def leaving(spec: PlaybookSpec, content: Content) -> str:
    return rule_words(spec.gone, content)
