"""Wrong use: exit 2, what is wrong, and the command that was probably meant."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys

import pytest

from bot.cli import COMMANDS
from tests.conftest import SECRET
from tests.processes import ROOT, environment


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
