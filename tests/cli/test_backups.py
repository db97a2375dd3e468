"""A shop written into a file and read back, from one kind of database into the other."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.calls import SendAppText
from bot.domain.campaigns import Touch
from bot.domain.customers import Customer
from bot.domain.delivery import Owed
from bot.domain.mapping import Row
from bot.store import audit, backups, outbox, switches
from bot.store.customers import keep_phone, rename
from bot.store.engine import Sessions, open_engine
from bot.store.roster import names
from tests.builders import a_customer
from tests.conftest import SECRET
from tests.databases import SqliteFiles
from tests.harness import START


def silent(_what: str, _done: int, _all: int) -> None:
    pass


async def a_shop(bot) -> Customer:
    """Somebody who was merged, a debt, two messages that are due and one that is not."""
    async with bot.session() as session:
        kept, other = await a_customer(session), await a_customer(session)
        first = await a_customer(session)
        first.merged_into = other.id
        for customer, name in ((kept, "林小满"), (other, "周敏")):
            await bot.vault.load_keys(session, [customer.id])
            await rename(session, bot.vault, customer.id, name)
        await keep_phone(session, bot.vault, kept.id, "13800006021")
        call = SendAppText(userids=("lan",), text="看看她")
        await outbox.owe(session, bot.vault, call, effect="e", now=bot.now)
        for state, hours in (("queued", -2), ("planned", -1), ("planned", 24)):
            touch = Touch(customer_id=kept.id, purpose="marketing", template="x", state=state)
            touch.planned_at, touch.due_at = bot.now, bot.now + timedelta(hours=hours)
            session.add(touch)
        facts = {"actor": "owner:boss", "action": "stop", "subject": "x", "detail": {"n": 1}}
        await audit.append(session, at=bot.now, **facts)
    return kept


async def test_a_shop_moves_whole_into_another_database_and_sends_nothing_twice(bot, tmp_path):
    kept = await a_shop(bot)
    file = tmp_path / "shop.backup"
    written = await backups.write(
        bot.sessions.engine, bot.vault, file, now=bot.now, head=b"{}\n", tell=silent
    )
    assert b"6021" not in file.read_bytes()
    assert backups.check(file, bot.vault)[1] == written
    other = Sessions(open_engine(SqliteFiles(tmp_path).fresh(tmp_path)))
    async with other.begin() as session:
        assert sum((await backups.read(session, bot.vault, file, silent)).values()) == sum(
            written.values()
        )
        await backups.set_apart(session, made_at="x", by="system:cli", now=START)
    async with other.reading() as session:
        told = await names(session, bot.vault, [kept.id])
        assert told[kept.id] == "林小满"
        states = await session.scalars(select(Touch.state).order_by(Touch.id))
        assert list(states) == ["unknown", "unknown", "planned"]
        assert await session.scalar(select(Owed.state)) == "unknown"
        merged = select(func.count()).where(Customer.merged_into.is_not(None))
        assert await session.scalar(merged) == 1
        assert await audit.verify(session) is None
        assert await switches.sending(session) is False
    await other.close()


@pytest.mark.parametrize("databases", ["postgres"], indirect=True)
async def test_a_restored_postgresql_goes_on_numbering(bot, tmp_path, databases):
    kept = await a_shop(bot)
    file = tmp_path / "shop.backup"
    await backups.write(
        bot.sessions.engine, bot.vault, file, now=bot.now, head=b"{}\n", tell=silent
    )
    url = databases.fresh(tmp_path)
    other = Sessions(open_engine(url))
    async with other.begin() as session:
        await backups.read(session, bot.vault, file, silent)
        assert (await a_customer(session)).id > kept.id
    await other.close()
    databases.drop(url)


def test_a_command_that_has_loaded_little_still_knows_every_table():
    asks = "from bot.store import tables; print(len(tables.in_order()))"
    alone = subprocess.run(
        [sys.executable, "-c", asks], capture_output=True, text=True, check=True
    )
    assert int(alone.stdout) == len(Row.metadata.tables)


def test_everything_has_a_key_by_which_it_is_read_in_order():
    assert [table.name for table in Row.metadata.sorted_tables if not table.primary_key] == []


def test_from_the_terminal_with_its_keys_under_a_passphrase(run, tmp_path, monkeypatch):
    def says(words: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(words + "\n"))

    (tmp_path / "siyu.toml").write_text(f'secret_key = "{SECRET}"\n')
    (tmp_path / "siyu.toml").chmod(0o600)
    run("migrate")
    says("a long passphrase")
    assert run("backup", "shop.backup", "--with-keys").code == 0
    assert SECRET.encode() not in (tmp_path / "shop.backup").read_bytes()
    assert run("backup", "shop.backup").code == 2
    assert run("restore", "shop.backup", "--dry-run").code == 0
    assert "完整" in run("restore", "shop.backup", "--dry-run").out
    (tmp_path / "siyu.toml").unlink()
    monkeypatch.setenv("SIYU_DATABASE_URL", "sqlite+aiosqlite:///new.db")
    says("another passphrase")
    assert "口令不对" in run("restore", "shop.backup", "--keys").err
    says("a long passphrase")
    assert run("restore", "shop.backup", "--keys").code == 0
    assert run("config", "get", "secret_key", "--json").code == 0
    again = run("restore", "shop.backup")
    assert (again.code, "空的" in again.err) == (1, True)


def test_a_torn_backup_or_another_key_is_told(run, tmp_path, monkeypatch):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    run("backup", "shop.backup")
    whole = (tmp_path / "shop.backup").read_bytes()
    (tmp_path / "torn.backup").write_bytes(whole[:-40])
    assert "不完整" in run("restore", "torn.backup").err
    (tmp_path / "not.backup").write_bytes(b"hello")
    assert run("restore", "not.backup").code == 2
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET.replace("MDEyMw", "MDEyNA"))
    assert "另一把" in run("restore", "shop.backup").err
