"""The whole world in memory, with an index for every question an API or an act asks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from bot.sandbox.names import Names
from bot.sandbox.world.entities import (
    Corp,
    Customer,
    GroupChat,
    Guide,
    KfAccount,
    Link,
    Official,
    Tag,
    TagGroup,
)
from bot.sandbox.world.spec import Settings, StoreSpec

T = TypeVar("T")


@dataclass
class TokenBook:
    """Issued access tokens: who they belong to, and until when."""

    owners: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # token → (app, until)
    current: dict[str, str] = field(default_factory=dict)  # app → token

    def revoke(self, app: str) -> None:
        self.owners.pop(self.current.pop(app, ""), None)


@dataclass
class World:
    names: Names
    settings: Settings
    corp: Corp
    official: Official
    stores: list[StoreSpec] = field(default_factory=list)
    guides: dict[str, Guide] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    by_external: dict[str, Customer] = field(default_factory=dict)
    by_openid: dict[str, Customer] = field(default_factory=dict)
    groups: dict[str, GroupChat] = field(default_factory=dict)
    kf: dict[str, KfAccount] = field(default_factory=dict)
    tag_groups: dict[str, TagGroup] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    tag_names: dict[tuple[str, str], str] = field(default_factory=dict)
    contact_ways: dict[str, dict[str, Any]] = field(default_factory=dict)
    join_ways: dict[str, dict[str, Any]] = field(default_factory=dict)
    ways_by_state: dict[str, str] = field(default_factory=dict)
    joins_by_state: dict[str, str] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    tokens: TokenBook = field(default_factory=TokenBook)
    rooms: dict[str, Any] = field(default_factory=dict)  # each API room's own tables
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # platform, path, day
    mass_used: Counter[tuple[str, str]] = field(default_factory=Counter)  # (receiver, period)

    def admit(self, customer: Customer) -> Customer:
        self.customers[customer.id] = customer
        self.by_external[customer.external_userid] = customer
        if customer.fan:
            self.by_openid[customer.fan.openid] = customer
        return customer

    def room(self, kind: type[T]) -> T:
        """The tables of one API room, made when first asked for."""
        return self.rooms.setdefault(kind.__name__, kind())  # type: ignore[no-any-return]
