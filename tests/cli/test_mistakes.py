"""Wrong use: exit 2, what is wrong, and the command that was probably meant."""

from __future__ import annotations

import asyncio
import io
import re
import socket
import sqlite3
import subprocess
import sys

import pytest

from bot.cli import COMMANDS
from bot.store import campaigns
from bot.store.engine import Sessions, open_engine
from tests.conftest import SECRET
from tests.harness import START
from tests.processes import ROOT, environment
from tests.sentences import CHINESE


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("improt orders x.csv", "siyu import orders x.csv"),
        ("import oders x.csv", "siyu import orders x.csv"),
        ("serve --prot 9000", "siyu serve --port 9000"),
        ("tiers rnu --json", "siyu tiers run --json"),
        ("clock advnce 2h", "siyu clock advance 2h"),
    ],
)
def test_the_nearest_command_is_suggested_with_the_rest_of_the_line(run, line, meant):
    done = run(*line.split())
    assert done.code == 2
    assert f"你是不是想运行：{meant}\n" in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("serve --port abc", "'abc' 不是整数"),
        ("serve --role boss", "'boss' 不在"),
        ("serve --port", "选项 --port 后面要跟一个值"),
        ("migrate now", "多了参数：now"),
        ("campaign plan", "缺少参数"),
        ("user add x", "缺少选项 --role"),
        ("clock advance soon", "看不懂「soon」"),
        ("clock show", "不知道沙盒在哪里"),
    ],
)
def test_a_mistake_is_named_in_chinese(run, line, said):
    done = run(*line.split())
    assert done.code == 2
    assert said in done.err


@pytest.mark.parametrize(
    ("line", "then"),
    [
        ("tiers run --as-of soon", "siyu tiers run --help"),
        ("import orders x.csv --map wrong", "siyu import orders --help"),
        ("clock advance soon", "siyu clock advance --help"),
        ("user add x --role clerk", "siyu user add --help"),
        ("key add --scope dreams:read", "siyu key add --help"),
        ("restore nothing.backup", "siyu restore --help"),
        ("init --config", "siyu init --help"),
    ],
)
def test_every_refusal_names_a_command_to_go_on_with(run, monkeypatch, line, then):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    done = run(*line.split())
    assert done.code in {1, 2}
    assert then in done.err


def test_no_command_fails_in_other_ways_than_these():
    """Only what `bot.cli.errors` sees can be given its next command."""
    for path in (ROOT / "bot" / "cli").glob("*.py"):
        raised = re.findall(r"raise (?:click\.)?([A-Z]\w+)\(", path.read_text(encoding="utf-8"))
        assert set(raised) <= {"Failed", "Misused", "UsageError", "Exit", "Refusal"}, path.name


def test_missing_settings_name_the_next_command(run):
    done = run("migrate")
    assert done.code == 1
    assert "SIYU_SECRET_KEY：没有设置" in done.err
    assert "siyu init" in done.err


def test_an_older_database_asks_for_migrate(run, tmp_path, monkeypatch):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    with sqlite3.connect(tmp_path / "siyu.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('0000')")
    for command in (["replay"], ["tiers", "run"], ["serve"]):
        done = run(*command)
        assert done.code == 1
        assert "siyu migrate" in done.err


def test_a_user_can_be_disabled_and_let_in_again(run, monkeypatch):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    run("user", "add", "boss", "--role", "owner")
    for words, state in (("boss", False), ("boss --undo", True)):
        assert run("user", "disable", *words.split()).code == 0
        assert run("user", "list", "--json").document[0]["active"] is state
    monkeypatch.setattr("sys.stdin", io.StringIO("another password\n"))
    assert run("user", "reset", "boss").code == 0
    assert "siyu user list" in run("user", "disable", "nobody").err
    assert "没有「nobody」这位导购" in run("guide", "back", "nobody").err


def test_a_second_user_of_the_same_name_is_refused_without_a_traceback(run, monkeypatch):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    codes = []
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
        codes.append(run("user", "add", "boss", "--role", "owner").code)
    assert codes == [0, 1]


def test_every_command_loads_and_helps_in_chinese(run):
    for name in COMMANDS:
        done = run(name, "--help")
        assert done.code == 0, name
        assert done.out.startswith(f"用法：siyu {name}"), name
        assert "Usage" not in done.out


def test_every_command_helps_in_english(run):
    for name in COMMANDS:
        done = run(name, "--help", "--lang", "en")
        assert done.out.startswith(f"Usage: siyu {name}"), name
        assert not CHINESE.search(done.out), done.out


def test_the_language_of_the_machine_is_spoken_unless_another_is_asked_for(run, monkeypatch):
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert "There is no command improt." in run("improt", "orders").err
    assert "没有 improt 这个命令" in run("--lang=zh", "improt", "orders").err
    done = run("--lang", "fr", "doctor")
    assert done.code == 2
    assert "--lang zh" in done.err


def test_quiet_leaves_the_result_and_the_mistakes(run):
    loud, still = run("completion", "bash"), run("-q", "completion", "bash")
    assert still.out == loud.out
    assert "_SIYU_COMPLETE" in still.out
    assert (bool(loud.err), still.err) == (True, "")
    assert "没有" in run("-q", "nothing").err


def test_help_is_quick_because_nothing_heavy_is_imported():
    heavy = "sqlalchemy aiohttp pydantic rich bot.app jinja2 numpy"
    look = f"import sys, bot.cli, bot.cli.errors; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", look],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_bare_siyu_helps_and_suggests_one_thing(run):
    done = run()
    assert done.code == 2
    assert "第一次用，先运行：siyu demo" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--port", "{taken}"], "已被占用"), (["--host", "0.0.0.0"], "还没有后台用户")],
)
def test_a_server_refuses_to_start_where_it_should_not(run, monkeypatch, words, said):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", *(word.format(taken=taken.getsockname()[1]) for word in words))
    assert done.code == 1
    assert said in done.err
    assert "这样修" in done.err


def test_mistakes_in_content_are_told_in_the_readers_language(run, tmp_path):
    (tmp_path / "brand.yaml").write_text("nmae: x\n")
    for words, said in ((("--lang", "en"), "there is no such file"), ((), "没有这个文件")):
        done = run("check-content", tmp_path, *words)
        assert done.code == 1
        assert said in done.out
        assert bool(CHINESE.search(done.out)) is (not words)
    assert CHINESE.search(run("--lang", "en", "check-content", tmp_path).out) is None


def test_the_sandbox_tells_its_mistakes_in_the_readers_language(run, tmp_path):
    (tmp_path / "faults.yaml").write_text("faults:\n- {do: nonsense}\n")
    words = ("sandbox", "--faults", tmp_path / "faults.yaml", "--port", "1")
    english, chinese = run(*words, "--lang", "en"), run(*words)
    assert (english.code, chinese.code) == (1, 1)
    assert "there is no fault nonsense" in english.err
    assert not CHINESE.search(english.err)
    assert "没有 nonsense 这种故障" in chinese.err


def test_missing_settings_are_told_in_english_too(run):
    done = run("--lang", "en", "migrate")
    assert "SIYU_SECRET_KEY: is not set" in done.err
    assert not CHINESE.search(done.err)


def test_a_setting_is_shown_changed_and_never_said_if_secret(run, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(SECRET + "\n"))
    assert run("config", "set", "secret_key").code == 0
    assert run("config", "set", "SIYU_TIMEZONE", "Asia/Tokyo").code == 0
    assert (tmp_path / "siyu.toml").stat().st_mode & 0o777 == 0o600
    assert run("config", "get", "timezone").out == "Asia/Tokyo\n"
    shown = {one["name"]: one for one in run("config", "get", "--json").document}
    assert shown["SIYU_TIMEZONE"]["source"] == "file"
    assert shown["SIYU_SECRET_KEY"]["value"].startswith("set (sha256:")
    assert SECRET not in run("config", "get").out
    refused = run("config", "set", "timezone", "Mars/One"), run("config", "set", "tz", "x")
    assert [done.code for done in refused] == [1, 2]
    assert run("config", "set", "secret_key", SECRET).code == 2


def test_plain_lines_are_for_programs(run, monkeypatch):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = run("config", "get", "--plain")
    assert "\x1b" not in done.out
    assert "SIYU_TIMEZONE\tAsia/Shanghai\t默认" in done.out


def a_draft() -> None:
    async def draft() -> None:
        sessions = Sessions(open_engine("sqlite+aiosqlite:///siyu.db"))
        facts = {"template": "", "created_by": "owner:x", "channels": ["wecom"], "seed": "s"}
        async with sessions.begin() as session:
            await campaigns.draft(session, now=START, name="春季上新", rule={"all": []}, **facts)
        await sessions.close()

    asyncio.run(draft())


def test_nothing_is_handed_over_before_its_name_is_said_and_who_did_it_stays_on_record(
    run, monkeypatch
):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    run("migrate")
    a_draft()
    rehearsed = run("campaign", "hand-over", 1)
    assert rehearsed.code == 0
    assert "siyu campaign hand-over 1 --confirm '春季上新' --expected 0" in rehearsed.err
    wrong = run("campaign", "hand-over", 1, "--confirm", "夏季上新")
    assert wrong.code == 2
    assert "--confirm '春季上新'" in wrong.err
    with sqlite3.connect("siyu.db") as database:
        assert database.execute("SELECT state FROM campaign").fetchone() == ("draft",)
    run("campaign", "stop", 1)
    assert run("audit", "verify").code == 0
    with sqlite3.connect("siyu.db") as database:
        database.execute("UPDATE audit SET actor = 'owner:boss' WHERE id = 1")
    tampered = run("audit", "verify")
    assert (tampered.code, "第 1 行" in tampered.err) == (1, True)


def test_empty_lists_say_what_adds_to_them(run, monkeypatch):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    assert "siyu key add" in run("key", "list").err
    run("key", "add", "--scope", "customer:read", "--name", "报表")
    (one,) = run("key", "list", "--json").document
    assert (one["name"], one["role"], one["revoked"]) == ("报表", "operator", False)
    assert "siyu device add" in run("device", "list").err
