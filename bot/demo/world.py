"""The demo's world file for the sandbox, and the shop it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from bot.demo.cast import Person

FORMS = [
    {"title": "到货提醒", "template_id": "qinghe-series-back"},
    {"title": "优惠券到期提醒", "template_id": "qinghe-coupon-due"},
    {"title": "权益到期提醒", "template_id": "qinghe-right-due"},
]
"""Forms that the platform approved for this account, as `content/notices.yaml` names them."""
MEMBER_SHARE = 6
"""Every sixth follower of a group's kind is in it already when the month begins."""


def shop() -> dict[str, Any]:
    text = files("bot.demo").joinpath("shop.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def write_world(path: Path, people: Sequence[Person]) -> None:
    """The YAML that the sandbox reads."""
    brand = shop()
    world = {
        "corp": {"name": "青禾衣坊"},
        "official": {"name": "青禾衣坊服务号", "templates": FORMS},
        "stores": [{"id": store["code"], "name": store["name"]} for store in brand["stores"]],
        "guides": [_guide(guide) for guide in brand["guides"]],
        "customers": [_customer(person) for person in people],
        "groups": [_group(group, people) for group in brand["groups"]],
        "kf": [brand["kf"]],
        "settings": {"fault_timeout": 0.05, "callback_retry_seconds": 5},
    }
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    path.write_text(
        yaml.dump(world, Dumper=dumper, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )


def _guide(guide: dict[str, Any]) -> dict[str, Any]:
    confirm = {"habit": guide["habit"]}
    if "minutes" in guide:
        confirm["minutes"] = guide["minutes"]
    return {
        "userid": guide["userid"],
        "name": guide["name"],
        "store": guide["store"],
        "confirm": confirm,
    }


def _customer(person: Person) -> dict[str, Any]:
    follows = []
    if person.follows:
        since = person.followed_at.isoformat()
        follows.append({"guide": person.guide, "state": f"till-{person.store}", "since": since})
    return {
        "id": person.id,
        "name": person.name,
        "phone": person.phone,
        "unionid": person.unionid,
        "gender": person.gender,
        "follows": follows,
        "kf": person.kf,
        "fan": person.fan and person.follows,
    }


def _group(group: dict[str, Any], people: Sequence[Person]) -> dict[str, Any]:
    brand = shop()
    stores = {guide["userid"]: guide["store"] for guide in brand["guides"]}
    cities = {store["code"]: store["city"] for store in brand["stores"]}
    city = cities[stores[group["owner"]]]
    near = [p.id for p in people if p.follows and p.consents and cities[p.store] == city]
    return {**group, "members": near[::MEMBER_SHARE][: group["capacity"] // 3]}


def month(last_order: Any, days: int) -> tuple[Any, Any]:
    """Start and end of the month that is played: whole days, the last one holding the newest order."""
    end = (last_order + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return end - timedelta(days=days), end
