"""People's data at rest: sealed under a key of their own, which is the one the database holds now."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import delete, select

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


async def two_keys(sessions, settings):
    """A vault that knows two people, and their ids."""
    vault = Vault(settings.key)
    async with sessions.begin() as session:
        first, second = await a_customer(session), await a_customer(session)
        await vault.load_keys(session, [first.id, second.id])
    return vault, first.id, second.id


async def test_nothing_can_be_read_in_a_sealed_value(sessions, settings):
    vault, her, _ = await two_keys(sessions, settings)
    for sealed in (
        vault.seal("林晓 13800006021", about=ABOUT),
        vault.seal_known(her, "林晓 13800006021", about=ABOUT),
    ):
        assert "林晓".encode() not in sealed
        assert b"13800006021" not in sealed


async def test_the_same_words_are_never_sealed_alike(sessions, settings):
    vault, her, _ = await two_keys(sessions, settings)
    assert len({vault.seal_known(her, "林晓", about=ABOUT) for _ in range(20)}) == 20
    assert len({vault.seal("林晓", about=ABOUT) for _ in range(20)}) == 20


async def test_a_value_moved_to_another_column_or_person_does_not_open(sessions, settings):
    vault, her, other = await two_keys(sessions, settings)
    sealed = vault.seal_known(her, "林晓", about=ABOUT)
    assert vault.unseal_known(her, sealed, about=ABOUT) == "林晓"
    for moved in (
        lambda: vault.unseal_known(her, sealed, about="secret.phone"),
        lambda: vault.unseal_known(other, sealed, about=ABOUT),
        lambda: vault.unseal(sealed, about=ABOUT),
        lambda: vault.unseal_known(her, sealed[:-1] + bytes([sealed[-1] ^ 1]), about=ABOUT),
    ):
        with pytest.raises(InvalidTag):
            moved()


async def test_a_key_moved_to_another_person_is_not_learnt(sessions, settings):
    vault, her, other = await two_keys(sessions, settings)
    with pytest.raises(InvalidTag):
        vault.learn(other, vault.new_key(her))


async def test_another_secret_opens_nothing(sessions, settings):
    vault, her, _ = await two_keys(sessions, settings)
    thief = Vault(b"another secret of thirty-two byte")
    with pytest.raises(InvalidTag):
        thief.unseal(vault.seal("林晓", about=ABOUT), about=ABOUT)
    async with sessions.begin() as session:
        with pytest.raises(InvalidTag):
            await thief.load_keys(session, [her])


async def test_keys_differ_and_are_not_kept_as_they_are(sessions, settings):
    _, her, other = await two_keys(sessions, settings)
    async with sessions.begin() as session:
        wrapped = list(await session.scalars(select(Secret.wrapped_key)))
    assert len(set(wrapped)) == 2
    assert settings.key not in b"".join(wrapped)
    assert her != other


def test_a_blind_index_is_steady_and_tells_nothing(settings):
    vault, same = Vault(settings.key), Vault(settings.key)
    phone = "13800006021"
    assert vault.blind(phone) == same.blind(phone)
    assert phone not in vault.blind(phone)
    others = {
        vault.blind("13800006022"),
        vault.blind(phone, about="member_no"),
        vault.sign(f"phone:{phone}"),
        Vault(b"another secret of thirty-two byte").blind(phone),
    }
    assert len(others | {vault.blind(phone)}) == 5


async def test_a_forgotten_key_is_read_again_not_made_anew(sessions, settings):
    vault, her, _ = await two_keys(sessions, settings)
    sealed = vault.seal_known(her, "林晓", about=ABOUT)
    vault.forget(her)
    async with sessions.begin() as session:
        assert await vault.unseal_for(session, her, sealed, about=ABOUT) == "林晓"


async def test_many_people_are_known_in_few_statements(sessions, settings):
    vault = Vault(settings.key)
    async with sessions.begin() as session:
        ids = [(await a_customer(session)).id for _ in range(12)]
        await vault.load_keys(session, ids + ids)
        for i in ids:
            assert vault.unseal_known(i, vault.seal_known(i, str(i), about=ABOUT), about=ABOUT)
