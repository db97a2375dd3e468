"""`siyu clock`, `trigger` and `tail` against a real sandbox process; `siyu sandbox` is that process."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from tests.processes import ROOT, Process, environment, free_port, read


def test_the_clock_moves_by_words(connected):
    def shown() -> datetime:
        return datetime.fromisoformat(connected("clock", "show", "--json").document["now"])

    before = shown()
    assert connected("clock", "advance", "1h30m").code == 0
    assert 5400 <= (shown() - before).total_seconds() < 5460
    assert connected("clock", "reset").code == 0
    assert (shown() - before).total_seconds() < 60


def test_the_sandbox_is_found_by_url_too(run, sandbox):
    assert run("clock", "show", "--url", sandbox.url).code == 0
    nobody = run("clock", "show", "--url", f"http://127.0.0.1:{free_port()}")
    assert nobody.code == 1
    assert "siyu sandbox" in nobody.err


def test_a_real_platform_is_never_steered(run):
    done = run("clock", "advance", "1d", "--url", "https://qyapi.weixin.qq.com")
    assert done.code == 2
    assert "不是本机上的沙盒" in done.err


def test_a_new_friend_needs_no_particulars(connected, sandbox):
    done = connected("trigger", "add_friend", "--json")
    assert done.code == 0
    assert done.document["result"]["ok"]
    [act] = sandbox.rows("act", act="add_friend")[-1:]
    assert act["args"]["customer"] == done.document["customer"]


@pytest.mark.parametrize(
    "words",
    [
        ["say_kf", "--customer", "c0001", "--text", "你好"],
        ["enter_session"],
        ["join_group", "--customer", "c0003"],
        ["follow_official"],
        ["say_official", "--text", "活动"],
        ["say_guide"],
        ["set_notice", "--set", "chat_id={group}", "--set", "text=营业到九点"],
    ],
)
def test_events_happen_by_name(connected, sandbox, words):
    group = sandbox_state(sandbox)["groups"][0]["chat_id"]
    done = connected("trigger", *(word.format(group=group) for word in words))
    assert done.code == 0, done.err
    assert done.out.startswith("✓ ")


def sandbox_state(sandbox):
    return json.loads(read(f"{sandbox.url}/__sandbox__/state")[1])


def test_without_an_event_it_lists_them(connected):
    assert {"add_friend", "say_kf", "confirm_task"} <= set(connected("trigger").out.split())


def test_an_unknown_event_lists_what_there_is(connected):
    done = connected("trigger", "add_frend")
    assert done.code == 2
    assert "siyu trigger add_friend" in done.err
    assert "confirm_task" in done.err


def test_what_cannot_happen_now_says_so(connected):
    assert "没有等导购确认的任务" in connected("trigger", "confirm_task").err
    refused = connected("trigger", "leave_group", "--customer", "c0004", "--set", "chat_id=none")
    assert refused.code == 1


def test_tail_shows_the_log_for_people_and_for_programs(connected):
    connected("trigger", "add_friend")
    assert "• 动作  add_friend" in connected("tail", "--no-follow").out
    lines = connected("tail", "--no-follow", "--json", "-n", "3").out.splitlines()
    assert len([json.loads(line) for line in lines]) <= 3


def test_siyu_sandbox_is_the_sandbox_process(tmp_path):
    process = Process(
        "bot", "sandbox", "--port", "abc", home=tmp_path, env=environment(PYTHONPATH=str(ROOT))
    )
    assert process.ends() == 2
    assert "siyu sandbox" in process.said()
