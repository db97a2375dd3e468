"""Tests with a database run on SQLite and on PostgreSQL; what stands above the store by turns, unless
SIYU_TEST_EVERY_DATABASE is set."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import hypothesis
import pytest

from bot.content import Content, load_content
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.vault import Vault
from tests.databases import PostgresDatabases, Redirected, SqliteFiles
from tests.harness import Bot

# Looking for cycles among SQLAlchemy's many small objects takes a seventh of a run.
gc.set_threshold(100_000, 50, 100)

# The same examples every time, however busy the machine is.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.load_profile("steady")

SECRET = "c2l5dS10ZXN0cy1vbmx5LW5vdC1mb3ItYW55LXNob3AtMDEyMw=="


HERE = Path(__file__).parent
BY_TURNS = (
    *(HERE / name for name in ("web", "stories", "handlers")),
    HERE / "storm" / "test_group_life.py",
)
"""What stands above the store, or takes minutes on each."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What a page or a handler asks of a database is tested with the store: half of each will do."""
    if os.environ.get("SIYU_TEST_EVERY_DATABASE"):
        return
    twins: dict[str, list[pytest.Item]] = {}
    for item in items:
        if any(one in (item.path, *item.path.parents) for one in BY_TURNS):
            twins.setdefault(re.sub(r"\b(sqlite|postgres)\b", "?", item.nodeid), []).append(item)
    spared = {
        pair[crc32(name.encode()) % 2].nodeid for name, pair in twins.items() if len(pair) == 2
    }
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in spared])
    items[:] = [item for item in items if item.nodeid not in spared]


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqliteFiles | PostgresDatabases]:
    maker = SqliteFiles if request.param == "sqlite" else PostgresDatabases
    made = maker(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture
def database_url(databases, tmp_path):
    url = databases.fresh(tmp_path)
    yield url
    databases.drop(url)


@pytest.fixture(scope="session")
def engine(databases) -> Redirected:
    return Redirected(databases.anywhere())


@pytest.fixture
async def sessions(database_url: str, engine: Redirected) -> AsyncIterator[Sessions]:
    sessions = Sessions(engine.to(database_url))
    yield sessions
    await sessions.close()


@pytest.fixture(scope="session")
def content() -> Content:
    return load_content(Path(__file__).parent.parent / "content")


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_key=SECRET,
        wecom_corp_id="ww0123456789abcdef",
        wecom_agent_id=1000002,
        wecom_secret="corp-app-key-for-unit-runs-000",
        wecom_token="QDG6eKtoken",
        wecom_aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        official_app_id="wx0123456789abcdef",
        official_secret="fans-app-key-for-unit-runs-000",
        official_token="fanstoken",
        shop_webhook_secret="whsec_c2l5dS13ZWJob29rLWZvci11bml0LXJ1bnM=",
    )


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault(settings.key)


@pytest.fixture
def bot(sessions: Sessions, content: Content, settings: Settings) -> Iterator[Bot]:
    # Its own: what a test changes of the content is nobody else's.
    bot = Bot(sessions, replace(content), settings)
    yield bot
    assert bot.platform.troubles == []
