"""Tags on customers: given and taken, recomputed for everybody, and mirrored to the platform."""

from bot.store.tags.heard import Look
from bot.store.tags.labels import Given, Worn, expire, named, publish, put, take, worn
from bot.store.tags.mirror import (
    Marking,
    NewCorpTags,
    begin,
    due,
    forget_marks,
    learn,
    marked,
    not_marked,
    unmirror,
    without_corp_tag,
)
from bot.store.tags.retagging import newest_customer, retag

__all__ = [
    "Given",
    "Look",
    "Marking",
    "NewCorpTags",
    "Worn",
    "begin",
    "due",
    "expire",
    "forget_marks",
    "learn",
    "marked",
    "named",
    "newest_customer",
    "not_marked",
    "publish",
    "put",
    "retag",
    "take",
    "unmirror",
    "without_corp_tag",
    "worn",
]
