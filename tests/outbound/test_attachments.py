"""What hangs on a message goes wherever the message goes: in one piece with a guide, card by card into a window."""

from __future__ import annotations

import pytest

from bot.calls import (
    FileCard,
    ImageCard,
    LinkCard,
    MiniProgramCard,
    Refused,
    SendKf,
    SendOfficial,
    Sent,
    TryLater,
    Unclear,
)
from bot.domain.quotas import read_limits
from bot.events import KfSendFailed
from bot.events.commands import Actor, PauseCampaign, SwitchSending
from bot.outbound.campaigns import drawing_of, plan_due
from bot.outbound.deliver import deliver_due
from bot.store import campaigns, conversations
from tests.outbound.conftest import a_campaign, agrees, friends, runs, states
from tests.outbound.test_deliver import a_window

BOSS = Actor(kind="owner", id="boss")
IMAGE = {"kind": "image", "media": "spring.jpg"}
LINK = {"kind": "link", "title": "春装图册", "url": "http://127.0.0.1:8765/h5"}
COVERED = LINK | {"media": "cover.jpg"}
MINI = {
    "kind": "miniprogram",
    "title": "试衣间",
    "appid": "wx1",
    "page": "pages/fit",
    "media": "cover.jpg",
}
FILE = {"kind": "file", "media": "size.pdf"}


async def in_a_window(bot, channel="kf", *, left=5):
    """One customer of a guide who may be written to in a window that has so many messages left."""
    _, (customer,) = await friends(bot, 1)
    async with bot.session() as session:
        await agrees(session, customer, bot.now, purpose="marketing_official")
    await a_window(bot, customer, channel, "o1" if channel == "official" else "wk1|wm1")
    async with bot.session() as session:
        for _ in range(5 - left):
            await conversations.use_window(session, customer.id, channel, bot.now)
    return customer


async def left_of(bot, customer, channel="kf") -> int:
    async with bot.session() as session:
        window = await conversations.window(session, customer.id, channel, bot.now)
    return window.left if window else 0


async def test_into_a_kf_window_go_the_words_and_then_card_after_card(bot, hands):
    customer = await in_a_window(bot)
    await a_campaign(bot, attachments=[IMAGE, COVERED, MINI, FILE])
    await runs(bot)
    words, *cards = bot.platform.sent(SendKf)
    assert "春装到店" in words.text
    assert [type(one.card) for one in cards] == [ImageCard, LinkCard, MiniProgramCard, FileCard]
    assert not any(one.text for one in cards)
    assert len({words.msgid, *(one.msgid for one in cards)}) == 5
    assert "/l/" in cards[1].card.url, "the link is hers"
    assert await left_of(bot, customer) == 0
    assert (await states(bot))[customer.id] == ("delivered", None)
    assert hands.tasks == {}


async def test_a_link_without_a_cover_stands_in_the_words_of_kf(bot, hands):
    customer = await in_a_window(bot)
    await a_campaign(bot, attachments=[LINK, IMAGE])
    await runs(bot)
    words, card = bot.platform.sent(SendKf)
    assert "春装图册：http://127.0.0.1:8765/l/" in words.text
    assert card.card == ImageCard(media="spring.jpg")
    assert await left_of(bot, customer) == 3


async def test_the_official_account_shows_pictures_news_and_mini_programs(bot, hands):
    customer = await in_a_window(bot, "official")
    await a_campaign(bot, attachments=[IMAGE, LINK, MINI])
    await runs(bot)
    words, image, news, mini = bot.platform.sent(SendOfficial)
    assert words.text
    assert image.card == ImageCard(media="spring.jpg")
    assert (news.news.title, news.card) == ("春装图册", None)
    assert isinstance(mini.card, MiniProgramCard)
    assert await left_of(bot, customer, "official") == 1


@pytest.mark.parametrize(
    ("channel", "left", "hung"),
    [("official", 5, [FILE]), ("kf", 2, [IMAGE, IMAGE]), ("kf", 5, [IMAGE] * 5)],
    ids=["no files there", "too few left", "never so many"],
)
async def test_what_a_window_cannot_carry_goes_with_a_guide(bot, hands, channel, left, hung):
    await in_a_window(bot, channel, left=left)
    await a_campaign(bot, attachments=hung)
    await runs(bot)
    assert bot.platform.sent(SendKf) + bot.platform.sent(SendOfficial) == []
    assert len(hands.waiting) == 1


async def test_without_another_way_the_dry_run_says_that_it_cannot_be_carried(bot, hands):
    customer = await in_a_window(bot, left=2)
    campaign = await a_campaign(bot, attachments=[IMAGE, IMAGE], channels=["kf"])
    async with bot.session() as session:
        receipt = await campaigns.dry_run(
            session,
            bot.vault,
            campaign,
            limits=read_limits(bot.content.limits),
            now=bot.now,
            saying=drawing_of(bot.work, campaign).saying,
        )
    assert receipt.excluded == {"not_carried": 1}
    await runs(bot)
    assert (await states(bot))[customer.id] == ("excluded", "not_carried")


async def test_a_card_whose_fate_is_unknown_is_never_repeated_and_nothing_follows_it(bot, hands):
    customer = await in_a_window(bot, "official")
    bot.platform.answers(SendOfficial, Sent({}), Unclear("timeout"))
    await a_campaign(bot, attachments=[IMAGE, LINK])
    await runs(bot)
    await runs(bot)
    assert len(bot.platform.sent(SendOfficial)) == 2
    assert (await states(bot))[customer.id] == ("delivered", "card_lost")
    assert await left_of(bot, customer, "official") == 3, "what was never sent is there again"


async def test_a_card_that_must_wait_is_tried_again_alone(bot, hands):
    customer = await in_a_window(bot)
    bot.platform.answers(SendKf, Sent({}), TryLater(-1, "busy"), Sent({}))
    await a_campaign(bot, attachments=[IMAGE])
    await runs(bot)
    bot.clock.advance(minutes=1)
    await bot.sends()
    words, card, again = bot.platform.sent(SendKf)
    assert (card, bool(words.text)) == (again, True)
    assert (await states(bot))[customer.id] == ("delivered", None)


async def test_words_that_did_not_arrive_are_followed_by_nothing(bot, hands):
    customer = await in_a_window(bot)
    bot.platform.answers(SendKf, Refused(40096, "no_such_customer"))
    await a_campaign(bot, attachments=[IMAGE])
    await runs(bot)
    assert len(bot.platform.sent(SendKf)) == 1
    assert (await states(bot))[customer.id] == ("not_friend", "no_such_customer")
    assert await left_of(bot, customer) == 4


async def test_between_words_and_card_the_gate_is_looked_at_again(bot, hands):
    customer = await in_a_window(bot)
    campaign = await a_campaign(bot, attachments=[IMAGE])

    def sent_and_then_paused(_call):
        paused.append(True)
        return Sent({})

    paused: list[bool] = []
    bot.platform.answers(SendKf, sent_and_then_paused)
    await pays_once(bot)
    assert len(paused) == 1
    await bot.does(PauseCampaign(at=bot.now, actor=BOSS, key=bot.key(), campaign_id=campaign.id))
    await bot.sends()
    assert len(bot.platform.sent(SendKf)) == 1
    assert (await states(bot))[customer.id] == ("delivered", "card_lost")
    assert await left_of(bot, customer) == 4


async def test_with_the_kill_switch_pulled_before_the_words_all_of_it_waits(bot, hands):
    customer = await in_a_window(bot)
    await a_campaign(bot, attachments=[IMAGE])
    await bot.works(plan_due, deliver_due)
    off = {"on": False, "reason": "试试"}
    await bot.does(SwitchSending(at=bot.now, actor=BOSS, key=bot.key(), **off))
    await bot.sends()
    assert bot.platform.sent(SendKf) == []
    assert await left_of(bot, customer) == 5


async def test_words_that_failed_after_all_call_back_the_cards_behind_them(bot, hands):
    customer = await in_a_window(bot)
    await a_campaign(bot, attachments=[IMAGE])
    await pays_once(bot)
    (words,) = bot.platform.sent(SendKf)
    await failed(bot, words.msgid)
    await runs(bot)
    assert len(bot.platform.sent(SendKf)) == 1
    assert (await states(bot))[customer.id] == ("handed_over", None)


async def test_a_card_that_failed_after_all_leaves_the_words_delivered(bot, hands):
    customer = await in_a_window(bot)
    await a_campaign(bot, attachments=[IMAGE])
    await runs(bot)
    await failed(bot, bot.platform.sent(SendKf)[1].msgid)
    await runs(bot)
    assert (await states(bot))[customer.id] == ("delivered", "card_lost")
    assert len(bot.platform.sent(SendKf)) == 2


async def pays_once(bot) -> None:
    """The words go, and nothing that they make due."""
    await bot.works(plan_due, deliver_due)
    await bot.sender.pay()


async def failed(bot, msgid: str) -> None:
    about = {"open_kfid": "wk1", "external_userid": "wm1", "fail_type": 4}
    await bot.receives(KfSendFailed(at=bot.now, msgid="f1", fail_msgid=msgid, **about))
