"""A session as a file: without what belongs to one visitor, and compared line by line."""

from __future__ import annotations

import pytest

from bot.domain.refusals import Refusal
from bot.sandbox.clock import parse_moment
from bot.web.sandbox.scenario import compare, facts_for, read, recorded

VIEW = {
    "id": "visitor-3",
    "conversation": [
        {"channel": "kf", "from": "visitor-3", "text": "优惠", "attachments": [], "msgid": ""},
        {
            "channel": "kf",
            "from": "wk",
            "text": "券码 F7V32Z4PLQ，http://x/l/ab 里看，3 月 12 日前",
            "attachments": [],
            "msgid": "m1",
        },
    ],
}


def did(act, at, **args):
    return {"act": act, "t": f"2026-03-12T{at}+08:00", "args": args, "result": {"ok": True}}


def saved(*rows):
    return recorded(rows, VIEW, parse_moment("2026-03-12T10:30:00+08:00"))


def test_what_she_did_is_kept_without_her_name_and_links():
    kept = saved(
        did("say_kf", "10:24:05", customer="visitor-3", name="林小满", kf="wk", text="优惠"),
        did("view_link", "10:25:05", customer="visitor-3", url="http://x/l/ab"),
        did("confirm_task", "10:26:05", guide="SuQing", msgid="m1"),
        did("say_kf", "10:27:00", customer="visitor-9", text="别人"),
    )
    assert [(s.after, s.act, dict(s.facts)) for s in kept.steps] == [
        (0, "say_kf", {"kf": "wk", "text": "优惠"}),
        (60, "view_link", {"link": "0"}),
        (120, "confirm_task", {"guide": "SuQing"}),
    ]
    assert (kept.starts, kept.lasts) == ("10:24", 355)
    assert facts_for(kept.steps[1], ["http://x/l/zz"]) == {"url": "http://x/l/zz"}


def test_codes_links_and_numbers_are_left_open():
    kept = saved(did("say_kf", "10:24:05", customer="visitor-3", text="优惠"))
    assert kept.hears == (("kf", "券码 #，# 里看，# 月 # 日前"),)
    assert read(kept.model_dump_json()) == kept


@pytest.mark.parametrize("code", ["NFBUNDJLAK", "2345678923", "F7V32Z4PLQ"])
def test_a_code_is_left_open_whatever_was_drawn(code):
    """One code in eighteen has no digit at all."""
    line = VIEW["conversation"][1] | {"text": f"券码{code}，用"}
    done = [did("say_kf", "10:24:05", customer="visitor-3", text="优惠")]
    kept = recorded(
        done, VIEW | {"conversation": [line]}, parse_moment("2026-03-12T10:30:00+08:00")
    )
    assert kept.hears == (("kf", "券码#，用"),)


def test_lines_may_come_in_another_order_but_none_may_be_missing():
    lines = [("kf", "甲"), ("official", "乙")]
    assert compare(lines, lines[::-1]).same
    verdict = compare(lines, [("kf", "甲"), ("kf", "丙")])
    assert (verdict.missing, verdict.surplus) == (("乙",), ("丙",))


@pytest.mark.parametrize("text", ["", "[]", '{"siyu_scenario": 1}', '{"siyu_scenario": 9}'])
def test_another_file_is_refused(text):
    with pytest.raises(Refusal, match="not_a_scenario"):
        read(text)


def test_nothing_done_is_nothing_to_save():
    with pytest.raises(Refusal, match="nothing_done"):
        saved()
