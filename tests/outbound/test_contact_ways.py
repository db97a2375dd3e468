from bot.calls import AddContactWay, GetContactWay, ListContactWays, Sent, Unclear
from bot.domain.customers import ContactWay
from bot.outbound.contact_ways import open_contact_ways
from bot.store import contact_ways
from tests.builders import a_guide, a_store


async def a_till_code(bot, *, guides=2):
    async with bot.session() as s:
        store = await a_store(s)
        for _ in range(guides):
            await a_guide(s, store_id=store.id)
        await contact_ways.configure(s, state="store-s01", label="徐汇店收银台", store_id=store.id)


async def code(bot) -> ContactWay:
    async with bot.session() as s:
        return await contact_ways.by_state(s, "store-s01")


async def test_a_configured_way_gets_its_code_once(bot):
    await a_till_code(bot)
    await bot.works(open_contact_ways)
    (call,) = await bot.sends()
    assert (call.state, len(call.userids)) == ("store-s01", 2)
    assert (await code(bot)).qr_code.startswith("https://")
    await bot.works(open_contact_ways)
    assert await bot.sends() == []


async def test_a_store_without_guides_waits(bot):
    await a_till_code(bot, guides=0)
    await bot.works(open_contact_ways)
    assert await bot.sends() == []


async def test_after_a_lost_answer_the_code_is_looked_for_not_made_again(bot):
    bot.platform.answers(AddContactWay, Unclear())
    bot.platform.answers(ListContactWays, Sent({"contact_way": [{"config_id": "c1"}]}))
    way = {"config_id": "c1", "state": "store-s01", "qr_code": "https://qr"}
    bot.platform.answers(GetContactWay, Sent({"contact_way": way}))
    await a_till_code(bot)
    await bot.works(open_contact_ways)
    await bot.sends()
    assert (await code(bot)).config_id == "c1"
    assert len(bot.platform.sent(AddContactWay)) == 1
