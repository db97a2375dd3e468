"""`siyu export` and `siyu erase`: told whole, asked for by name, and gone from the file."""

from __future__ import annotations

import json
import stat

import pytest

from tests.conftest import SECRET

NAME, PHONE = "林小满满", "13800136021"


@pytest.fixture
def siyu(run, tmp_path, monkeypatch):
    """`run` in a shop that knows two people from a file."""
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    rows = f"会员号,姓名,手机号\nM1,{NAME},{PHONE}\nM2,陈立,13900139000\n"
    (tmp_path / "people.csv").write_text(rows, encoding="utf-8")
    assert run("import", "customers", "people.csv").code == 0
    return run


def test_a_customer_is_told_whole_and_then_erased_by_her_name(siyu, tmp_path):
    done = siyu("export", PHONE)
    known = {one["table"]: one["rows"] for one in done.document["known"]}
    assert known["secret"] == [{"name": NAME, "phone": PHONE}]
    assert siyu("export", "M1", "--out", "her.json").code == 0
    assert stat.S_IMODE((tmp_path / "her.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "her.json").read_text())["customer"]
    assert siyu("export", "M1", "--out", "her.json").code == 2
    (tmp_path / "her.json").unlink()
    (tmp_path / "people.csv").unlink()

    assert "--confirm" in siyu("erase", "M1").err
    wrong = siyu("erase", "M1", "--confirm", "陈立")
    assert (wrong.code, "什么都没有删" in wrong.err) == (2, True)
    assert siyu("erase", "M1", "--dry-run").code == 0
    done = siyu("erase", "M1", "--confirm", NAME, "--json")
    assert (done.code, done.document["state"]) == (0, "done")
    left = b"".join(one.read_bytes() for one in tmp_path.glob("siyu.db*"))
    assert not [one for one in (NAME, PHONE) if one.encode() in left]
    assert siyu("export", done.document["customer"]).code == 1
    assert siyu("export", PHONE).code == 1
    assert siyu("export", "M2").code == 0
    assert siyu("audit", "verify").code == 0
