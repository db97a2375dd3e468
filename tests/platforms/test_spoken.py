"""All that can be said is said as documented, and all that is documented for us can be said."""

from __future__ import annotations

import pytest

from bot import calls
from bot.calls import GetOAuthFan, SendKf
from bot.calls.model import AskModel
from bot.platforms.limits import Unsendable
from bot.platforms.official import requests as official
from bot.platforms.wecom import requests as wecom
from bot.platforms.wecom.requests.context import Context
from tests.platforms import shapes, spoken, test_official_requests, test_wecom_requests

EVERYDAY = [
    *(call for call, *_ in test_wecom_requests.GETS + test_wecom_requests.POSTS),
    *(call for call, *_ in test_official_requests.GETS + test_official_requests.POSTS),
]
EVERY = [*EVERYDAY, *(call for call, *_ in spoken.OF_WECOM + spoken.OF_OFFICIAL)]
BY_THE_CLIENTS = {
    "GET /cgi-bin/gettoken",
    "POST /cgi-bin/stable_token",
    "POST /cgi-bin/media/upload",
    "POST /cgi-bin/media/upload_attachment",
    "GET /sns/oauth2/access_token",
    "GET /sns/userinfo",
}
"""Tokens, uploads and sign-in: on the way of another call; see test_gateway.py."""
OTHER_METHOD = {
    "POST /cgi-bin/externalcontact/get_moment_task_result",
    "POST /cgi-bin/externalcontact/customer_acquisition_quota",
    "GET /cgi-bin/externalcontact/customer_acquisition/statistic",
}
"""As other clients ask; ours follow the documents."""


def build(call: calls.Call):
    if type(call) in official.BUILDS:
        return official.build(call, spoken.OFFICIAL)
    return wecom.build(call, spoken.WECOM)


@pytest.mark.parametrize(("call", "where", "said"), spoken.OF_WECOM + spoken.OF_OFFICIAL)
def test_a_call_is_said_as_documented(call, where, said):
    request = build(call)
    path = request.path if type(call) in official.BUILDS else request.path[len("/cgi-bin") :]
    assert f"{request.method} {path.lstrip('/')}" == where
    given = request.query if request.method == "GET" else request.body
    assert given == said


def test_no_request_of_ours_goes_beyond_the_documents():
    assert [trouble for call in EVERY for trouble in shapes.of_call(call)] == []


@pytest.mark.parametrize(("call", "reason"), spoken.TOO_MUCH)
def test_what_the_platforms_would_refuse_never_leaves(call, reason):
    with pytest.raises(Unsendable) as refusal:
        build(call)
    assert refusal.value.reason == reason


def test_every_call_can_be_said_and_is():
    ours = {kind for kind in calls.CALLS.kinds() if kind.__module__.startswith("bot.calls")}
    elsewhere = {GetOAuthFan, AskModel}
    assert ours == set(official.BUILDS) | set(wecom.BUILDS) | elsewhere
    assert ours == {type(call) for call in EVERY} | elsewhere


@pytest.mark.parametrize("platform", ["wecom", "official"])
def test_every_documented_api_for_us_can_be_asked(platform):
    said = [shapes.spoken(call) for call in EVERY]
    asked = {f"{one[1]} {one[2]}" for one in said if one and one[0] == platform}
    assert shapes.apis(platform).keys() - asked <= BY_THE_CLIENTS | OTHER_METHOD
    assert asked <= shapes.apis(platform).keys()


@pytest.mark.parametrize("platform", ["wecom", "official"])
def test_the_documents_own_examples_pass_the_same_check(platform):
    for api, sample in shapes.facts("samples")[platform].items():
        method, path = api.split()
        asked = shapes.of_request(platform, method, path, {}, sample.get("request") or {})
        assert "request" not in sample or asked == []
        assert shapes.of_answer(platform, method, path, sample.get("response", {})) == []


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ({"touser": "w", "open_kfid": "k"}, ".msgtype: missing"),
        ({"touser": ["w"], "open_kfid": "k", "msgtype": "text"}, ".touser: ['w'] is no str"),
        (
            {"touser": "w", "open_kfid": "k", "msgtype": "text", "text": "x"},
            ".text: no object",
        ),
        (
            {"touser": "w", "open_kfid": "k", "msgtype": "text", "text": {"contents": "x"}},
            ".text.contents: not documented",
        ),
        (
            {"touser": "w", "open_kfid": "k", "msgtype": "msgmenu", "msgmenu": {"list": {}}},
            ".msgmenu.list: no list",
        ),
    ],
)
def test_the_check_sees_wrong_names_nesting_types_and_gaps(said, trouble):
    path = "/cgi-bin/kf/send_msg"
    assert f"{path} {trouble}" in shapes.of_request("wecom", "POST", path, {}, said)


def test_numbers_are_not_truths_and_unknown_apis_are_none():
    path = "/cgi-bin/externalcontact/groupchat/get"
    said = {"chat_id": "c", "need_name": True}
    assert shapes.of_request("wecom", "POST", path, {"debug": "1"}, said) == [
        f"{path} query debug: not documented",
        f"{path} .need_name: True is no int(0/1)",
    ]
    assert shapes.of_request("wecom", "GET", "/cgi-bin/nowhere", {}, None) != []


def test_a_picture_that_is_none_never_leaves():
    for content in (b"", b"x" * (2 * 1024 * 1024 + 1)):
        with pytest.raises(Unsendable):
            wecom.build(
                calls.UploadPicture(media="a"), Context(agent_id=1, contents={"a": content})
            )


def test_calls_with_cards_are_read_back_as_they_were():
    call = SendKf(**spoken.KF, msgid="m", card=spoken.VIDEO)
    assert calls.load(calls.dump(call)) == call
