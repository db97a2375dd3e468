"""Template cards: which parts each kind must and may have, and how many of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.calls import Call, SendAppCard, UpdateAppCard
from bot.platforms.limits import Unsendable, bounded, few
from bot.platforms.request import Request, post
from bot.platforms.wecom.requests.app import MOST_MEMBERS, send
from bot.platforms.wecom.requests.context import Build, Context

_KEY_BYTES = 1024
_TASK = re.compile(r"[0-9A-Za-z_@-]{1,128}", re.ASCII)
_ANY = frozenset({"card_type", "source", "main_title", "task_id"})
_NOTICE = frozenset(
    {"action_menu", "quote_area", "horizontal_content_list", "jump_list", "card_action"}
)
_MAY: dict[str, frozenset[str]] = {
    "text_notice": _NOTICE | {"emphasis_content", "sub_title_text"},
    "news_notice": _NOTICE | {"card_image", "image_text_area", "vertical_content_list"},
    "button_interaction": (_NOTICE - {"jump_list"})
    | {"sub_title_text", "button_selection", "button_list"},
    "vote_interaction": frozenset({"checkbox", "submit_button"}),
    "multiple_interaction": frozenset({"select_list", "submit_button"}),
}
_MUST: dict[str, tuple[str, ...]] = {
    "text_notice": ("card_action",),
    "news_notice": ("main_title", "card_action"),
    "button_interaction": ("main_title", "task_id", "button_list"),
    "vote_interaction": ("main_title", "task_id", "checkbox", "submit_button"),
    "multiple_interaction": ("main_title", "task_id", "select_list", "submit_button"),
}
_MUST_ONE: dict[str, tuple[str, str]] = {
    "text_notice": ("main_title", "sub_title_text"),
    "news_notice": ("card_image", "image_text_area"),
}
_LISTS = {
    "action_menu.action_list": (1, 3),
    "button_list": (1, 6),
    "button_selection.option_list": (1, 10),
    "checkbox.option_list": (1, 20),
    "horizontal_content_list": (0, 6),
    "jump_list": (0, 3),
    "select_list": (1, 3),
    "vertical_content_list": (0, 4),
}


def card(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The card itself. Too long texts are cut by the platform, wrong parts refused: those never leave."""
    kind = said.get("card_type")
    if kind not in _MAY:
        raise Unsendable("card_type")
    for part in _MUST[kind]:
        if not said.get(part):
            raise Unsendable(part)
    if not any(said.get(part) for part in _MUST_ONE.get(kind, ("card_type",))):
        raise Unsendable(_MUST_ONE[kind][0])
    for part in said.keys() - _ANY - _MAY[kind]:
        raise Unsendable(part)
    _parts(said)
    return said


def _parts(said: Mapping[str, Any]) -> None:
    if "action_menu" in said and not said.get("task_id"):
        raise Unsendable("task_id")
    if said.get("task_id") and not _TASK.fullmatch(said["task_id"]):
        raise Unsendable("task_id")
    for way, (least, most) in _LISTS.items():
        part, _, name = way.partition(".")
        if part in said:
            few(way, said[part].get(name, ()) if name else said[part], most, least=least)
    _keys(said)


def _keys(said: Mapping[str, Any]) -> None:
    """Keys come back in the event: each one once, and none cut."""
    keys = [str(button["key"]) for button in said.get("button_list", ()) if "key" in button]
    if len(set(keys)) < len(keys):
        raise Unsendable("key")
    for key in [*keys, str(said.get("submit_button", {}).get("key", ""))]:
        bounded("key", key, _KEY_BYTES)


def _send_card(call: SendAppCard, context: Context) -> Request:
    return send(call.userids, context, msgtype="template_card", template_card=card(call.card))


def _update(call: UpdateAppCard, context: Context) -> Request:
    if bool(call.replace_name) == bool(call.card):
        raise Unsendable("replace_name")
    return post(
        "/cgi-bin/message/update_template_card",
        userids=few("userids", call.userids, MOST_MEMBERS) or None,
        atall=None if call.userids else 1,
        agentid=context.agent_id,
        response_code=call.response_code,
        button={"replace_name": call.replace_name} if call.replace_name else None,
        template_card=card(call.card) if call.card else None,
    )


CARDS: dict[type[Call], Build] = {SendAppCard: _send_card, UpdateAppCard: _update}
