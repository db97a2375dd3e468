"""Import, tiers and segments as commands: exit codes, words, one JSON document on stdout."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parent.parent / "data" / "online_retail_sample.csv.gz"
SECRET = "c2l5dS10ZXN0cy1vbmx5LW5vdC1mb3ItYW55LXNob3AtMDEyMw=="


@pytest.fixture
def siyu(run, monkeypatch):
    """Run `siyu …` in an empty folder with its own database."""
    monkeypatch.setenv("SIYU_SECRET_KEY", SECRET)
    return run


def test_from_a_file_to_tiers_on_a_fresh_database(siyu, tmp_path):
    assert siyu("import", "orders", SAMPLE).code == 0
    done = siyu("tiers", "run", "--as-of", "2011-09-10", "--export", "out.csv", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert set(rows[0]) == {"customer_id", "tier", "score"}
    assert len({row["customer_id"] for row in rows}) == told["customers"] == len(rows)
    core = [float(row["score"]) for row in rows if row["tier"] == "核心"]
    others = [float(row["score"]) for row in rows if row["tier"] != "核心"]
    assert 0.18 <= len(core) / len(rows) <= 0.22
    assert min(core) >= max(others)


def test_again_is_fine_and_bad_rows_are_exit_four(siyu, tmp_path):
    good = "订单号,会员号,时间,金额\n1,007,2026-03-01 10:00,88\n"
    (tmp_path / "a.csv").write_text(good, encoding="gbk")
    (tmp_path / "b.csv").write_text(good + "2,007,昨天,88\n", encoding="utf-8")
    assert [siyu("import", "orders", "a.csv").code for _ in range(2)] == [0, 0]
    bad = siyu("import", "orders", "b.csv")
    assert bad.code == 4
    assert "1 行以前导过、跳过，1 行有问题没导" in bad.out
    assert (tmp_path / "b_问题行.csv").exists()


def test_json_keeps_stdout_to_itself(siyu, tmp_path):
    (tmp_path / "a.csv").write_text("订单号,会员号,时间,金额\n1,007,2026-03-01,88\n", "utf-8")
    done = siyu("import", "orders", "a.csv", "--dry-run", "--json")
    assert json.loads(done.out)["imported"] == 1
    assert "没有写入任何数据" in done.err


def test_a_missing_file_is_named_with_what_there_is(siyu, tmp_path):
    (tmp_path / "orders_2026q1.csv").write_text("x", encoding="utf-8")
    done = siyu("import", "orders", "orders_2026.csv")
    assert done.code == 2
    assert "你是不是想运行：siyu import orders orders_2026q1.csv" in done.err


def test_a_customer_is_explained_by_the_shops_own_id(siyu, tmp_path):
    orders = "订单号,顾客编号,时间,金额\n1,007,2026-03-01 10:00,88\n2,007,2026-03-11 10:00,12\n"
    (tmp_path / "a.csv").write_text(orders, "utf-8")
    siyu("import", "orders", "a.csv")
    siyu("tiers", "run", "--as-of", "2026-03-15")
    done = siyu("tiers", "explain", "007")
    assert "价值排在前 1%，3 天前买过，平时 10 天一次" in done.out
    assert "买过 2 天、2 笔，共 ¥100.00" in done.out
    assert siyu("tiers", "explain", "008").code == 1


def test_a_rule_is_counted_and_a_wrong_one_is_told(siyu, tmp_path):
    (tmp_path / "rule.yaml").write_text("{field: orders.count, op: gte, value: 1}", "utf-8")
    done = siyu("segment", "count", "rule.yaml")
    assert (done.code, "0 位顾客" in done.out) == (0, True)
    (tmp_path / "rule.yaml").write_text("all: [{field: shoes, value: 1}]", encoding="utf-8")
    wrong = siyu("segment", "count", "rule.yaml")
    assert wrong.code == 2
    assert "all[0].field：没有「shoes」这个字段" in wrong.err
