"""专属顾问: who gets a guide of her own, and which one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

AGAIN = timedelta(days=90)
MOST_TIMES = 2
"""The platform passes one customer on so often within this time."""
PENDING = ("asked", "waiting")
STATUS = {1: "done", 2: "waiting", 3: "refused", 4: "full", 5: "failed"}
LIMITED = 40128
WHY = {
    "refused": "她的导购离职了，她不想转给别人：请在微信客服或门店照顾她",
    "full": "她的导购离职了，接手的人名额满了：请在后台再转一次",
    "limited": "她的导购离职了，90 天内已经转过两次，企业微信不再转：请在微信客服或门店照顾她",
    "failed": "她的导购离职了，企业微信没有转成：请在后台看一眼",
}
"""What whoever is in charge is told where no program can go on."""


class AdvisorsFile(BaseModel):
    """`content/advisors.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: dict[str, Any] = {"all": [{"field": "tier", "op": "in", "value": ["核心"]}]}
    most: int = Field(default=80, ge=1, le=2000)
    """Customers of one advisor."""
    skills: dict[str, tuple[str, ...]] = {}
    """userid to the categories that she knows best."""


@dataclass(slots=True)
class Candidate:
    guide_id: int
    userid: str
    store_id: int | None
    load: int


def choose(
    found: Collection[Candidate],
    *,
    skills: Mapping[str, Collection[str]],
    most: int,
    likes: str | None,
    store_id: int | None = None,
) -> Candidate | None:
    """Who knows what she likes, then who is at her store, then who has the fewest; nobody beyond the most."""
    free = [one for one in found if one.load < most]

    def rank(one: Candidate) -> tuple[bool, bool, int, int]:
        knows = likes is not None and likes in skills.get(one.userid, ())
        near = store_id is not None and one.store_id == store_id
        return not knows, not near, one.load, one.guide_id

    return min(free, key=rank, default=None)
