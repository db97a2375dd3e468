"""A page of ours tells how long it was looked at, of nobody but who agreed to it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bot.domain.browsing import Glance
from bot.events import PageStayed
from bot.store import consent
from tests.builders import a_link
from tests.web.test_customer import a_fan, looks


async def agrees(bot, customer) -> None:
    async with bot.session() as session:
        await consent.record(
            session,
            customer_id=customer.id,
            purpose="profiling",
            action="grant",
            channel="h5",
            actor=f"customer:{customer.id}",
            at=bot.now,
            evidence={"page": "/h5/preferences"},
        )


async def stays(face, csrf: str, **told: str):
    """As the script of the page does when she leaves it."""
    return await face.posts("/h5/stay", **({"csrf": csrf, "page": "/h5", "again": ""} | told))


def watch(face) -> str:
    """What the page gives its script, if it may look at a watch."""
    found = re.search(r'data-stay="([^"]+)"', face.html)
    return found[1] if found else ""


async def glances(bot) -> set[tuple]:
    while await bot.dispatcher.drain(bot.sessions, bot.now):
        pass
    async with bot.session() as session:
        found = await session.scalars(select(Glance))
        return {(one.of, one.what, one.times, one.seconds) for one in found}


async def test_a_stay_tells_of_the_page_and_of_the_link_that_led_there(bot, shop):
    await agrees(bot, await a_fan(bot))
    async with bot.session() as session:
        token = await a_link(session, bot, tag="weekly/benefit")
    face = await looks(shop)
    csrf = watch(await face.opens(f"/l/{token}"))
    await stays(face, csrf, seconds="40")
    await stays(face, csrf, seconds="9999", again="1")  # left, and looked at once more
    expected = {("page", "/h5", 1, 640), ("link", "weekly/benefit", 1, 640)}
    assert await glances(bot) == expected


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_without_her_consent_no_watch_is_set_and_nothing_is_kept(bot, shop):
    customer = await a_fan(bot)
    assert not watch(await looks(shop))
    await bot.receives(PageStayed(at=bot.now, who=customer.ref, path="/h5", seconds=40))
    assert await glances(bot) == set()


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_where_she_speaks_of_herself_there_is_no_watch(bot, shop):
    await agrees(bot, await a_fan(bot))
    face = await looks(shop)
    csrf = watch(face)
    for path, seconds in (("/h5/cases", "40"), ("/h5/preferences", "40"), ("/h5", "-1")):
        assert (await stays(face, csrf, page=path, seconds=seconds)).status == 404
    assert not watch(await face.opens("/h5/preferences"))
