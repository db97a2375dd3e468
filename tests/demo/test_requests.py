"""Whatever the bot says in a played day, it says as the platforms document it."""

from __future__ import annotations

import json

from tests.platforms import shapes


def test_every_request_of_a_played_day_is_as_documented(recorded):
    with (recorded / "sandbox.log").open(encoding="utf-8") as log:
        rows = [json.loads(line) for line in log]
    asked = {row["path"] for row in rows if row["side"] == "api"}
    assert len(asked) > 15, "the day is too quiet to tell anything"
    assert shapes.of_log(rows) == []


def test_the_log_of_a_wrong_request_is_not_passed():
    row = {"side": "api", "platform": "wecom", "method": "POST", "query": {}}
    said = {"msgid": 7, "limits": 1}
    log = [row | {"path": "/cgi-bin/externalcontact/get_groupmsg_task", "request": said}]
    assert shapes.of_log(log) == [
        "/cgi-bin/externalcontact/get_groupmsg_task .limits: not documented",
        "/cgi-bin/externalcontact/get_groupmsg_task .msgid: 7 is no str",
    ]
