from __future__ import annotations

from datetime import datetime

from tests.sandbox.kit import EC, Bench, world_with


async def plan(bench, *customers, sender="WangFang", text="上新了", **more):
    body = {"sender": sender, "text": {"content": text}, **more}
    if customers:
        body["external_userid"] = [bench.external(key) for key in customers]
    return await bench.post(f"{EC}/add_msg_template", body)


async def results(bench, msgid, userid="WangFang"):
    body = {"msgid": msgid, "userid": userid}
    listed = (await bench.post(f"{EC}/get_groupmsg_send_result", body))["send_list"]
    return [one["status"] for one in listed]


async def test_nothing_is_sent_before_the_guide_confirms(bench):
    made = await plan(bench, "c0002")
    await bench.advance(86400)
    assert await results(bench, made["msgid"]) == [0]
    assert await bench.conversation("c0002") == []
    confirmed = await bench.act("confirm_task", guide="WangFang", msgid=made["msgid"])
    assert confirmed["sent"] == 1
    assert await results(bench, made["msgid"]) == [1]
    assert await bench.conversation("c0002") == ["上新了"]
    task = await bench.post(f"{EC}/get_groupmsg_task", {"msgid": made["msgid"]})
    assert task["task_list"][0]["status"] == 2
    assert task["task_list"][0]["send_time"] == bench.sandbox.stage.clock.timestamp()


async def test_a_guide_confirms_by_her_habit_within_working_hours(bench):
    await bench.control("clock", {"to": "2026-11-20T20:29:00+08:00"})
    made = await plan(bench, "c0003", sender="LiNa")
    report = await bench.control("clock", {"step": {}})
    now = datetime.fromisoformat(report["now"])
    assert report["applied"] == [f"LiNa confirms {made['msgid']}"]
    assert (now.day, now.hour) == (21, 9)
    assert await results(bench, made["msgid"], "LiNa") == [1]


async def test_the_same_plan_is_confirmed_at_the_same_time_whatever_came_before():
    moments = []
    for noise in (0, 2):
        async with Bench() as bench:
            for _ in range(noise):
                await plan(bench, "c0004", sender="ZhaoMin")
            await plan(bench, "c0003", sender="LiNa")
            agenda = bench.sandbox.stage.agenda
            lina = [
                p.at
                for p in agenda.take(agenda._heap[-1].at.replace(year=2027))
                if "LiNa" in p.label
            ]
            moments.append(lina)
    assert moments[0] == moments[1]


async def test_who_deleted_the_guide_is_no_friend_any_more(bench):
    made = await plan(bench, "c0002")
    await bench.act("delete_guide", customer="c0002", guide="WangFang")
    await bench.act("confirm_task", guide="WangFang", msgid=made["msgid"])
    assert await results(bench, made["msgid"]) == [2]
    assert bench.arrivals(channel="wecom_mass", status="not_friend")


async def test_the_quota_of_a_day_is_one():
    async with Bench(world_with(mass_quota="day")) as bench:
        statuses = []
        for text in ("早", "晚"):
            made = await plan(bench, "c0002", text=text)
            await bench.act("confirm_task", guide="WangFang", msgid=made["msgid"])
            statuses += await results(bench, made["msgid"])
        assert statuses == [1, 3]
        assert await bench.conversation("c0002") == ["早"]


async def test_the_quota_of_a_month_is_its_days(bench):
    for n in range(30):
        made = await plan(bench, "c0002", text=f"第{n}条")
        await bench.act("confirm_task", guide="WangFang", msgid=made["msgid"])
    over = await plan(bench, "c0002", text="多的一条")
    await bench.act("confirm_task", guide="WangFang", msgid=over["msgid"])
    assert await results(bench, over["msgid"]) == [3]
    assert len(await bench.conversation("c0002")) == 30


async def test_strangers_fail_at_once_and_an_empty_audience_is_41048(bench):
    made = await plan(bench, "c0002", "c0003")
    assert made["fail_list"] == [bench.external("c0003")]
    assert (await plan(bench, "c0003"))["errcode"] == 41048


async def test_tags_pick_receivers_of_one_sender(bench):
    made = await bench.post(
        f"{EC}/add_corp_tag", {"group_name": "品类", "tag": [{"name": "大衣"}, {"name": "裙"}]}
    )
    coat, dress = (tag["id"] for tag in made["tag_group"]["tag"])
    await bench.act("add_friend", customer="c0001", guide="WangFang")
    await bench.act("edit_customer", guide="WangFang", customer="c0001", add_tags=[coat])
    both = {"group_list": [{"tag_list": [coat]}, {"tag_list": [dress]}]}
    either = {"group_list": [{"tag_list": [coat, dress]}]}
    assert (await plan(bench, tag_filter=both))["errcode"] == 41048
    picked = await plan(bench, tag_filter=either)
    assert len(await results(bench, picked["msgid"])) == 1


async def test_reminders_are_three_a_day_and_cancelling_stops_the_rest(bench):
    msgid = (await plan(bench, "c0002"))["msgid"]
    codes = [
        (await bench.post(f"{EC}/remind_groupmsg_send", {"msgid": msgid}))["errcode"]
        for _ in range(4)
    ]
    assert codes == [0, 0, 0, 41094]
    await bench.post(f"{EC}/cancel_groupmsg_send", {"msgid": msgid})
    assert not (await bench.act("confirm_task", guide="WangFang", msgid=msgid))["ok"]
    again = await bench.post(f"{EC}/cancel_groupmsg_send", {"msgid": msgid})
    assert again["errcode"] == 41093


async def test_a_group_mass_message_reaches_the_group_and_its_members(bench):
    chat_id = next(iter(bench.world.groups))
    made = await plan(bench, chat_type="group", chat_id_list=[chat_id])
    await bench.act("confirm_task", guide="WangFang", msgid=made["msgid"])
    assert await bench.conversation("c0002") == ["上新了"]
    [row] = bench.arrivals(channel="group_mass")
    assert (row["chat_id"], row["recipients"]) == (chat_id, ["c0002"])


async def test_texts_and_media_are_checked(bench):
    assert (await plan(bench, "c0002", text="长" * 1334))["errcode"] == 45002
    picture = [{"msgtype": "image", "image": {"media_id": "gone"}}]
    assert (await plan(bench, "c0002", attachments=picture))["errcode"] == 40007


async def test_finished_tasks_are_listed(bench):
    msgid = (await plan(bench, "c0002"))["msgid"]
    now = bench.sandbox.stage.clock.timestamp()
    window = {"chat_type": "single", "start_time": now - 60, "end_time": now + 60}
    listed = await bench.post(f"{EC}/get_groupmsg_list_v2", window)
    assert [task["msgid"] for task in listed["group_msg_list"]] == [msgid]
    too_wide = {**window, "start_time": now - 40 * 86400}
    assert (await bench.post(f"{EC}/get_groupmsg_list_v2", too_wide))["errcode"] == 40058
