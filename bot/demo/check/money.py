"""Coupons and points: what is money-like adds up."""

from __future__ import annotations

from bot.demo.check.evidence import Evidence, Verdict

GIVEN = "c.state NOT IN ('withdrawn', 'declined', 'waiting')"
"""What was taken back or given back went back to the budget; who waits in line holds nothing yet."""


def coupons_within_budget(e: Evidence) -> Verdict:
    wrong = e.ask(
        "SELECT o.key, o.issued, o.budget_pieces AS budget, count(c.id) AS n FROM offer o "
        f"LEFT JOIN coupon c ON c.offer_id = o.id AND {GIVEN} "
        "GROUP BY o.id HAVING n > budget OR n <> o.issued"
    )
    twice = e.ask(
        "SELECT o.key, c.customer_id, count(*) AS n, o.per_customer AS most FROM coupon c "
        f"JOIN offer o ON o.id = c.offer_id AND {GIVEN} "
        "GROUP BY o.id, c.customer_id HAVING n > most"
    )
    return [
        f"offer {row['key']}: {row['n']} coupons, counted {row['issued']}, budget {row['budget']}"
        for row in wrong
    ] + [
        f"customer {row['customer_id']} has {row['n']} of {row['key']}, {row['most']} allowed"
        for row in twice
    ]


def coupons_redeemed_once(e: Evidence) -> Verdict:
    """A coupon has one redemption that stands if it is redeemed, and none if it is not."""
    wrong = e.ask(
        "SELECT c.id, c.state, count(r.id) AS n FROM coupon c "
        "LEFT JOIN redemption r ON r.coupon_id = c.id AND r.voided_at IS NULL "
        "GROUP BY c.id HAVING n <> (c.state = 'redeemed')"
    )
    return [
        f"coupon {row['id']} is {row['state']} and has {row['n']} redemptions" for row in wrong
    ]


def points_are_their_ledger(e: Evidence) -> Verdict:
    wrong = e.ask(
        "SELECT a.customer_id, a.balance, coalesce(sum(p.delta), 0) AS total FROM points_account a "
        "LEFT JOIN points_entry p ON p.customer_id = a.customer_id GROUP BY a.customer_id HAVING a.balance <> total"
    )
    orphans = e.ask(
        "SELECT customer_id, sum(delta) AS total FROM points_entry WHERE customer_id NOT IN "
        "(SELECT customer_id FROM points_account) GROUP BY customer_id"
    )
    return [
        f"customer {row['customer_id']}: balance {row['balance']}, ledger {row['total']}"
        for row in wrong
    ] + [f"customer {row['customer_id']}: no account, ledger {row['total']}" for row in orphans]
