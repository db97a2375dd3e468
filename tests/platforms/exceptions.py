"""Where the documents differ from the field lists: one row each, with its source. The documents win."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WECOM, OFFICIAL = "wecom", "official"
OPTIONAL = "may be left out"


@dataclass(frozen=True)
class Difference:
    platform: str
    api: str
    part: str
    """`request`, `response` or `query`."""
    field: str
    """The way to it, as `attachments.link.media_id`; with `?` at its end it may be left out."""
    says: Any
    """OPTIONAL, or its type or shape, added or in place of the listed one."""
    source: str

    def amend(self, apis: dict[str, Any]) -> None:
        if self.part == "query":
            apis[self.api]["query"].append(self.field)
            return
        inner = apis[self.api][self.part]
        *way, last = self.field.split(".")
        for name in way:
            inner = inner[name] if name in inner else inner[f"{name}?"]
            inner = inner[0] if isinstance(inner, list) else inner
        bare = last.rstrip("?")
        before = [inner.pop(name) for name in (bare, f"{bare}?") if name in inner]
        if self.says is OPTIONAL:
            inner[f"{bare}?"] = before[0]
        else:
            inner[last] = self.says


_CARDS = {
    "image?": {"media_id?": "str", "pic_url?": "str"},
    "link?": {"title": "str", "url": "str", "desc?": "str", "picurl?": "str"},
    "miniprogram?": {"title": "str", "pic_media_id": "str", "appid": "str", "page": "str"},
    "file?": {"media_id": "str"},
    "video?": {"media_id": "str"},
}
_PICTURE_WITH_WORDS = {
    "type?": "int",
    "url?": "str",
    "appid?": "str",
    "pagepath?": "str",
    "title?": "str",
    "desc?": "str",
    "image_url": "str",
}
_CHOICE = {
    "question_key": "str",
    "title?": "str",
    "option_list": [{"id": "str", "text": "str"}],
    "selected_id?": "str",
}
_TEMPLATES = "externalcontact/group_welcome_template"
_ACTION_TITLE = "template_card.card_action.title"
_MOMENTS = "externalcontact/get_moment_list"


def _wecom(call: str, part: str, field: str, says: Any, source: str) -> Difference:
    method, path = call.split()
    return Difference(WECOM, f"{method} /cgi-bin/{path}", part, field, says, source)


def _official(call: str, part: str, field: str, says: Any, source: str) -> Difference:
    method, path = call.split()
    return Difference(OFFICIAL, f"{method} /{path}", part, field, says, source)


EXCEPTIONS = (
    # A card by its kind: the lists name them and leave them empty.
    *(
        _wecom(f"POST {_TEMPLATES}/{verb}", part, name, shape, "document 92366")
        for verb, part in (("add", "request"), ("edit", "request"), ("get", "response"))
        for name, shape in _CARDS.items()
    ),
    *(
        _wecom(
            f"POST message/{verb}", "request", _ACTION_TITLE, OPTIONAL, "documents 90236, 94888"
        )
        for verb in ("send", "update_template_card")
    ),
    *(
        _wecom(
            f"POST message/{verb}",
            "request",
            f"template_card.{part}?",
            shape,
            "document 90236: by the kind of the card",
        )
        for verb in ("send", "update_template_card")
        for part, shape in (
            ("image_text_area", _PICTURE_WITH_WORDS),
            ("button_selection", _CHOICE),
        )
    ),
    _wecom("POST message/send", "request", "mpnews.articles.url", OPTIONAL, "document 90236"),
    _wecom(
        "POST message/update_template_card",
        "request",
        "button.task_id",
        OPTIONAL,
        "document 94888: a card is found by its response_code",
    ),
    _wecom("POST kf/sync_msg", "request", "token", OPTIONAL, "document 94670"),
    _wecom("POST kf/add_contact_way", "request", "scene?", "str", "document 94665"),
    _wecom(
        "POST menu/create", "request", "button.type", OPTIONAL, "document 90231: with sub_button"
    ),
    _wecom("POST media/upload", "response", "created_at", "str", "document 90253"),
    _wecom(
        "POST externalcontact/contact_list",
        "response",
        "info_list.is_customer",
        "bool",
        "document 99434",
    ),
    *(
        _wecom(
            f"POST {_MOMENTS}", "response", f"moment_list.location.{name}", "str", "document 93333"
        )
        for name in ("latitude", "longitude")
    ),
    _wecom(
        "POST externalcontact/batch/get_by_user",
        "response",
        "fail_info?",
        {"unlicensed_userid_list?": "str[]"},
        "document 92994",
    ),
    _wecom(
        "POST externalcontact/add_intercept_rule",
        "request",
        "word_list",
        OPTIONAL,
        "document 95097: words or semantics",
    ),
    _wecom(
        "POST externalcontact/update_intercept_rule",
        "request",
        "rule_name",
        OPTIONAL,
        "document 95097",
    ),
    _wecom(
        "POST externalcontact/update_intercept_rule",
        "request",
        "word_list",
        OPTIONAL,
        "document 95097",
    ),
    _wecom("GET externalcontact/get", "query", "cursor", "str", "document 92114"),
    _official(
        "POST cgi-bin/message/custom/send",
        "request",
        "aimsgcontext?",
        {"is_ai_msg": "int(0/1)"},
        "doc/service, customer message, 2025-26",
    ),
    _official(
        "POST cgi-bin/stable_token",
        "request",
        "force_refresh",
        OPTIONAL,
        "doc/service, stable_token",
    ),
    *(
        _official(
            f"POST cgi-bin/menu/{verb}",
            "request",
            "button.type",
            OPTIONAL,
            "doc/service: with sub_button",
        )
        for verb in ("create", "addconditional")
    ),
    *(
        _official(
            "POST cgi-bin/menu/addconditional",
            "request",
            f"matchrule.{name}?",
            "str",
            "doc/service, menu",
        )
        for name in ("tag_id", "client_platform_type")
    ),
    _official(
        "POST cgi-bin/menu/addconditional", "response", "menuid", "str", "doc/service, menu"
    ),
    _official("POST cgi-bin/menu/delconditional", "request", "menuid", "str", "doc/service, menu"),
    _official(
        "GET cgi-bin/menu/get",
        "response",
        "conditionalmenu.matchrule",
        {"*": "any"},
        "doc/service: rules of older menus may still name what new ones may not",
    ),
    _official(
        "POST cgi-bin/template/api_add_template",
        "request",
        "keyword_name_list",
        OPTIONAL,
        "doc/service",
    ),
    *(
        _official(
            f"POST cgi-bin/message/mass/{verb}",
            "request",
            "msg_id",
            "num(wire: str)",
            "doc/service, mass",
        )
        for verb in ("get", "delete")
    ),
    *(
        _official(
            "GET sns/oauth2/access_token",
            "response",
            name,
            "str",
            "doc/service, web authorisation",
        )
        for name in ("access_token", "refresh_token", "openid", "scope")
    ),
    _official(
        "GET sns/oauth2/access_token",
        "response",
        "expires_in",
        "int",
        "doc/service, web authorisation",
    ),
)

UNLISTED: dict[str, dict[str, Any]] = {
    # The documents' GET, where the list says POST.
    WECOM: {
        "GET /cgi-bin/menu/delete": {"query": ["agentid"], "request": {}, "response": {}},
        "GET /cgi-bin/externalcontact/get_moment_task_result": {"as": "POST", "query": ["jobid"]},
        "GET /cgi-bin/externalcontact/customer_acquisition_quota": {"as": "POST"},
        "POST /cgi-bin/externalcontact/customer_acquisition/statistic": {
            "as": "GET",
            "request": {"link_id": "str", "start_time": "int64", "end_time": "int64"},
        },
    },
    OFFICIAL: {
        "GET /cgi-bin/menu/delete": {"request": {}, "response": {}},
        "GET /cgi-bin/media/get": {
            "query": ["media_id"],
            "request": {},
            "response": {"video_url?": "str"},
        },
    },
}
"""APIs that the lists leave out, or give with another method: documents 95094, 97375, 90233 and doc/service."""
