"""Whole files: whatever they are written in, however often they come, each row counts once."""

from __future__ import annotations

import csv
import gzip
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import func, select

from bot.domain.customers import Customer, Identity, Secret
from bot.domain.orders import Order, OrderEntry, OrderLine, Product
from bot.inbound.imports import Unreadable, Wish, import_file
from bot.inbound.imports.reading import PART
from bot.inbound.imports.source import open_source
from bot.store import customers, facts

NOW = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
HOME = ZoneInfo("Asia/Shanghai")
SAMPLE = Path(__file__).parent.parent / "data" / "online_retail_sample.csv.gz"
SHOP = """订单编号,买家昵称,付款日期,订单状态,实付金额,手机号,门店
0001,小曼,2026-03-01 10:00:00,交易成功,186.00,13800000001,人民路店
0002,阿宁,2026-03-02 10:00:00,付款以后用户退款成功，交易自动关闭,84,13800000002,人民路店
0003,小曼,2026-03-03 10:00:00,等待买家付款,50,,人民路店
0004,小曼,2026-03-04 10:00:00,交易成功,-20.5,,人民路店
0005,阿宁,2026-03-04 11:00:00,交易成功,0,,人民路店
"""
LINES = """order_id,customer_id,paid_at,sku,title,qty,amount
A,007,2026-03-01 10:00:00,T1,白 T 恤,1,59.00
A,007,2026-03-01 10:00:00,T1,白 T 恤,1,59.00
B,008,2026-03-01 11:00:00,K1,针织衫,1,199.00
A,007,2026-03-01 10:00:00,D1,连衣裙,1,299.00
"""


@pytest.fixture
def brings(sessions, vault, tmp_path):
    """Import this text (or these bytes) as a file."""

    async def run(content: str | bytes, name: str = "orders.csv", kind: str = "orders", **wish):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return await import_file(sessions, vault, path, Wish(kind, NOW, HOME, **wish))

    return run


async def count(sessions, table) -> int:
    async with sessions.reading() as session:
        return await session.scalar(select(func.count()).select_from(table))


async def all_money(sessions) -> tuple[int, int, int]:
    async with sessions.reading() as session:
        entries = await session.scalar(select(func.sum(OrderEntry.amount_fen)))
        net = await session.scalar(select(func.sum(Order.amount_fen - Order.refunded_fen)))
        orders = await session.scalar(select(func.count()).select_from(Order))
    assert entries == net
    return orders, net, await count(sessions, Customer)


def adds_up(report) -> bool:
    parts = report.imported + report.known + report.unpaid + report.rejected
    return report.rows == parts


async def test_a_shop_export_is_understood(sessions, brings):
    report = await brings(SHOP)
    assert (report.imported, report.unpaid, report.rejected, report.customers) == (4, 1, 0, 2)
    assert await all_money(sessions) == (4, 18600 - 2050, 2)
    async with sessions.reading() as session:
        orders = {o.order_no: o for o in await session.scalars(select(Order))}
    assert orders["0001"].paid_at == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert (orders["0002"].amount_fen, orders["0002"].refunded_fen) == (8400, 8400)
    assert (orders["0005"].amount_fen, orders["0005"].state) == (0, "paid")


@pytest.mark.parametrize(
    ("codec", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8（带 BOM）"),
        ("gbk", "GBK"),
        ("gb18030", "GBK"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
    ],
)
async def test_one_export_in_many_encodings_is_one_export(sessions, brings, codec, said):
    await brings(SHOP)
    report = await brings(SHOP.encode(codec), name=f"{codec}.csv")
    assert (report.encoding, report.imported, report.known) == (said, 0, 4)
    assert await all_money(sessions) == (4, 16550, 2)


async def test_lines_of_two_encodings_glued_together(sessions, brings):
    head, *rest = SHOP.splitlines(keepends=True)
    glued = head.encode() + rest[0].encode("gbk") + "".join(rest[1:]).encode()
    report = await brings(glued)
    assert (report.encoding, report.rejected) == ("UTF-8 与 GBK 混用", 0)
    async with sessions.reading() as session:
        names = set(
            await session.scalars(select(Identity.value).where(Identity.kind == "buyer_id"))
        )
    assert names == {"小曼", "阿宁"}


async def test_a_spreadsheet_keeps_its_ids(sessions, vault, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["订单号", "会员号", "时间", "金额"])
    book.active.append(["0007", "0012", datetime(2026, 3, 1, 10), 139.12])  # noqa: DTZ001
    book.active.append([8, 13, "2026-03-01 11:00", "22.2"])
    book.save(tmp_path / "orders.xlsx")
    wish = Wish("orders", NOW, HOME)
    report = await import_file(sessions, vault, tmp_path / "orders.xlsx", wish)
    assert (report.encoding, report.imported) == ("Excel", 2)
    async with sessions.reading() as session:
        assert set(await session.scalars(select(Order.order_no))) == {"0007", "8"}
    assert await all_money(sessions) == (2, 16132, 2)


async def test_identical_lines_are_distinct_and_overlapping_files_add_what_is_missing(
    sessions, brings
):
    head, first, second, third, fourth = LINES.splitlines(keepends=True)
    await brings(head + first + second, name="part.csv")
    report = await brings(LINES)
    assert (report.imported, report.known, report.new) == (2, 2, 1)
    await brings(head + third + fourth + second + first, name="shuffled.csv")
    assert await all_money(sessions) == (2, 61600, 2)
    assert await count(sessions, OrderLine) == 4


async def test_orders_and_their_lines_from_two_files_count_once(sessions, brings):
    await brings("order_id,customer_id,paid_at,amount\nA,007,2026-03-01 10:00,417\n")
    report = await brings(LINES)
    assert (report.new, report.rejected) == (1, 0)
    assert await all_money(sessions) == (2, 61600, 2)
    assert await count(sessions, OrderLine) == 4


async def test_a_known_order_with_another_sum_is_told_not_counted(sessions, brings):
    order = "order_id,customer_id,paid_at,amount\nA,007,2026-03-01 10:00,{}\n"
    await brings(order.format("100"))
    report = await brings(order.format("250"))
    assert [p.why for p in report.problems] == ["这个订单以前导过，金额对不上"]
    assert await all_money(sessions) == (1, 10000, 1)


async def test_a_later_export_may_bring_the_refund(sessions, brings):
    order = "订单号,会员号,付款时间,金额,状态\nA,1,2026-03-01 10:00,100,{}\n"
    await brings(order.format("交易成功"))
    report = await brings(order.format("退款成功"))
    assert report.rejected == 0
    assert await all_money(sessions) == (1, 0, 1)


async def test_bad_rows_are_told_and_the_rest_is_imported(sessions, brings, tmp_path):
    report = await brings(
        "订单号,手机号,时间,金额\n"
        "1,1380013,2026-03-01,5\n"
        "2,13800000001,2026-03-01,三百\n"
        "3,13800000001,2026-03-01,=HYPERLINK(1)\n"
        "4,13800000001,2026-03-01,7\n"
    )
    told = [(p.row, p.column, p.content, p.why) for p in report.problems]
    assert told[0] == (2, "手机号", "1380013", "不是 11 位")
    assert told[1] == (3, "金额", "三百", "不是数字")
    assert (report.imported, report.rejected) == (1, 3)
    with (tmp_path / "orders_问题行.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["订单号", "手机号", "时间", "金额", "行", "列", "内容", "问题"]
    assert rows[3][3] == "'=HYPERLINK(1)"
    assert await count(sessions, Order) == 1


async def test_a_mended_problem_file_imports_as_it_is(sessions, brings, tmp_path):
    await brings("订单号,会员号,时间,金额\n1,9,2026-03-01,三百\n")
    mended = (tmp_path / "orders_问题行.csv").read_text("utf-8-sig").replace("三百", "300", 1)
    report = await brings(mended, name="mended.csv")
    assert (report.imported, report.rejected) == (1, 0)


async def test_a_dry_run_writes_nothing_and_counts_the_same(sessions, brings):
    told = await brings(SHOP, dry_run=True)
    assert await count(sessions, Order) == await count(sessions, Customer) == 0
    done = await brings(SHOP)
    assert (told.imported, told.unpaid) == (done.imported, done.unpaid)


async def test_names_and_phones_are_sealed(sessions, vault, brings):
    await brings(
        "姓名,手机号,会员号,生日,性别\n王小曼,13800000001,7,1990-03-12,女\n", kind="customers"
    )
    async with sessions.begin() as session:
        customer = (await session.scalars(select(Customer))).one()
        secret = (await session.scalars(select(Secret))).one()
        assert b"13800000001" not in secret.phone
        assert await customers.name_of(session, vault, customer.id) == "王小曼"
        assert (customer.gender, customer.birthday_month) == (2, 3)
        values = set(await session.scalars(select(Identity.value)))
    assert "13800000001" not in values


async def test_a_family_phone_does_not_merge_its_members(sessions, brings):
    await brings("会员号,手机号\n1,13800000001\n2,13800000001\n", kind="customers")
    again = await brings("会员号,手机号\n1,13800000001\n2,13800000001\n", kind="customers")
    assert await count(sessions, Customer) == 2
    assert again.known == 2


async def test_products_bring_categories(sessions, brings):
    report = await brings("货号,商品名称,类目,价格\nT1,白 T 恤,上装,59\n", kind="products")
    await brings("货号,商品名称,类目,价格\nT1,纯棉白 T 恤,上装,69\n", kind="products")
    async with sessions.reading() as session:
        product = (await session.scalars(select(Product))).one()
    assert (report.new, product.name, product.price_fen) == (1, "纯棉白 T 恤", 6900)


async def test_two_names_of_one_product_are_filed_as_one(sessions, brings):
    names = "货号,商品名称,类目,价格,同款\nT1-OLD,白T(旧),其他,,T1\nT1-X,白T,,49,T1-OLD\n"
    await brings(names, name="names.csv", kind="products")
    await brings("货号,商品名称,类目,价格\nT1,白 T 恤,上装,59\n", kind="products")
    await brings(names, name="names.csv", kind="products")
    async with sessions.reading() as session:
        rows = {p.sku: p for p in await session.scalars(select(Product))}
    assert {p.category for p in rows.values()} == {"上装"}
    assert [rows[sku].price_fen for sku in ("T1", "T1-OLD", "T1-X")] == [5900, 5900, 4900]


async def test_the_last_item_is_called_as_its_product_is(sessions, vault, content, brings):
    await brings("货号,商品名称,类目,同款\nT1,白 T 恤,上装,\nT9,白T(旧),,T1\n", kind="products")
    order = "订单号,会员号,时间,货号,商品名称,金额\nA,1,2026-03-01,T9,白T(旧),59\n"
    await brings(order, name="order.csv")
    async with sessions.reading() as session:
        buyer = await session.scalar(select(Customer.id))
        told = (await facts.gather(session, vault, content, [buyer], NOW))[buyer]
    assert (told["last_item"], told["last_category"]) == ("白 T 恤", "上装")


async def test_a_refund_may_come_in_a_file_of_its_own_and_before_its_payment(sessions, brings):
    head = "订单号,会员号,时间,金额,退款单号\n"
    sale = "A,1,2026-03-01 10:00,100,\n"
    first, second = "A,1,2026-03-02 09:00,-30,R1\n", "A,1,2026-03-03 09:00,-30,R2\n"
    for number, rows in enumerate((first, sale, second, sale + second, first, sale)):
        report = await brings(head + rows, name=f"{number}.csv")
        assert (report.rejected, report.imported) == (0, int(number < 3))
        assert adds_up(report)
    assert await all_money(sessions) == (1, 4000, 1)
    async with sessions.reading() as session:
        order = (await session.scalars(select(Order))).one()
        customer = (await session.scalars(select(Customer))).one()
    assert (order.state, order.paid_at) == ("paid", datetime(2026, 3, 1, 2, tzinfo=UTC))
    assert customer.stage == "buys"


async def test_an_order_that_was_nobodys_is_the_buyers_whom_a_file_names(sessions, brings):
    async with sessions.begin() as session:
        order = Order(source="file", order_no="A", state="paid", paid_at=NOW, amount_fen=10000)
        session.add(order)
        await session.flush()
        paid = OrderEntry(order_id=order.id, kind="paid", ref="", at=NOW, amount_fen=10000)
        session.add(paid)
    report = await brings("订单号,会员号,时间,金额\nA,1,2026-03-01 10:00,100\n")
    assert (report.known, report.customers) == (1, 1)
    async with sessions.reading() as session:
        buyer = await session.scalar(select(Customer.id))
        assert await session.scalar(select(Order.customer_id)) == buyer
        assert await session.scalar(select(OrderEntry.customer_id)) == buyer


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "a.csv"),
        (b"<html><table></table></html>", "a.csv"),
        (b"PK\x03\x04rest", "a.csv"),
        (b"PK\x03\x04rest", "a.xlsx"),
        (b"\x1f\x8bnot gzip at all", "a.csv.gz"),
        (b"one,two\n1,2\n", "a.csv"),
    ],
)
async def test_what_is_no_table_is_refused_as_a_whole(brings, content, name):
    with pytest.raises(Unreadable):
        await brings(content, name=name)


async def test_odd_tables_cost_only_their_odd_rows(sessions, brings):
    wide = ",".join(f"x{n}" for n in range(300))
    huge = "长" * 1_100_000
    report = await brings(
        f"订单号,会员号,时间,金额,备注,{wide}\n"
        '1,7,2026-03-01,5,"换行\n也可以, 逗号也可以"\n'
        f"2,7,2026-03-01,6,{huge}\n"
        "3,7\n"
        "4,7,2026-03-02,8\n"
    )
    assert (report.imported, report.rejected) == (2, 2)
    assert adds_up(report)


async def test_a_real_shop_counts_the_same_however_it_is_cut(sessions, vault, tmp_path):
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as stream:
        head, *rows = stream.readlines()
    wish = Wish("orders", NOW, HOME)
    for name, part in (("a", rows[:900]), ("b", rows[500:]), ("c", rows[::-1])):
        path = tmp_path / f"{name}.csv"
        path.write_text(head + "".join(part), encoding="utf-8")
        report = await import_file(sessions, vault, path, wish)
        assert adds_up(report)
        assert report.rejected == 0
    cells = list(csv.DictReader([head, *rows]))
    fen = sum(round(float(row["amount"]) * 100) for row in cells)
    assert await all_money(sessions) == (
        len(rows),
        fen,
        len({row["customer_id"] for row in cells}),
    )


class Stopped(Exception):
    """Somebody ended the program."""


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_an_import_that_was_ended_in_the_middle_goes_on_where_it_was(
    sessions, vault, tmp_path
):
    path, many = tmp_path / "many.csv", PART + 200
    rows = (f"{n:06},{n % 900},2026-03-01 10:{n % 60:02},{n}" for n in range(many))
    path.write_text("\n".join(["订单号,会员号,时间,金额", *rows]), encoding="utf-8")
    wish = Wish("orders", NOW, HOME)

    def ends(what: str, _done: int, _all: int) -> None:
        if what == "写入":
            raise Stopped

    with pytest.raises(Stopped):
        await import_file(sessions, vault, path, wish, ends)
    before = await count(sessions, Order)
    report = await import_file(sessions, vault, path, wish)
    assert (report.imported, report.known) == (many - before, before)
    assert 0 < before < many
    assert await all_money(sessions) == (many, 100 * sum(range(many)), 900)


async def test_headers_that_come_twice_or_not_at_all(sessions, brings):
    twice = "订单号,会员号,时间,金额,金额,\n1,7,2026-03-01,5,99,x\n"
    assert (await brings(twice)).imported == 1
    assert await all_money(sessions) == (1, 500, 1)
    with pytest.raises(Unreadable, match="没有认出这些列"):
        await brings("1,7,2026-03-01,5\n2,7,2026-03-02,6\n", name="bare.csv")


def test_a_sheet_that_unpacks_to_anything_is_not_unpacked(tmp_path):
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w") as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"")
    packed_bytes = bytearray(bomb.read_bytes())
    size = packed_bytes.index(b"PK\x01\x02") + 24  # what its directory says it will become
    packed_bytes[size : size + 4] = (1 << 30).to_bytes(4, "little")
    bomb.write_bytes(packed_bytes)
    with pytest.raises(Unreadable, match="展开后太大"):
        open_source(bomb)
