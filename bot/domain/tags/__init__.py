"""Tags: what we know of a customer, and the book of rules that says where each comes from."""

from bot.domain.tags.book import TagBook, matches, parts
from bot.domain.tags.entities import CustomerTag, FollowMirror, FollowTag, Tag, TagGroup, TagRule
from bot.domain.tags.rules import (
    CATEGORY,
    Answered,
    Bought,
    Counter,
    Fitting,
    Heard,
    PriceBand,
    TagGroupSpec,
    Weak,
    rule_of,
    said,
)

__all__ = [
    "CATEGORY",
    "Answered",
    "Bought",
    "Counter",
    "CustomerTag",
    "Fitting",
    "FollowMirror",
    "FollowTag",
    "Heard",
    "PriceBand",
    "Tag",
    "TagBook",
    "TagGroup",
    "TagGroupSpec",
    "TagRule",
    "Weak",
    "matches",
    "parts",
    "rule_of",
    "said",
]
