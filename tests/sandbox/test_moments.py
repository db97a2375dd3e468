from __future__ import annotations

from tests.sandbox.kit import EC


async def test_a_moment_is_seen_once_its_guide_has_published_it(bench):
    body = {
        "text": {"content": "冬装到店"},
        "visible_range": {"sender_list": {"user_list": ["WangFang", "nobody"]}},
    }
    job = {"jobid": (await bench.post(f"{EC}/add_moment_task", body))["jobid"]}
    done = await bench.get(f"{EC}/get_moment_task_result", **job)
    assert (await bench.post(f"{EC}/get_moment_task_result", job))["status"] == done["status"] == 3
    assert done["result"]["invalid_sender_list"]["user_list"] == ["nobody"]
    asked = {"moment_id": done["result"]["moment_id"], "userid": "WangFang"}
    assert (await bench.post(f"{EC}/get_moment_customer_list", asked))["errcode"] == 41062
    await bench.act("confirm_moment", guide="WangFang", moment_id=asked["moment_id"])
    seen = await bench.post(f"{EC}/get_moment_customer_list", asked)
    assert [one["external_userid"] for one in seen["customer_list"]] == [bench.external("c0002")]
    assert bench.arrivals(channel="moment", to="c0002")


async def test_a_cancelled_moment_is_not_published(bench):
    made = await bench.post(f"{EC}/add_moment_task", {"text": {"content": "清仓"}})
    done = await bench.get(f"{EC}/get_moment_task_result", jobid=made["jobid"])
    moment = {"moment_id": done["result"]["moment_id"]}
    await bench.post(f"{EC}/cancel_moment_task", moment)
    assert not (await bench.act("confirm_moment", guide="WangFang", **moment))["ok"]
