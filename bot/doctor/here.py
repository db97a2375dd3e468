"""What can be checked on this machine alone: Python, settings, secrets, database, content."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.content import ContentError, load_content
from bot.doctor.finding import Finding, broken, doubtful, fine
from bot.settings import Settings, SettingsError, load_settings
from bot.store import access, ties
from bot.store.engine import Sessions, open_engine
from bot.store.schema import newest, state
from bot.tongue import _, listed

SECRETS = (
    "secret_key",
    "wecom_secret",
    "wecom_token",
    "wecom_aes_key",
    "official_secret",
    "official_token",
    "official_aes_key",
    "shop_webhook_secret",
    "model_key",
)
TIGHT_GB, FULL_GB = 2.0, 0.2


def python() -> Finding:
    return fine("python", f"Python {platform.python_version()}")


def settings() -> tuple[Settings | None, list[Finding]]:
    try:
        found = load_settings()
    except SettingsError as wrong:
        lines = str(wrong).splitlines()[1:] or [str(wrong)]
        return None, [
            broken(
                "settings",
                _("设置"),
                line.strip(),
                _("改 siyu.toml 或环境变量，或运行：siyu init"),
            )
            for line in lines
        ]
    return found, set_as(found)


def set_as(found: Settings) -> list[Finding]:
    """What the settings say of themselves; a secret is named by four letters of its hash."""
    return [*_reach(found), *_secrets(found)]


def _reach(found: Settings) -> Iterator[Finding]:
    if not found.wecom_corp_id and not found.official_app_id:
        yield doubtful(
            "settings", _("没有接入任何平台"), _("企业微信和公众号都没有填"), _("运行：siyu init")
        )
    if not found.public_url:
        yield doubtful(
            "public_url",
            _("没有设置 SIYU_PUBLIC_URL"),
            _("平台不知道往哪里回调，链接也打不开"),
            _("填平台能访问的网址，例如 https://crm.example.com"),
        )
    elif not found.production and not found.clock_file:
        yield doubtful(
            "public_url",
            _("SIYU_PUBLIC_URL 是 %(url)s", url=found.public_url),
            _("只有本机能访问，不是正式环境"),
            _("正式运行要用 https:// 开头的网址"),
        )
    else:
        yield fine("public_url", _("公网地址 %(url)s", url=found.public_url))


def _secrets(found: Settings) -> Iterator[Finding]:
    for name in SECRETS:
        if value := getattr(found, name):
            digest = hashlib.sha256(value.encode()).hexdigest()[:4]
            yield fine(
                "secrets",
                _("SIYU_%(name)s 已设置 (sha256:%(digest)s…)", name=name.upper(), digest=digest),
            )


def content(found: Settings) -> Finding:
    try:
        read = load_content(found.content_dir, public_url=found.public_url)
    except ContentError as wrong:
        first = f"{wrong.mistakes[0]}".splitlines()[0]
        return broken(
            "content",
            _("内容有 %(count)s 处要改", count=len(wrong.mistakes)),
            first,
            _("运行：siyu check-content"),
        )
    except OSError:
        where = _("内容目录 %(folder)s", folder=found.content_dir)
        return broken("content", where, _("读不了"), _("检查 SIYU_CONTENT_DIR 和文件权限"))
    return fine(
        "content",
        _(
            "内容：%(templates)s 段话术，%(playbooks)s 个打法",
            templates=len(read.templates),
            playbooks=len(read.playbooks),
        ),
    )


async def database(found: Settings) -> list[Finding]:
    url = make_url(found.database_url)
    if url.get_backend_name() != "sqlite":
        return await _looked_into(found, url.render_as_string(hide_password=True))
    path = Path(url.database or "siyu.db")
    beside = _missing(path)
    return [
        *(beside or await _looked_into(found, str(path))),
        *_shared(path),
        *_space(path.parent),
    ]


def _shared(path: Path) -> list[Finding]:
    """SQLite has one writer. Only where the system shows who has a file open."""
    busy = sorted(set(_holders(path.resolve())) - {os.getpid()})
    if len(busy) < 2:
        return []
    return [
        doubtful(
            "database",
            _("%(count)s 个程序同时用着 %(file)s", count=len(busy), file=path),
            _("SQLite 只给一个 siyu serve 用（进程 %(ids)s）", ids=listed(busy)),
            _("只留一个，或把 SIYU_DATABASE_URL 换成 PostgreSQL"),
        )
    ]


def _holders(path: Path) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(os.readlink(held) == str(path) for held in (process / "fd").iterdir()):
                yield int(process.name)


async def guides(found: Settings) -> list[str]:
    """Whom our database takes for guides; nobody while it cannot be read."""
    if not _readable(found):
        return []
    sessions = Sessions(open_engine(found.database_url))
    try:
        async with sessions.reading() as session:
            known = await ties.guides(session)
        return [userid for userid, facts in known.items() if facts.active]
    except (SQLAlchemyError, OSError):
        return []
    finally:
        await sessions.close()


def _readable(found: Settings) -> bool:
    """Looking must not bring a file into being."""
    url = make_url(found.database_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "siyu.db").exists()


def _missing(path: Path) -> list[Finding]:
    """What there is to say of a file that is not there yet."""
    if path.exists():
        return []
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        where = _("数据库所在的文件夹 %(folder)s", folder=path.parent)
        return [
            broken("database", where, _("不存在或不能写"), _("建好它，或改 SIYU_DATABASE_URL"))
        ]
    return [fine("database", _("数据库 %(name)s 还没有，第一次启动时自动建好", name=path))]


async def _looked_into(found: Settings, named: str) -> list[Finding]:
    sessions = Sessions(open_engine(found.database_url))
    try:
        match await state(sessions.engine):
            case "old":
                why = _("结构不是这一版的")
                return [
                    broken(
                        "database",
                        _("数据库 %(name)s", name=named),
                        why,
                        _("先备份，再运行：siyu migrate"),
                    )
                ]
            case "empty":
                return [
                    fine(
                        "database",
                        _("数据库 %(name)s 可写，还是空的，第一次启动时自动建好", name=named),
                    )
                ]
        made = fine(
            "database",
            _("数据库 %(name)s 可写，结构是最新的（%(newest)s）", name=named, newest=newest()),
        )
        async with sessions.reading() as session:
            people = await access.users(session)
        return [made, _staff(people)]
    except (SQLAlchemyError, OSError) as wrong:
        return [
            broken(
                "database",
                _("数据库 %(name)s", name=named),
                _("连不上或不能写（%(why)s）", why=type(wrong).__name__),
                _("看看数据库是否在运行、地址和密码对不对、磁盘和文件权限"),
            )
        ]
    finally:
        await sessions.close()


def _staff(people: int) -> Finding:
    if people:
        return fine("staff", _("%(count)s 位后台用户", count=people))
    return doubtful(
        "staff",
        _("没有后台用户"),
        _("谁也登录不了后台"),
        _("运行：siyu user add 名字 --role owner"),
    )


def _space(folder: Path) -> list[Finding]:
    try:
        free = shutil.disk_usage(folder).free / 1e9
    except OSError:
        return []
    words = _("剩余空间 %(size)s GB", size=f"{free:.1f}")
    if free >= TIGHT_GB:
        return [fine("space", words)]
    tell = doubtful if free >= FULL_GB else broken
    return [
        tell("space", words, _("磁盘写满后什么都存不下"), _("清理磁盘，或把数据库移到大一点的盘"))
    ]
