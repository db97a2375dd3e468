"""Wrong use: exit 2, what is wrong, and the command that was probably meant."""

from __future__ import annotations

import io
import socket
import sqlite3
import subprocess
import sys

import pytest

from bot.cli import COMMANDS
from tests.conftest import SECRET
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
