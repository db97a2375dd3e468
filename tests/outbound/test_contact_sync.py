from datetime import timedelta

from sqlalchemy import func, select

from bot.calls import GetCustomer, GetFan, GetKfCustomers, MarkTags, Sent
from bot.domain.customers import Customer, Follow
from bot.domain.delivery import Owed
from bot.events import CustomerAdded, CustomerEdited, FanFollowed, KfMessageReceived
from bot.outbound.tag_mirror import mirror
from bot.store import customers, tags

GUIDE = "WangFang"


def answer(contact=None, **tie):
    """What the platform says of wm1 and of her tie with the guide."""
    person = {"external_userid": "wm1", "name": "小满", "type": 1, "gender": 2} | (contact or {})
    follow = {"userid": GUIDE, "remark": "", "createtime": 0, "tags": [], "remark_mobiles": []}
    return Sent({"external_contact": person, "follow_user": [follow | tie]})


def corp_tag(name, group="导购", tag_id="et1", **more):
    return {"group_name": group, "tag_name": name, "tag_id": tag_id, "type": 1} | more


async def added(bot):
    await bot.receives(CustomerAdded(at=bot.now, userid=GUIDE, external_userid="wm1"))
    return await bot.sends()


async def edited(bot):
    bot.clock.advance(minutes=1)
    await bot.receives(CustomerEdited(at=bot.now, userid=GUIDE, external_userid="wm1"))
    return await bot.sends()


async def worn(bot):
    async with bot.session() as s:
        who = await customers.find(s, bot.vault, "external_userid", "wm1")
        return [(each.tag, each.row.source) for each in await tags.worn(s, who.id, bot.now)]


async def test_name_gender_and_remark_are_taken_over_sealed(bot):
    bot.platform.answers(GetCustomer, answer(remark="小满 爱风衣"))
    await added(bot)
    async with bot.session() as s:
        who = await s.scalar(select(Customer))
        assert (await customers.name_of(s, bot.vault, who.id), who.gender) == ("小满", 2)
        tie = await s.scalar(select(Follow))
        assert "小满".encode() not in tie.remark


async def test_nothing_of_the_answer_stays_beside_the_debt(bot):
    bot.platform.answers(GetCustomer, answer(remark_mobiles=["13800000001"]))
    await added(bot)
    async with bot.session() as s:
        assert list(await s.scalars(select(Owed.answer))) == [{}]


async def test_the_unionid_joins_friend_and_fan(bot):
    bot.platform.answers(GetCustomer, answer({"unionid": "u1"}))
    bot.platform.answers(GetFan, Sent({"subscribe": 1, "openid": "oA", "unionid": "u1"}))
    await bot.receives(FanFollowed(at=bot.now, openid="oA", account="gh_1"))
    await added(bot)
    async with bot.session() as s:
        fan = await customers.find(s, bot.vault, "openid", "oA")
        friend = await customers.find(s, bot.vault, "external_userid", "wm1")
        assert fan.id == friend.id


async def test_a_phone_in_the_remark_finds_the_buyer(bot):
    async with bot.session() as s:
        buyer = await customers.meet(s, bot.vault, kind="phone", value="13800000001", at=bot.now)
    bot.platform.answers(GetCustomer, answer(remark_mobiles=["138 0000 0001", ""]))
    await added(bot)
    async with bot.session() as s:
        assert (await customers.find(s, bot.vault, "external_userid", "wm1")).id == buyer.id


async def test_a_guides_own_tag_becomes_ours_with_its_source(bot):
    bot.platform.answers(GetCustomer, answer(tags=[corp_tag("喜欢试穿")]))
    await added(bot)
    assert await worn(bot) == [("导购/喜欢试穿", "guide")]
    await bot.works(mirror)
    assert not [call for call in await bot.sends() if isinstance(call, MarkTags)]


async def test_personal_notes_and_names_that_say_too_much_are_left_alone(bot):
    unwanted = [corp_tag("宝宝3个月"), corp_tag("难缠", tag_id=None, type=2)]
    bot.platform.answers(GetCustomer, answer(tags=unwanted))
    await added(bot)
    assert await worn(bot) == []


async def test_a_mark_that_the_guide_took_off_is_not_put_back(bot):
    await added(bot)
    async with bot.session() as s:
        who = await customers.find(s, bot.vault, "external_userid", "wm1")
        await tags.put(
            s, customer_id=who.id, tag="兴趣/衬衫", source="menu", evidence={}, now=bot.now
        )
    await bot.works(mirror)
    await bot.sends()
    await bot.works(mirror)
    assert [type(call) for call in await bot.sends()] == [MarkTags]
    bot.platform.answers(GetCustomer, answer(tags=[]))
    await edited(bot)
    await bot.works(mirror)
    assert await bot.sends() == []
    assert await worn(bot) == [("兴趣/衬衫", "menu")]


async def test_a_tag_goes_with_the_guide_who_gave_and_took_it(bot):
    bot.platform.answers(GetCustomer, answer(tags=[corp_tag("喜欢试穿")]), answer(tags=[]))
    await added(bot)
    await edited(bot)
    assert await worn(bot) == []


async def test_a_visitor_of_kf_gets_her_nickname(bot):
    told = {"external_userid": "wm1", "nickname": "小满", "gender": 2, "unionid": "u1"}
    bot.platform.answers(GetKfCustomers, Sent({"customer_list": [told]}))
    event = KfMessageReceived(
        at=bot.now,
        open_kfid="wk1",
        external_userid="wm1",
        msgid="m1",
        msgtype="text",
        text="你好",
    )
    await bot.receives(event)
    await bot.sends()
    async with bot.session() as s:
        who = await customers.find(s, bot.vault, "unionid", "u1")
        assert await customers.name_of(s, bot.vault, who.id) == "小满"


async def test_looking_twice_makes_nothing_double(bot):
    bot.platform.answers(GetCustomer, answer({"unionid": "u1"}, remark_mobiles=["13800000001"]))
    await added(bot)
    bot.clock.advance(hours=1)
    await edited(bot)
    async with bot.session() as s:
        assert await s.scalar(select(func.count()).select_from(Customer)) == 1
        tie = await s.scalar(select(Follow))
        assert tie.since <= bot.now - timedelta(hours=1)
