"""Tags on customers: given and taken, recomputed for everybody, and mirrored to the platform."""

from bot.store.tags.console import (
    CorpTag,
    Renamed,
    corp_tags,
    drifted,
    may_be_ours,
    meet_corp_tag,
    names_to_give,
    rename_to,
)
from bot.store.tags.counting import would_count
from bot.store.tags.everybody import retag_all
from bot.store.tags.heard import Look
from bot.store.tags.labels import (
    Given,
    Worn,
    conflicts,
    expire,
    ids_of,
    named,
    publish,
    put,
    take,
    worn,
)
from bot.store.tags.live_book import (
    counter_of,
    define,
    fitting_of,
    live_book,
    retire,
    rules_made_here,
)
from bot.store.tags.many import put_on_many, take_off_many
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
from bot.store.tags.retagging import retag
from bot.store.tags.stirring import stir
from bot.store.tags.tree import Dispute, Leaf, disputes, settle_dispute, tree, would_hear

__all__ = [
    "CorpTag",
    "Dispute",
    "Given",
    "Leaf",
    "Look",
    "Marking",
    "NewCorpTags",
    "Renamed",
    "Worn",
    "begin",
    "begin_anew",
    "conflicts",
    "corp_tags",
    "counter_of",
    "define",
    "disputes",
    "drifted",
    "due",
    "expire",
    "fitting_of",
    "ids_of",
    "learn",
    "live_book",
    "marked",
    "may_be_ours",
    "meet_corp_tag",
    "named",
    "names_to_give",
    "not_marked",
    "publish",
    "put",
    "put_on_many",
    "rename_to",
    "retag",
    "retag_all",
    "retire",
    "rules_made_here",
    "settle_dispute",
    "stir",
    "take",
    "take_off_many",
    "to_look_at",
    "tree",
    "unmirror",
    "without_corp_tag",
    "worn",
    "would_count",
    "would_hear",
]
