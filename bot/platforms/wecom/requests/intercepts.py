"""Words that guides shall not say to customers."""

from __future__ import annotations

from typing import Any

from bot.calls import (
    AddInterceptRule,
    Call,
    DeleteInterceptRule,
    GetInterceptRule,
    ListInterceptRules,
    UpdateInterceptRule,
)
from bot.platforms.form import among, ask, chars, many, must, order, some, under
from bot.platforms.wecom.requests.context import Build

_CONTACT = "/cgi-bin/externalcontact"
_BLOCK, _WARN = 1, 2
_WORDS = many(300, each=chars(32, least=1))
_SEMANTICS = many(3, each=among(1, 2, 3))


def _kind(_field: str, block: Any) -> int | None:
    return None if block is None else _BLOCK if block else _WARN


INTERCEPTS: dict[type[Call], Build] = {
    AddInterceptRule: order(
        f"{_CONTACT}/add_intercept_rule",
        some("words", "semantics"),
        some("userids", "departments"),
        rule_name=chars(20, least=1),
        word_list=("words", _WORDS),
        semantics_list=("semantics", _SEMANTICS),
        intercept_type=("block", _kind),
        applicable_range=under(
            user_list=("userids", many(1000)), department_list=("departments", many(1000))
        ),
    ),
    ListInterceptRules: ask(f"{_CONTACT}/get_intercept_rule_list"),
    GetInterceptRule: order(f"{_CONTACT}/get_intercept_rule", rule_id=must),
    UpdateInterceptRule: order(
        f"{_CONTACT}/update_intercept_rule",
        rule_id=must,
        rule_name=chars(20),
        word_list=("words", _WORDS),
        extra_rule=under(semantics_list=("semantics", _SEMANTICS)),
        intercept_type=("block", _kind),
        add_applicable_range=under(
            user_list=("add_userids", many(1000)), department_list=("add_departments", many(1000))
        ),
        remove_applicable_range=under(
            user_list=("remove_userids", many(1000)),
            department_list=("remove_departments", many(1000)),
        ),
    ),
    DeleteInterceptRule: order(f"{_CONTACT}/del_intercept_rule", rule_id=must),
}
