"""Tags on customers: given and taken, recomputed for everybody, and mirrored to the platform."""

from bot.store.tags.heard import Look
from bot.store.tags.labels import Given, Worn, expire, named, publish, put, take, worn
from bot.store.tags.mirror import (
    Marking,
    NewCorpTags,
    begin,
    begin_anew,
    due,
    learn,
    marked,
    not_marked,
    to_look_at,
    unmirror,
    without_corp_tag,
)
from bot.store.tags.retagging import newest_customer, retag
from bot.store.tags.stirring import stir

__all__ = [
    "Given",
    "Look",
    "Marking",
    "NewCorpTags",
    "Worn",
    "begin",
    "begin_anew",
    "due",
    "expire",
    "learn",
    "marked",
    "named",
    "newest_customer",
    "not_marked",
    "publish",
    "put",
    "retag",
    "stir",
    "take",
    "to_look_at",
    "unmirror",
    "without_corp_tag",
    "worn",
]
