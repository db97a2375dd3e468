"""Who signs in, and what a stolen table is worth."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.domain.access import ApiKey, StaffUser, WebSession
from bot.domain.refusals import Refusal
from bot.events import Actor
from bot.store import access
from tests.builders import a_store
from tests.harness import START

LIN = Actor(kind="owner", id="lin")


async def adds(sessions, name="mei", role="clerk", store=None, password="r4in-on-the-lake"):
    async with sessions.begin() as session:
        return await access.add_user(
            session, name=name, role=role, store=store, password=password, now=START
        )


async def signs_in(sessions, name="mei", password="r4in-on-the-lake"):
    async with sessions.reading() as session:
        return await access.sign_in(session, name=name, password=password)


async def test_a_user_signs_in_with_her_role_and_store(sessions):
    async with sessions.begin() as session:
        await a_store(session, code="S01")
    await adds(sessions, store="S01")
    assert await signs_in(sessions) == Actor(kind="clerk", id="mei", store="S01")
    async with sessions.reading() as session:
        assert await access.users(session) == 1


@pytest.mark.parametrize(
    ("name", "password"),
    [("mei", ""), ("mei", "R4in-on-the-lake"), ("nobody", "r4in-on-the-lake"), ("", "")],
)
async def test_nobody_else_does(sessions, name, password):
    await adds(sessions)
    assert await signs_in(sessions, name, password) is None


async def test_who_was_let_go_or_has_no_password_does_not(sessions):
    await adds(sessions)
    for change in ({"active": False}, {"active": True, "password_hash": None}):
        async with sessions.begin() as session:
            await session.execute(update(StaffUser).values(**change))
        assert await signs_in(sessions) is None


async def test_a_user_of_no_store_there_is_is_refused(sessions):
    with pytest.raises(Refusal) as no:
        await adds(sessions, store="S99")
    assert no.value.reason == "no_such_store"


async def opened(sessions, actor=LIN) -> tuple[str, str]:
    async with sessions.begin() as session:
        return await access.open_session(session, actor, now=START, good_for=timedelta(hours=12))


async def found(sessions, cookie: str, **later):
    async with sessions.reading() as session:
        return await access.session_of(session, cookie, START + timedelta(**later))


async def test_a_session_lasts_until_its_hour_or_the_way_out(sessions):
    cookie, csrf = await opened(sessions)
    hers = await found(sessions, cookie, hours=11)
    assert (hers.actor_kind, hers.actor_id, hers.csrf) == ("owner", "lin", csrf)
    assert await found(sessions, cookie, hours=12) is None
    async with sessions.begin() as session:
        await access.close_session(session, cookie)
    assert await found(sessions, cookie) is None


async def test_what_is_in_the_tables_opens_nothing(sessions):
    await adds(sessions)
    cookie, _ = await opened(sessions)
    async with sessions.begin() as session:
        await access.add_key(
            session, token="pos-token", scope="pos", store=None, name="till", now=START
        )
    async with sessions.reading() as session:
        stolen = [
            *await session.scalars(select(WebSession.hash)),
            *await session.scalars(select(ApiKey.hash)),
            *await session.scalars(select(StaffUser.password_hash)),
        ]
        assert not {cookie, "pos-token", "r4in-on-the-lake"} & set(stolen)
        for one in stolen:
            assert await access.session_of(session, one, START) is None
            assert await access.key_of(session, one) is None
            assert await access.sign_in(session, name="mei", password=one) is None


async def test_sessions_are_never_alike(sessions):
    made = [await opened(sessions) for _ in range(5)]
    assert len({part for pair in made for part in pair}) == 10


async def test_a_key_works_until_it_is_revoked(sessions):
    async with sessions.begin() as session:
        await access.add_key(
            session, token="pos-token", scope="pos", store="S01", name="till", now=START
        )
    async with sessions.begin() as session:
        key = await access.key_of(session, "pos-token")
        assert (key.name, key.scope, key.store) == ("till", "pos", "S01")
        assert await access.key_of(session, "pos-tokem") is None
        key.revoked_at = START
    async with sessions.reading() as session:
        assert await access.key_of(session, "pos-token") is None
