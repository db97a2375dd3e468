"""Two records that are one person: proposed, joined, kept apart, taken apart again."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeCustomers(Command):
    permission = "customer.merge"
    keep_id: int
    merge_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeMerge(Command):
    """Somebody who knows her says that two records are one person; whoever may merge decides."""

    permission = "merge.propose"
    one_id: int
    other_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepApart(Command):
    """The answer no to the question whether two records are one person."""

    permission = "customer.merge"
    question_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmergeCustomer(Command):
    permission = "customer.merge"
    customer_id: int
    reason: str
