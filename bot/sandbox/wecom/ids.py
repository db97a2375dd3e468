"""Ids of one kind for ids of another, as far as an app that the corp built itself may ask."""

from __future__ import annotations

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.groups import opengid

routes = Routes()
PROVIDERS_ONLY = {
    "/cgi-bin/externalcontact/unionid_to_external_userid": {"external_userid": ""},
    "/cgi-bin/idconvert/unionid_to_external_userid": {"external_userid": "", "pending_id": ""},
    "/cgi-bin/idconvert/batch/external_userid_to_pending_id": {"result": []},
}


@routes.post("/cgi-bin/externalcontact/opengid_to_chatid", empty={"chat_id": ""})
def chat_of(stage: Stage, call: Call) -> Body:
    """`opengid` is what a mini program sees inside the group; the state shows it."""
    wanted = call.text("opengid")
    found = (chat_id for chat_id in stage.world.groups if opengid(chat_id) == wanted)
    chat_id = next(found, None)
    if chat_id is None:
        raise Refuse(40058, "opengid")
    return {"chat_id": chat_id}


def _not_yours(_stage: Stage, _call: Call) -> Body:
    """For service providers alone: a self-built app matches unionids itself."""
    raise Refuse(48002)


for _path, _empty in PROVIDERS_ONLY.items():
    routes.post(_path, empty=_empty)(_not_yours)


@routes.post("/cgi-bin/externalcontact/close_temp_chat")
def close_chat(stage: Stage, call: Call) -> None:
    stage.follow(call.text("userid"), call.text("external_userid", missing=41035))
