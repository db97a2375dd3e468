"""Tags: what we know of a customer, and the book of rules that says where each comes from."""

from bot.domain.tags.book import (
    Answered,
    Bought,
    Fitting,
    Heard,
    TagBook,
    TagGroupSpec,
    matches,
    parts,
)
from bot.domain.tags.entities import CustomerTag, FollowMirror, FollowTag, Tag, TagGroup, TagRule

__all__ = [
    "Answered",
    "Bought",
    "CustomerTag",
    "Fitting",
    "FollowMirror",
    "FollowTag",
    "Heard",
    "Tag",
    "TagBook",
    "TagGroup",
    "TagGroupSpec",
    "TagRule",
    "matches",
    "parts",
]
