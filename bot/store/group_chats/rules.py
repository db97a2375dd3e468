"""Published rules: who belongs into which family of group chats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Store
from bot.domain.group_chats import INVITES, PAUSED, GroupRule, GroupsFile, GroupSpec
from bot.domain.refusals import Refusal
from bot.domain.segments import BadRule, parse
from bot.store import segments
from bot.tongue import _, listed

FILE = "file:groups.yaml"
_COLUMNS = ("key", "kind", "name", "rule", "priority", "capacity", "grace_days", "settings")
_SETTINGS = (
    "owner",
    "room_base_name",
    "invites_a_day",
    "invite_days",
    "round",
    "welcome",
    "template",
)
CHANGEABLE = frozenset(
    {
        "name",
        "priority",
        "capacity",
        "grace_days",
        *_SETTINGS,
        "max_groups_per_person",
        "plan",
        PAUSED,
    }
)


async def live_rules(session: AsyncSession) -> Sequence[GroupRule]:
    """The published version of every family, the one that invites first first."""
    found = select(GroupRule).where(GroupRule.state == "published")
    return (await session.scalars(found.order_by(GroupRule.priority, GroupRule.key))).all()


async def active_rules(session: AsyncSession) -> list[GroupRule]:
    """The live ones that nobody has paused."""
    return [rule for rule in await live_rules(session) if not rule.paused]


async def rule_of(session: AsyncSession, rule_key: str) -> GroupRule | None:
    found: GroupRule | None = await session.scalar(
        select(GroupRule).where(GroupRule.key == rule_key, GroupRule.state == "published")
    )
    return found


async def family(session: AsyncSession, key: str) -> Sequence[GroupRule]:
    """The live rules that a journey means by this name: its own, or one for each store or city."""
    found = select(GroupRule).where(
        GroupRule.state == "published",
        or_(GroupRule.key == key, GroupRule.key.startswith(f"{key}.", autoescape=True)),
    )
    return (await session.scalars(found.order_by(GroupRule.key))).all()


async def made_by_people(session: AsyncSession) -> dict[str, str]:
    """Key and name of the live families that a person made or changed."""
    found = select(GroupRule.key, GroupRule.name).where(
        GroupRule.state == "published", GroupRule.by != FILE
    )
    return dict((await session.execute(found.order_by(GroupRule.key))).all())


async def publish_rules(
    session: AsyncSession, file: GroupsFile | Mapping[str, Any], now: datetime
) -> int:
    """Make `content.groups` live; how many versions are new. What people changed since stays."""
    described = GroupsFile.model_validate(file or {})
    stores = (await session.scalars(select(Store).order_by(Store.code))).all()
    fresh = 0
    for facts in _expanded(described, stores):
        before = await _newest(session, facts["key"], by=FILE)
        if before is None or _described(before) != facts:
            await publish(session, facts, by=FILE, now=now)
            fresh += 1
    return fresh


def _described(rule: GroupRule) -> dict[str, Any]:
    """As a file would say it: a pause is a person's."""
    settings = {name: value for name, value in rule.settings.items() if name != PAUSED}
    return {name: getattr(rule, name) for name in _COLUMNS} | {"settings": settings}


async def define(
    session: AsyncSession, spec: GroupSpec, *, by: str, now: datetime
) -> list[GroupRule]:
    """A new family, made by a person, or one for each store or city that there is now. Raises Refusal: its rooms
    must be told from all others by their names."""
    live = await live_rules(session)
    for other in live:
        if other.key.partition(".")[0] == spec.key or other.name == spec.name:
            raise Refusal(
                "known_group", _("已经有一组群叫「%(name)s」", name=other.name), status=409
            )
        _demand_own_base(spec.room_base_name or spec.name, other)
    most = max((int(rule.settings["max_groups_per_person"]) for rule in live), default=3)
    file = GroupsFile(max_groups_per_person=most, groups=(spec,))
    stores = (await session.scalars(select(Store).order_by(Store.code))).all()
    made = [await publish(session, facts, by=by, now=now) for facts in _expanded(file, stores)]
    if not made:
        raise Refusal("no_place", _("还没有门店，或门店没有填城市，分不出组"), status=422)
    return made


def _demand_own_base(base: str, other: GroupRule) -> None:
    theirs = str(other.settings["room_base_name"])
    if theirs.startswith(base) or base.startswith(theirs):
        what = _("「%(base)s」和「%(name)s」的群名开头分不开，换一个", base=base, name=other.name)
        raise Refusal("same_base_name", what, status=409)


async def publish(
    session: AsyncSession, facts: Mapping[str, Any], *, by: str, now: datetime
) -> GroupRule:
    """Raises Refusal bad_rule."""
    _readable(facts["rule"])
    newest = await _newest(session, facts["key"])
    live = await rule_of(session, facts["key"])
    rests = {PAUSED: True} if live is not None and live.paused else {}
    await session.execute(
        update(GroupRule)
        .where(GroupRule.key == facts["key"], GroupRule.state == "published")
        .values(state="retired")
    )
    version = newest.version + 1 if newest else 1
    rule = GroupRule(**facts, version=version, state="published", at=now, by=by)
    rule.settings = rests | facts["settings"]
    session.add(rule)
    await session.flush()
    return rule


async def republish(
    session: AsyncSession,
    rule_key: str,
    *,
    rule: dict[str, Any],
    changes: Mapping[str, Any],
    by: str,
    now: datetime,
) -> GroupRule:
    """A new version of a family, changed by a person. Raises Refusal."""
    if unknown := changes.keys() - CHANGEABLE:
        raise Refusal(
            "bad_setting",
            _("不认识这些设置：%(names)s", names=listed(sorted(unknown))),
            status=422,
        )
    current = await _newest(session, rule_key)
    if current is None:
        raise Refusal("no_such_group", "没有这一组群，先在 groups.yaml 里加上", status=404)
    if base := changes.get("room_base_name"):
        for other in await live_rules(session):
            if other.key != rule_key and base != current.settings["room_base_name"]:
                _demand_own_base(str(base), other)
    facts = {name: getattr(current, name) for name in _COLUMNS}
    columns = {name: value for name, value in changes.items() if name in _COLUMNS}
    settings = {name: value for name, value in changes.items() if name not in _COLUMNS}
    changed = facts | columns | {"rule": rule or current.rule}
    return await publish(
        session, changed | {"settings": current.settings | settings}, by=by, now=now
    )


async def preview(session: AsyncSession, rule: dict[str, Any], now: datetime) -> int:
    """How many customers this rule would let in. Raises Refusal bad_rule."""
    _readable(rule)
    return await segments.count(session, parse(rule), now)


def _readable(rule: dict[str, Any]) -> None:
    try:
        parse(rule)
    except BadRule as mistake:
        raise Refusal("bad_rule", str(mistake), status=422) from None


async def _newest(session: AsyncSession, rule_key: str, by: str | None = None) -> GroupRule | None:
    found = select(GroupRule).where(GroupRule.key == rule_key)
    if by is not None:
        found = found.where(GroupRule.by == by)
    newest: GroupRule | None = await session.scalar(found.order_by(GroupRule.version.desc()))
    return newest


def _expanded(file: GroupsFile, stores: Sequence[Store]) -> Iterable[dict[str, Any]]:
    for spec in file.groups:
        for place, label, codes in _places(spec, stores):
            yield _facts(spec, file, place, label, codes)


def _places(
    spec: GroupSpec, stores: Sequence[Store]
) -> Iterable[tuple[str | None, str, list[str]]]:
    if spec.per is None:
        return [(None, "", [])]
    if spec.per == "store":
        return [(store.code, store.name, [store.code]) for store in stores]
    cities = sorted({store.city for store in stores if store.city})
    return [(city, city, [s.code for s in stores if s.city == city]) for city in cities]


def _facts(
    spec: GroupSpec, file: GroupsFile, place: str | None, label: str, codes: list[str]
) -> dict[str, Any]:
    here = {"field": "store", "op": "in", "value": codes}
    base = (spec.room_base_name or spec.name) + (f"·{label}" if label else "")
    settings = {name: getattr(spec, name) for name in _SETTINGS}
    settings["plan"] = spec.plan.model_dump(mode="json") if spec.plan else None
    settings["template"] = spec.template or INVITES[spec.kind]
    return {
        "key": f"{spec.key}.{place}" if place else spec.key,
        "kind": spec.kind,
        "name": f"{spec.name}·{label}" if label else spec.name,
        "rule": {"all": [spec.rule, here]} if codes else spec.rule,
        "priority": spec.priority,
        "capacity": spec.capacity,
        "grace_days": spec.grace_days,
        "settings": settings
        | {
            "room_base_name": base,
            "max_groups_per_person": spec.max_groups_per_person or file.max_groups_per_person,
        },
    }
