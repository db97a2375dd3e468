from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.calls import AddCorpTags, EditCorpTag, ListCorpTags, MarkTags, Refused, Sent, Unclear
from bot.domain.tags import Tag, TagGroup
from bot.events import CorpTagChanged
from bot.outbound.tag_mirror import mirror, retag_everybody
from bot.store import customers, tags


async def a_tagged_friend(bot, *names, guides=("WangFang",)):
    async with bot.session() as s:
        for userid in guides:
            tie = await customers.follow(
                s, bot.vault, userid=userid, external_userid="wm1", at=bot.now
            )
        await put(s, bot, tie.customer.id, *names)
    return tie.customer.id


async def put(session, bot, customer_id, *names):
    for name in names:
        await tags.put(
            session, customer_id=customer_id, tag=name, source="menu", evidence={}, now=bot.now
        )


async def mirrored(bot):
    """Mirror until nothing is left to do; the calls made."""
    made = []
    for _ in range(4):
        await bot.works(mirror)
        made += await bot.sends()
    return made


def marks(calls):
    return [call for call in calls if isinstance(call, MarkTags)]


async def test_a_tag_is_made_once_and_marked_on_every_follow(bot):
    await a_tagged_friend(bot, "兴趣/衬衫", guides=("WangFang", "LiNa"))
    calls = await mirrored(bot)
    assert [c.names for c in calls if isinstance(c, AddCorpTags)] == [("衬衫",)]
    assert {c.userid for c in marks(calls)} == {"WangFang", "LiNa"}
    assert all(len(c.add) == 1 for c in marks(calls))


async def test_nothing_is_sent_when_nothing_changed(bot):
    await a_tagged_friend(bot, "兴趣/衬衫")
    await mirrored(bot)
    assert await mirrored(bot) == []


async def test_two_tags_of_one_customer_are_marked_with_one_call(bot):
    await a_tagged_friend(bot, "兴趣/衬衫", "风格/通勤")
    calls = await mirrored(bot)
    assert [len(call.add) for call in marks(calls)] == [2]


async def test_one_follow_has_one_writer_at_a_time(bot):
    who = await a_tagged_friend(bot, "兴趣/衬衫")
    await bot.works(mirror)
    await bot.sends()  # the corp tag has its id now
    await bot.works(mirror)
    async with bot.session() as s:
        await put(s, bot, who, "兴趣/衬衫", "兴趣/外套")
    await bot.works(mirror, mirror)
    assert len(marks(await bot.sends())) == 1
    assert len(marks(await mirrored(bot))) == 1


async def test_a_tag_that_was_taken_off_is_taken_off_there(bot):
    who = await a_tagged_friend(bot, "兴趣/衬衫")
    (marked,) = marks(await mirrored(bot))
    async with bot.session() as s:
        await tags.take(s, customer_id=who, tag="兴趣/衬衫")
    (unmarked,) = marks(await mirrored(bot))
    assert (unmarked.add, unmarked.remove) == ((), marked.add)


async def test_tags_that_are_our_own_affair_stay_here(bot):
    async with bot.session() as s:
        await tags.publish(s, bot.content.tags)
    await a_tagged_friend(bot, "互动/点过链接")
    assert await mirrored(bot) == []


async def test_a_name_that_exists_already_is_looked_up(bot):
    bot.platform.answers(AddCorpTags, Refused(40071, "tag_exists"))
    there = {"group_id": "etg", "group_name": "兴趣", "tag": [{"id": "et7", "name": "衬衫"}]}
    bot.platform.answers(ListCorpTags, Sent({"tag_group": [there]}))
    await a_tagged_friend(bot, "兴趣/衬衫")
    assert [call.add for call in marks(await mirrored(bot))] == [("et7",)]


async def test_after_a_refusal_we_wait_a_day(bot):
    bot.platform.answers(MarkTags, Refused(84061, "not_friend"), Sent({}))
    await a_tagged_friend(bot, "兴趣/衬衫")
    assert len(marks(await mirrored(bot))) == 1
    bot.clock.advance(days=1, minutes=1)
    assert len(marks(await mirrored(bot))) == 1


async def test_after_a_lost_answer_we_mark_again(bot):
    bot.platform.answers(MarkTags, Unclear(), Sent({}))
    await a_tagged_friend(bot, "兴趣/衬衫")
    await mirrored(bot)
    bot.clock.advance(minutes=11)
    assert len(marks(await mirrored(bot))) == 1
    bot.clock.advance(minutes=11)
    assert await mirrored(bot) == []


async def test_a_corp_tag_that_vanished_is_given_up(bot):
    bot.platform.answers(MarkTags, Refused(40068, "no_such_tag"))
    await a_tagged_friend(bot, "兴趣/衬衫")
    await mirrored(bot)
    bot.clock.advance(days=2)
    assert await mirrored(bot) == []


async def test_a_friend_who_came_back_is_marked_anew(bot):
    await a_tagged_friend(bot, "兴趣/衬衫")
    await mirrored(bot)
    async with bot.session() as s:
        facts = {"userid": "WangFang", "external_userid": "wm1"}
        at = bot.now + timedelta(hours=1)
        await customers.unfollow(s, bot.vault, at=at, by="customer", **facts)
        tie = await customers.follow(s, bot.vault, at=at + timedelta(hours=1), **facts)
        assert tie.new
        await tags.begin_anew(s, tie.follow.id)
    assert len(marks(await mirrored(bot))) == 1


async def test_the_nightly_round_reaches_everybody(bot):
    from tests.store.test_tags import bought

    bot.clock.move_to(datetime(2026, 3, 13, tzinfo=UTC))
    async with bot.session() as s:
        for n in range(3):
            who = await customers.meet(s, bot.vault, kind="openid", value=f"o{n}", at=bot.now)
            await bought(s, who)
    assert await retag_everybody(bot.work) == 3
    assert await retag_everybody(bot.work) == 0


def one_tag(name, group="导购"):
    tag = {"id": "et7", "name": name}
    return Sent({"tag_group": [{"group_id": "etg", "group_name": group, "tag": [tag]}]})


async def test_what_is_made_and_renamed_in_the_console_is_called_so_here(bot):
    bot.platform.answers(ListCorpTags, one_tag("常拍照"), one_tag("爱拍照"))
    for change in ("create", "update"):
        event = CorpTagChanged(at=bot.now, change=change, id="et7", tag_type="tag")
        await bot.receives(event)
        await bot.sends()
    async with bot.session() as s:
        assert await s.scalar(select(Tag.name).where(Tag.corp_tag_id == "et7")) == "爱拍照"


async def test_a_name_that_rules_give_is_given_back(bot):
    await a_tagged_friend(bot, "兴趣/衬衫")
    (made,) = [c for c in await mirrored(bot) if isinstance(c, AddCorpTags)]
    async with bot.session() as s:
        corp_id = await s.scalar(select(Tag.corp_tag_id))
        group_id = await s.scalar(select(TagGroup.corp_group_id))
    group = {"group_id": group_id, "group_name": made.group}
    renamed = {"tag_group": [group | {"tag": [{"id": corp_id, "name": "衬衣"}]}]}
    bot.platform.answers(ListCorpTags, Sent(renamed))
    await bot.receives(CorpTagChanged(at=bot.now, change="update", id=corp_id, tag_type="tag"))
    assert EditCorpTag(id=corp_id, name="衬衫") in await bot.sends()
