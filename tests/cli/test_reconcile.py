"""`siyu reconcile` against a real sandbox whose callbacks were lost."""

from __future__ import annotations


def test_what_was_missed_is_told_and_mended(connected, sandbox):
    sandbox.ask("faults", {"faults": [{"match": "callback", "p": 1, "do": "lost"}]})
    assert connected("reconcile", "--json").code == 0
    connected("trigger", "add_friend", "--customer", "missed")
    looked = connected("reconcile", "--dry-run")
    assert "好友关系：这边没有 1（" in looked.out
    assert "什么都没改" in looked.out
    mended = connected("reconcile", "--json").document
    assert {(one["what"], one["where"], one["repaired"]) for one in mended["drift"]} >= {
        ("customer", "missing_here", 1),
        ("follow", "missing_here", 1),
    }
    assert mended["calls"]["get_customers_of"] == 1


def test_what_could_not_be_asked_is_told(connected, sandbox):
    fault = {"match": "*/groupchat/list", "p": 1, "do": "errcode:48002"}
    sandbox.ask("faults", {"faults": [fault]})
    done = connected("reconcile")
    assert done.code == 1
    assert "没对成 group_chats：应用没有权限（48002）" in done.out
