"""`siyu journey rehearse`: told in both languages, and what to run in place of what there is not."""

from __future__ import annotations

import pytest

from tests.conftest import SECRET


@pytest.fixture
def siyu(run, tmp_path, monkeypatch):
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    (tmp_path / "people.csv").write_text("会员号,姓名\nM1,林小满\n", encoding="utf-8")
    assert run("import", "customers", "people.csv").code == 0
    return run


def test_a_journey_is_rehearsed_and_a_wrong_name_says_what_to_run(siyu):
    done = siyu("journey", "rehearse", "newcomer-week")
    assert (done.code, "没有动任何顾客" in done.out) == (0, True)
    assert siyu("journey", "rehearse", "newcomer-week", "--json").document["entered"] == 0
    done = siyu("--lang", "en", "journey", "rehearse", "newcomer-weak")
    assert (done.code, "run: siyu journey rehearse newcomer-week" in done.err) == (1, True)
    assert (
        "/admin/campaigns/repeating/weekly-core" in siyu("journey", "rehearse", "weekly-core").err
    )
    assert siyu("journey", "rehearse").code == 2
