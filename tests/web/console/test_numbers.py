"""Every number that the console shows for a tier, a tag or a segment is what plain SQL counts."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import text

from bot.store import segments
from tests.store.segment_world import a_world

LIVING = "SELECT count(*) FROM customer c WHERE c.merged_into IS NULL AND "
ORDERS = "FROM shop_order o WHERE o.customer_id = c.id AND o.amount_fen > o.refunded_fen AND o.paid_at <= :now"
TIER = "EXISTS (SELECT 1 FROM customer_tier t WHERE t.customer_id = c.id AND t.tier = '{}')"
TAG = (
    "EXISTS (SELECT 1 FROM customer_tag w JOIN tag g ON g.id = w.tag_id JOIN tag_group p ON p.id = g.group_id "
    "WHERE w.customer_id = c.id AND p.name = '{}' AND g.name = '{}' AND (w.expires_at IS NULL OR w.expires_at > :now))"
)
FRIEND = "EXISTS (SELECT 1 FROM follow f WHERE f.customer_id = c.id AND f.ended_at IS NULL)"
CELL = "EXISTS (SELECT 1 FROM customer_tier t WHERE t.customer_id = c.id AND t.recency = 2 AND t.frequency = 2)"
RICH = f"(SELECT sum(o.amount_fen - o.refunded_fen) {ORDERS} AND o.paid_at > :since) >= 30000"
ONCE = f"(SELECT count(*) {ORDERS}) = 1"
OPEN_CASE = (
    "EXISTS (SELECT 1 FROM service_case k WHERE k.customer_id = c.id AND k.state <> 'closed')"
)


@pytest.fixture
async def counted(bot, shop):
    """What the list says at an address, beside what plain SQL counts."""
    async with bot.session() as session:
        await a_world(session, bot.now)
        for key, rule in bot.content.segments.items():
            facts = {"key": key, "name": rule.name, "rule": rule.rule}
            await segments.publish(session, **facts, by="system:files", now=bot.now)
    boss = await shop.signs_in("owner", "boss")
    at = bot.now.replace(tzinfo=None)
    moments = {"now": f"{at:%Y-%m-%d %H:%M:%S.%f}"}
    moments["since"] = f"{at - timedelta(days=90):%Y-%m-%d %H:%M:%S.%f}"

    async def count(address: str, condition: str) -> tuple[int, int]:
        page = await boss.opens(f"/admin/customers?{address}")
        asked = re.sub(r":(now|since)", lambda found: f"'{moments[found[1]]}'", LIVING + condition)
        async with bot.session() as session:
            return int(re.search(r'id="list-h">[^<]*<span[^>]*>([\d,]+) 人', page.html)[1]), (
                await session.scalar(text(asked))
            )

    return count


async def test_tiers_tags_cells_and_segments_are_counted_right(counted):
    asked = {
        "": "1 = 1",
        **{f"tier={quote(t)}": TIER.format(t) for t in ("核心", "潜力", "普通", "沉睡")},
        f"tag={quote('兴趣/针织')}": TAG.format("兴趣", "针织"),
        "rf=2,2": CELL,
        "segment=one-order": ONCE,
        "segment=core": f"{TIER.format('核心')} AND NOT {OPEN_CASE}",
        "field=orders.amount&op=gte&value=300&days=90": RICH,
        f"field=follows.any&op=eq&value=yes&tier={quote('沉睡')}": f"{FRIEND} AND {TIER.format('沉睡')}",
    }
    shown = {address: await counted(address, condition) for address, condition in asked.items()}
    assert {address: said for address, (said, _) in shown.items()} == {
        address: found for address, (_, found) in shown.items()
    }
    assert sum(found > 0 for _, found in shown.values()) >= 9
