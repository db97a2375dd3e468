"""A link in a message leads somewhere: it is never cut."""

from __future__ import annotations


def test_a_long_join_link_stays_whole(content):
    link = "http://127.0.0.1:18765/qr/" + "a1b2c3d4" * 8
    text = content.render("group/invite", {"group": "福利群", "join_link": link})
    assert link in text


def test_a_name_that_is_a_link_is_cut(content):
    name = "https://evil.example.com/" + "x" * 80
    text = content.render(
        "group/invite", {"称呼": name, "group": "福利群", "join_link": "http://x/qr/1"}
    )
    assert name not in text
