"""Customers by any of their ids, their guides, and the merging of records that are one person."""

from bot.store.customers.follows import (
    Followed,
    follow,
    follows_of,
    guide_by_userid,
    guide_of,
    guides_of,
    keep_remark,
    unfollow,
)
from bot.store.customers.holding import known_by
from bot.store.customers.meeting import Seen, attach, back, find, gone, meet, meet_buyer, meet_by
from bot.store.customers.merging import join, part
from bot.store.customers.people import (
    addresses,
    by_ref,
    count_of,
    get,
    keep_phone,
    name_of,
    rename,
)
from bot.store.customers.questions import Question, contested, keep_apart, proposals, propose
from bot.store.customers.returning import acted
from bot.store.customers.rosters import followed_by
from bot.store.family import family, stands_for, surviving

__all__ = [
    "Followed",
    "Question",
    "Seen",
    "acted",
    "addresses",
    "attach",
    "back",
    "by_ref",
    "contested",
    "count_of",
    "family",
    "find",
    "follow",
    "followed_by",
    "follows_of",
    "get",
    "gone",
    "guide_by_userid",
    "guide_of",
    "guides_of",
    "join",
    "keep_apart",
    "keep_phone",
    "keep_remark",
    "known_by",
    "meet",
    "meet_buyer",
    "meet_by",
    "name_of",
    "part",
    "proposals",
    "propose",
    "rename",
    "stands_for",
    "surviving",
    "unfollow",
]
