"""Who stands behind whom in a batch of events."""

from __future__ import annotations

from bot.domain.delivery import Kept
from bot.events import (
    CustomerAdded,
    CustomerEdited,
    FanMessaged,
    GroupChatDismissed,
    KfMessageReceived,
)
from bot.inbound.lines import lines_of
from bot.store import customers


def _added(bot, who: str, guide: str = "lin") -> CustomerAdded:
    return CustomerAdded(at=bot.now, userid=guide, external_userid=who)


def _wrote(bot, openid: str) -> FanMessaged:
    return FanMessaged(at=bot.now, openid=openid, account="gh_1", msgid="1", msgtype="text")


async def _rounds(bot, *received) -> list[list[list[object]]]:
    events = [(Kept(id=number), event) for number, event in enumerate(received)]
    async with bot.session() as session:
        found = [lines async for lines in lines_of(session, events)]
    return [[[event for _, event in line] for line in lines] for lines in found]


async def test_events_of_one_person_stand_in_one_line_in_their_order(bot):
    first, other, second = _added(bot, "wm_a"), _added(bot, "wm_b"), _added(bot, "wm_a", "chen")
    edited = CustomerEdited(at=bot.now, userid="lin", external_userid="wm_b")
    assert await _rounds(bot, first, other, second, edited) == [[[first, second], [other, edited]]]


async def test_an_id_of_wecom_and_the_same_in_kf_are_one_person(bot):
    added = _added(bot, "wm_a")
    said = KfMessageReceived(
        at=bot.now, open_kfid="wk", external_userid="wm_a", msgid="1", msgtype="text"
    )
    assert await _rounds(bot, added, said) == [[[added, said]]]


async def test_whoever_is_known_by_two_ids_stands_in_one_line(bot):
    async with bot.session() as session:
        her = await customers.meet(
            session, bot.vault, kind="external_userid", value="wm_a", at=bot.now
        )
        await customers.attach(session, bot.vault, her, kind="openid", value="o_a", at=bot.now)
    added, wrote, stranger = _added(bot, "wm_a"), _wrote(bot, "o_a"), _wrote(bot, "o_b")
    assert await _rounds(bot, added, wrote, stranger) == [[[added, wrote], [stranger]]]


async def test_what_is_nobodys_own_goes_alone_after_all_before_it(bot):
    first, last = _added(bot, "wm_a"), _added(bot, "wm_b")
    gone = GroupChatDismissed(at=bot.now, chat_id="wr_1")
    assert await _rounds(bot, first, gone, last) == [[[first]], [[gone]], [[last]]]
