"""Reads a world file; names that point nowhere are mistakes like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from bot.sandbox.mistakes import Loose, Place, at_lines, parse, told
from bot.sandbox.world.spec import WorldSpec

BUILT_IN = Path(__file__).with_name("qinghe.yaml")


def read_world(path: Path | None) -> WorldSpec:
    path = path or BUILT_IN
    data = parse(path)
    try:
        spec = WorldSpec.model_validate(data)
    except ValidationError as error:
        raise told(path, WorldSpec, error) from None
    loose = list(loose_ends(spec))
    if loose:
        raise at_lines(path, loose)
    return spec


def loose_ends(spec: WorldSpec) -> Iterator[Loose]:
    """Guides, customers, tags and groups that are spoken of but not written."""
    guides, customers = {g.userid for g in spec.guides}, {c.id for c in spec.customers}
    yield from _doubled("guides", "userid", [guide.userid for guide in spec.guides])
    yield from _doubled("customers", "id", [customer.id for customer in spec.customers])
    yield from _of_customers(spec, guides)
    for n, group in enumerate(spec.groups):
        yield from _absent(("groups", n, "owner"), [group.owner], guides, "导购")
        yield from _absent(("groups", n, "members"), group.members, guides | customers, "人")
    for n, account in enumerate(spec.kf):
        yield from _absent(("kf", n, "servicers"), account.servicers, guides, "导购")
    for n, way in enumerate(spec.contact_ways):
        yield from _absent(("contact_ways", n, "guides"), way.guides, guides, "导购")
    chats = {group.name for group in spec.groups} | {group.chat_id for group in spec.groups}
    for n, join in enumerate(spec.join_ways):
        yield from _absent(("join_ways", n, "groups"), join.groups, chats, "客户群")
    for n, link in enumerate(spec.acquisition_links):
        yield from _absent(("acquisition_links", n, "guides"), link.guides, guides, "导购")


def _of_customers(spec: WorldSpec, guides: set[str]) -> Iterator[Loose]:
    tags = {tag for group in spec.tags for tag in group.tags}
    for n, customer in enumerate(spec.customers):
        for m, follow in enumerate(customer.follows):
            place: Place = ("customers", n, "follows", m)
            yield from _absent((*place, "guide"), [follow.guide], guides, "导购")
            yield from _absent((*place, "tags"), follow.tags, tags, "标签")


def _absent(place: Place, names: Iterable[str], known: set[str], what: str) -> Iterator[Loose]:
    for name in names:
        if name not in known:
            yield place, f"没有叫 {name} 的{what}，先在这个文件里写上，或改成已有的"


def _doubled(listed: str, field: str, names: list[str]) -> Iterator[Loose]:
    for name, count in Counter(names).items():
        if count > 1:
            yield (listed, names.index(name), field), f"{name} 写了 {count} 次，编号不能重复"
