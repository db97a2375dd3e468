"""Answers are whole, or are not taken for done."""

from __future__ import annotations

import json

import pytest

from bot.calls import AddContactWay, Call, GetCustomer, Sent, TryLater, Unclear
from bot.platforms.answers import Half, fit
from bot.platforms.api import judged
from bot.platforms.official.answers import ANSWERS as OFFICIAL
from bot.platforms.request import Request
from bot.platforms.wecom.answers import ANSWERS as WECOM
from tests.fakes import FakePlatform
from tests.platforms import shapes
from tests.platforms.test_spoken import EVERY

PLATFORMS = {"wecom": WECOM, "official": OFFICIAL}
WAY = AddContactWay(userids=("a",), state="s")
CUSTOMER = GetCustomer(external_userid="w")
GET = {"external_contact": {"external_userid": "w"}}


def told(body: dict, call: Call) -> object:
    asked = Request(method="POST", path="/x", repeatable=call.repeatable, answer=WECOM[type(call)])
    return judged({"errcode": 0, "errmsg": "ok", **body}, asked, {})


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_documented_answer_is_read_and_nothing_in_it_lost(platform):
    samples, read = shapes.facts("samples")[platform], 0
    for call in EVERY:
        said = shapes.spoken(call)
        sample = said and samples.get(f"{said[1]} {said[2]}", {}).get("response")
        if not sample or said[0] != platform:
            continue
        found = fit(sample, PLATFORMS[platform].get(type(call), {}))
        missing = {name for name, value in sample.items() if value and not found.get(name)}
        assert not missing, (call, missing)
        read += 1
    assert read > 20


def test_what_the_suites_fake_platform_says_is_documented():
    platform = FakePlatform()
    for call in EVERY:
        said = shapes.spoken(call)
        plausible = platform.plausible(call)
        assert shapes.of_answer(*said[:3], json.loads(json.dumps(plausible))) == [], call


@pytest.mark.parametrize(
    ("said", "fitted"),
    [
        (GET, GET | {"follow_user": []}),
        (GET | {"follow_user": None}, GET | {"follow_user": []}),
        (
            GET | {"follow_user": [{"userid": 7, "createtime": "12"}], "next_cursor": None},
            GET | {"follow_user": [{"userid": "7", "createtime": 12}]},
        ),
        (GET | {"brand_new": [1]}, GET | {"brand_new": [1], "follow_user": []}),
    ],
)
def test_types_are_made_what_callers_count_on(said, fitted):
    assert told(said, CUSTOMER) == Sent(fitted)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"external_contact": None},
        {"external_contact": []},
        {"external_contact": {"name": "x"}},
        GET | {"follow_user": "none"},
        GET | {"follow_user": [{"userid": None}]},
        GET | {"follow_user": [{"userid": "a", "createtime": "soon"}]},
        GET | {"follow_user": [{"userid": True}]},
    ],
)
def test_half_an_answer_is_no_answer(said):
    assert isinstance(told(said, CUSTOMER), TryLater)


def test_half_an_answer_to_what_cannot_be_repeated_is_unclear():
    assert told({}, WAY) == Unclear("nonsense")
    with pytest.raises(Half):
        fit({}, {"config_id": str})
