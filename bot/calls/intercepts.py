"""Words that guides shall not say to customers (敏感词); nothing tells us of a hit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class AddInterceptRule(Call):
    repeatable: ClassVar[bool] = False
    rule_name: str
    words: tuple[str, ...] = ()
    semantics: tuple[int, ...] = ()
    """1 phone numbers, 2 e-mail addresses, 3 red packets."""
    block: bool = False
    """True blocks the message; false warns the guide."""
    userids: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInterceptRules(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GetInterceptRule(Call):
    rule_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateInterceptRule(Call):
    """What is None stays as it is; words and semantics replace the old ones."""

    rule_id: str
    rule_name: str | None = None
    words: tuple[str, ...] = ()
    semantics: tuple[int, ...] = ()
    block: bool | None = None
    add_userids: tuple[str, ...] = ()
    add_departments: tuple[int, ...] = ()
    remove_userids: tuple[str, ...] = ()
    remove_departments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteInterceptRule(Call):
    rule_id: str
