"""A person's key is the one the database holds: nothing is sealed under a key that was rolled back or erased."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import delete

from bot.domain.customers import Customer, Secret
from bot.domain.merging import Key
from bot.store.customers import people
from bot.store.vault import Vault
from tests.builders import a_customer
from tests.harness import START

ABOUT = "secret.name"
HER = Key("wecom", "external_userid", "wmrolledback")


async def test_a_key_that_was_rolled_back_is_not_used_for_the_next_of_that_id(sessions, settings):
    here, elsewhere = Vault(settings.key), Vault(settings.key)
    async with sessions.begin() as session:
        lost = await people.create(session, here, HER, START)
        same_id = lost.id
        await here.seal_for(session, same_id, "林晓", about=ABOUT)
        await session.rollback()
    async with sessions.begin() as session:
        session.add(Customer(id=same_id, ref="next", created_at=START))
        await session.flush()
        kept = await elsewhere.seal_for(session, same_id, "方敏", about=ABOUT)
    async with sessions.begin() as session:
        sealed = await here.seal_for(session, same_id, "方敏儿", about=ABOUT)
        assert await here.unseal_for(session, same_id, kept, about=ABOUT) == "方敏"
        assert await elsewhere.unseal_for(session, same_id, sealed, about=ABOUT) == "方敏儿"


async def test_a_key_made_in_a_savepoint_goes_with_it(sessions, settings):
    here, elsewhere = Vault(settings.key), Vault(settings.key)
    async with sessions.begin() as session:
        customer = await a_customer(session)
        savepoint = await session.begin_nested()
        await here.seal_for(session, customer.id, "林晓", about=ABOUT)
        await savepoint.rollback()
        await session.refresh(customer)
        sealed = await here.seal_for(session, customer.id, "林晓", about=ABOUT)
    async with sessions.begin() as session:
        assert await elsewhere.unseal_for(session, customer.id, sealed, about=ABOUT) == "林晓"


async def test_a_key_erased_by_another_process_opens_nothing_here(sessions, settings):
    here = Vault(settings.key)
    async with sessions.begin() as session:
        customer = await a_customer(session)
        sealed = await here.seal_for(session, customer.id, "林晓", about=ABOUT)
    async with sessions.begin() as session:
        await session.execute(delete(Secret).where(Secret.customer_id == customer.id))
    async with sessions.begin() as session:
        with pytest.raises(InvalidTag):
            await here.unseal_for(session, customer.id, sealed, about=ABOUT)
