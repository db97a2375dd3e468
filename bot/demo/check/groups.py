"""Group chats: who is asked into them, and how many fit."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

from bot.demo.check.evidence import Evidence, Verdict, moment

HEARD_OF = timedelta(minutes=5)
"""So long a join may be under way to us."""


def invited_once(e: Evidence) -> Verdict:
    """Nobody is invited twice into one family in a round, and no member is invited."""
    invites = e.ask("SELECT customer_id, rule_key, round, at FROM invite")
    seen = Counter(
        (e.survivors[row["customer_id"]], row["rule_key"], row["round"]) for row in invites
    )
    twice = [
        f"customer {who} was invited into {key} {n} times in round {turn}"
        for (who, key, turn), n in seen.items()
        if n > 1
    ]
    sat = defaultdict(list)
    for row in e.ask(
        "SELECT m.customer_id, g.rule_key, m.joined_at, m.left_at FROM group_member m "
        "JOIN group_chat g ON g.id = m.group_chat_id WHERE m.customer_id IS NOT NULL"
    ):
        left = moment(row["left_at"]) if row["left_at"] else e.end
        sat[e.survivors[row["customer_id"]], row["rule_key"]].append(
            (moment(row["joined_at"]), left)
        )
    for row in invites:
        at, who = moment(row["at"]), e.survivors[row["customer_id"]]
        if any(joined + HEARD_OF <= at < left for joined, left in sat[who, row["rule_key"]]):
            twice.append(f"customer {who} was invited into {row['rule_key']} and sat there")
    return twice


def groups_within_capacity(e: Evidence) -> Verdict:
    """By what we believe, and by what the platform last told of each room."""
    rooms = e.ask(
        "SELECT g.chat_id, g.capacity, g.members, (SELECT count(*) FROM group_member m "
        "WHERE m.group_chat_id = g.id AND m.left_at IS NULL) AS seats FROM group_chat g"
    )
    told = {
        call["request"].get("chat_id"): len(call["response"]["group_chat"]["member_list"])
        for call in e.calls
        if call["path"].endswith("/groupchat/get")
        and call["status"] == 200
        and not call.get("errcode")
    }
    return [
        f"{row['chat_id']} has {most} members and room for {row['capacity']}"
        for row in rooms
        if (most := max(row["members"], row["seats"], told.get(row["chat_id"], 0)))
        > row["capacity"]
    ]
