"""The rule language evaluated by hand: slow, and without any SQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.segments import Condition, Negation, Rule
from tests.store.segment_world import Facts

DAY = timedelta(days=1)


class Oracle:
    """The rule language by hand, one customer at a time."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def fits(self, rule: Rule, facts: Facts) -> bool:
        if isinstance(rule, Condition):
            return bool(getattr(self, "_" + rule.field.replace(".", "_"))(rule, facts))
        if isinstance(rule, Negation):
            return not self.fits(rule.part, facts)
        each = (self.fits(part, facts) for part in rule.parts)
        return all(each) if rule.word == "all" else any(each)

    def _number(self, rule: Condition, value: int | None) -> bool:
        if value is None:
            return False
        asked = rule.value
        return {
            "gte": lambda: value >= asked,
            "gt": lambda: value > asked,
            "lte": lambda: value <= asked,
            "lt": lambda: value < asked,
            "eq": lambda: value == asked,
            "ne": lambda: value != asked,
            "between": lambda: asked[0] <= value <= asked[1],
        }[rule.op]()

    def _choice(self, rule: Condition, *mine: Any) -> bool:
        wanted = rule.value if isinstance(rule.value, list) else [rule.value]
        found = any(str(one) in map(str, wanted) for one in mine if one is not None)
        return found != (rule.op in ("not_in", "ne", "has_not"))

    def _flag(self, rule: Condition, value: bool) -> bool:
        return (value == rule.value) == (rule.op == "eq")

    def _days(self, moment: datetime | None) -> int | None:
        return None if moment is None else (self.now - moment) // DAY

    def _bought(self, rule: Condition, facts: Facts) -> list[dict[str, Any]]:
        return [
            order
            for order in facts.orders
            if order["paid_at"] is not None
            and order["amount"] > order["refunded"]
            and (rule.within_days is None or self.now - order["paid_at"] < DAY * rule.within_days)
        ]

    def _friends(self, facts: Facts) -> list[dict[str, Any]]:
        return [follow for follow in facts.follows if not follow["ended"]]

    def _tier(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, facts.tier and facts.tier[0])

    def _share_class(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, facts.tier and facts.tier[1])

    def _tag(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(
            rule, *(t for t, until in facts.tags if until is None or until > self.now)
        )

    def _stage(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, facts.stage)

    def _level(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, facts.points[1] if facts.points else "青铜")

    def _recency(self, rule: Condition, facts: Facts) -> bool:
        return self._number(rule, facts.star if facts.tier else None)

    _frequency = _monetary = _recency

    def _star(self, rule: Condition, facts: Facts) -> bool:
        return self._number(rule, facts.star if facts.tier else None)

    def _influence(self, rule: Condition, facts: Facts) -> bool:
        return self._number(rule, facts.influence)

    def _identity(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, *facts.identities)

    def _happened(self, rule: Condition, moments: list[datetime]) -> bool:
        window = None if rule.within_days is None else DAY * rule.within_days
        ages = [self.now - moment for moment in moments]
        return self._number(rule, sum(1 for age in ages if window is None or age < window))

    def _messages_intent(self, rule: Condition, facts: Facts) -> bool:
        window = None if rule.within_days is None else DAY * rule.within_days
        said = [
            intent
            for at, intent in zip(facts.messages, facts.intents, strict=True)
            if window is None or self.now - at < window
        ]
        return self._choice(rule, *said)

    def _messages_count(self, rule: Condition, facts: Facts) -> bool:
        return self._happened(rule, facts.messages)

    def _links_opened(self, rule: Condition, facts: Facts) -> bool:
        return self._happened(rule, facts.opened)

    def _coupons_used(self, rule: Condition, facts: Facts) -> bool:
        return self._happened(rule, facts.used)

    def _orders_store(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, *(order["store"] for order in self._bought(rule, facts)))

    def _gender(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, facts.gender)

    def _region(self, rule: Condition, facts: Facts) -> bool:
        if rule.op == "contains":
            return rule.value in (facts.region or "")
        return self._choice(rule, facts.region)

    def _source_state(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, *(follow["state"] for follow in facts.follows))

    def _store(self, rule: Condition, facts: Facts) -> bool:
        homes = {"lin": "A", "chen": "B"}
        served = [homes[follow["guide"]] for follow in self._friends(facts)]
        return self._choice(rule, *served, *(o["store"] for o in self._bought(rule, facts)))

    def _points(self, rule: Condition, facts: Facts) -> bool:
        return self._number(rule, facts.points[0] if facts.points else 0)

    def _orders_count(self, rule: Condition, facts: Facts) -> bool:
        return self._number(rule, len(self._bought(rule, facts)))

    def _orders_amount(self, rule: Condition, facts: Facts) -> bool:
        return self._number(
            rule, sum(o["amount"] - o["refunded"] for o in self._bought(rule, facts))
        )

    def _orders_last_days(self, rule: Condition, facts: Facts) -> bool:
        moments = [order["paid_at"] for order in self._bought(rule, facts)]
        return self._number(rule, self._days(max(moments, default=None)))

    def _first_order_days(self, rule: Condition, facts: Facts) -> bool:
        moments = [order["paid_at"] for order in self._bought(rule, facts)]
        return self._number(rule, self._days(min(moments, default=None)))

    def _orders_category(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, *(order["category"] for order in self._bought(rule, facts)))

    def _orders_item_price(self, rule: Condition, facts: Facts) -> bool:
        return any(self._number(rule, order["price"]) for order in self._bought(rule, facts))

    def _birthday_month(self, rule: Condition, facts: Facts) -> bool:
        month = self.now.astimezone(ZoneInfo("Asia/Shanghai")).month
        wanted = rule.value if isinstance(rule.value, list) else [rule.value]
        found = facts.birthday_month in [month if one == "this" else one for one in wanted]
        return found != (rule.op == "ne")

    def _follows_any(self, rule: Condition, facts: Facts) -> bool:
        return self._flag(rule, bool(self._friends(facts)))

    def _follows_guide(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, *(follow["guide"] for follow in self._friends(facts)))

    def _follows_days(self, rule: Condition, facts: Facts) -> bool:
        since = min((follow["since"] for follow in self._friends(facts)), default=None)
        return self._number(rule, self._days(since))

    def _group_in(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, *(key for key, _, left in facts.groups if not left))

    def _group_kind(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, *(kind for _, kind, left in facts.groups if not left))

    def _coupon_held(self, rule: Condition, facts: Facts) -> bool:
        held = [key for key, state, until in facts.coupons if state == "held" and until > self.now]
        return self._choice(rule, *held)

    def _consent(self, rule: Condition, facts: Facts) -> bool:
        return self._choice(rule, *(p for p, granted in facts.consents.items() if granted))

    def _reachable(self, rule: Condition, facts: Facts) -> bool:
        window = facts.window is not None and facts.window[0] > self.now and facts.window[1] > 0
        return self._flag(rule, window or bool(self._friends(facts)))

    def _case_open(self, rule: Condition, facts: Facts) -> bool:
        return self._flag(rule, "open" in facts.cases)

    def _days_since_active(self, rule: Condition, facts: Facts) -> bool:
        return self._number(rule, self._days(facts.last_active_at))
