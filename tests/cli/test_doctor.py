"""`siyu doctor` against a real sandbox that refuses as the platforms do: each trouble has its cause and mend."""

from __future__ import annotations

import pytest

from tests.processes import Process, environment, free_port

FAULTS = {
    "*/gettoken": [("errcode:60020", "可信 IP"), ("html_502", "服务器出错")],
    "*/get_follow_user_list": [("errcode:48002", "没有这项权限")],
}


def troubles(done):
    return [found for found in done.document["findings"] if found["state"] == "fail"]


def test_a_working_connection_passes(connected):
    done = connected("doctor", "--json")
    assert done.code == 0
    assert troubles(done) == []


@pytest.mark.parametrize(
    ("match", "do", "why"),
    [(match, do, why) for match, faults in FAULTS.items() for do, why in faults],
)
def test_a_refusal_of_the_platform_is_explained(connected, sandbox, match, do, why):
    sandbox.ask("faults", {"faults": [{"match": match, "p": 1, "do": do}]})
    done = connected("doctor", "--json")
    assert done.code == 3
    [trouble] = troubles(done)
    assert why in trouble["why"]
    assert trouble["fix"]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SIYU_WECOM_SECRET", "from-another-app", "Secret 不对"),
        ("SIYU_WECOM_CORP_ID", "ww0000000000000000", "企业 ID 不对"),
        ("SIYU_WECOM_API_BASE", "http://127.0.0.1:9", "没有程序在听"),
        ("SIYU_OFFICIAL_SECRET", "from-another-fan-app", "AppSecret 不对"),
        ("SIYU_OFFICIAL_APP_ID", "wx0000000000000000", "AppID 不对"),
        ("SIYU_PUBLIC_URL", "http://127.0.0.1:9", "没有程序在听"),
        ("SIYU_DATABASE_URL", "sqlite:////nowhere/siyu.db", "不存在或不能写"),
        ("SIYU_DATABASE_URL", "postgresql://nobody:pw@127.0.0.1:9/x", "连不上"),
    ],
)
def test_a_wrong_setting_is_explained(connected, monkeypatch, name, value, why):
    monkeypatch.setenv(name, value)
    done = connected("doctor", "--json")
    assert done.code == 3
    assert any(why in trouble["why"] for trouble in troubles(done)), done.out
    assert "pw" not in done.out


def test_settings_that_cannot_be_used_are_findings(connected, monkeypatch):
    monkeypatch.setenv("SIYU_PUBLIC_URL", "http://crm.qinghe.cn")
    monkeypatch.setenv("SIYU_SECRET_KEY", "c2hvcnQ=")
    done = connected("doctor")
    assert done.code == 3
    assert "要用 https://" in done.out or "太短" in done.out


def test_a_clock_that_is_wrong_is_measured(connected, sandbox, monkeypatch, tmp_path):
    slow = tmp_path / "clock.json"
    slow.write_text('{"now": "2020-01-01T00:00:00+08:00", "running": true}')
    monkeypatch.setenv("SIYU_CLOCK_FILE", str(slow))
    done = connected("doctor", "--json")
    assert any("系统时间慢" in trouble["what"] for trouble in troubles(done))


def test_no_secret_is_shown_or_written(connected, sandbox, tmp_path):
    done = connected("doctor", "--report", "report.txt")
    shown = done.out + done.err + (tmp_path / "report.txt").read_text(encoding="utf-8")
    secrets = [v for n, v in sandbox.settings.items() if n.endswith(("SECRET", "KEY", "TOKEN"))]
    assert "SIYU_WECOM_SECRET 已设置 (sha256:" in shown
    assert not any(secret in shown for secret in secrets)


@pytest.fixture(scope="module")
def served(sandbox, tmp_path_factory):
    """A shop that runs with the sandbox's settings."""
    home, port = tmp_path_factory.mktemp("served"), free_port()
    server = Process(
        "bot", "serve", "--port", str(port), home=home, env=environment(**sandbox.settings)
    )
    server.says("正在运行")
    yield f"http://127.0.0.1:{port}"
    server.kill()


def test_the_callback_answers_its_verification(connected, served, monkeypatch):
    monkeypatch.setenv("SIYU_PUBLIC_URL", served)
    done = connected("doctor", "--json")
    assert troubles(done) == []
    checks = [found["check"] for found in done.document["findings"]]
    assert {"wecom_callback", "official_callback"} <= set(checks)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIYU_WECOM_TOKEN", "AnotherOneFromElsewhere"),
        ("SIYU_WECOM_AES_KEY", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"),
        ("SIYU_WECOM_CORP_ID", "ww0000000000000000"),
        ("SIYU_OFFICIAL_TOKEN", "AnotherOneFromElsewhere"),
    ],
)
def test_a_callback_with_other_keys_is_noticed(connected, served, monkeypatch, name, value):
    monkeypatch.setenv("SIYU_PUBLIC_URL", served)
    monkeypatch.setenv(name, value)
    callbacks = [t for t in troubles(connected("doctor", "--json")) if "callback" in t["check"]]
    assert "不认这组" in callbacks[0]["why"]
