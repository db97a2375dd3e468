"""Which column means what: guessed from Chinese and English headers, or as the user says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.inbound.imports.source import Unreadable
from bot.tongue import _, listed

# The most telling header first: when a file has several, the earlier one is taken.
BUYER = {
    "unionid": "unionid",
    "external_userid": "external_userid 外部联系人id",
    "openid": "openid",
    "member_no": "会员号 会员卡号 会员编号 会员卡 卡号 member_no member_id memberid card_no",
    "buyer_id": "顾客编号 客户编号 顾客id 客户id 用户id 会员id 买家id 买家会员名 买家昵称 顾客 客户 买家 用户"
    " customer_id customerid customer_no customer buyer_id buyer user_id userid user client_id"
    " cust_id shopper_id household_key household_id household",
    "phone": "手机号 手机号码 手机 联系手机 收货人手机 收货人手机号 买家手机 联系电话 电话 phone mobile"
    " phone_number mobile_phone tel",
    "person": "姓名 顾客姓名 客户姓名 会员姓名 收货人姓名 收货人 customer_name receiver_name full_name",
}
LINE = {
    "sku": "sku sku_id sku编码 商品编码 商家编码 货号 款号 条码 商品条码 stockcode product_id item_id barcode",
    "name": "商品名称 宝贝标题 商品标题 品名 商品 title product_name product item description",
    "category": "类目 品类 商品类目 商品分类 分类 category product_category department",
    "quantity": "购买数量 数量 件数 宝贝总数量 商品数量 quantity qty n_items units",
}
ORDER = BUYER | {
    "order_no": "订单编号 订单号 主订单编号 订单id 交易单号 小票号 流水号 单号 order_no order_id orderid"
    " order_number order invoice_no invoiceno invoice transaction_id receipt_no receipt",
    "at": "付款时间 付款日期 支付时间 订单付款时间 支付日期 成交时间 交易时间 下单时间 订单创建时间 下单日期"
    " 订单日期 销售日期 创建时间 日期 时间 paid_at paid_time payment_time payment_date order_date"
    " order_time invoicedate invoice_date purchase_date transaction_date created_at datetime"
    " timestamp date time",
    "amount": "实付金额 买家实际支付金额 实际支付金额 实收金额 支付金额 成交金额 订单金额 总金额 金额 实收 实付"
    " amount paid_amount total_amount order_amount amount_paid net_amount total grand_total payment"
    " revenue sales spend value",
    "price": "单价 销售单价 unit_price unitprice price",
    "refund": "退款金额 refund_amount refunded_amount refunded",
    "refund_no": "退款编号 退款单号 退单号 refund_no refund_id",
    "status": "订单状态 交易状态 状态 类型 单据类型 status order_status financial_status kind type",
    "store": "门店 门店编码 门店名称 店铺 店铺名称 store store_id store_code shop shop_id branch",
    "guide": "导购 导购员 店员 销售员 营业员 guide salesperson clerk",
    "channel": "渠道 订单来源 销售渠道 channel",
    **LINE,
}
CUSTOMER = BUYER | {
    "person": BUYER["person"] + " 名字 昵称 name nickname",
    "gender": "性别 gender sex",
    "birthday": "生日 出生日期 birthday birth_date dob",
    "region": "地区 省份 城市 所在地 region province city",
    "address": "地址 收货地址 详细地址 address",
    "agreed": "营销授权 同意营销 同意接收活动消息 是否同意接收活动消息 接收活动消息 活动消息授权 marketing_consent"
    " accepts_marketing marketing_opt_in opt_in",
    "agreed_at": "授权时间 授权日期 同意时间 同意日期 入会时间 入会日期 注册时间 注册日期 consent_at"
    " consented_at opted_in_at joined_at member_since",
}
PRODUCT = {
    "sku": LINE["sku"] + " 编码 code id",
    "name": LINE["name"] + " 名称 name",
    "category": LINE["category"],
    "price": "价格 售价 零售价 吊牌价 price unit_price retail_price",
    "listed_at": "上架时间 上架日期 上市时间 上市日期 上新日期 listed_at listing_date launch_date",
    "style": "风格 款式风格 style",
    "series": "系列 商品系列 series collection",
    "stock": "库存 可售库存 库存数量 现有库存 stock inventory quantity_on_hand",
    "same_as": "同款 同款编码 别名 主编码 same_as alias_of",
}
KINDS: Mapping[str, Mapping[str, str]] = {
    "orders": ORDER,
    "customers": CUSTOMER,
    "products": PRODUCT,
}
WORDS = {
    "unionid": "unionid",
    "external_userid": "外部联系人",
    "openid": "openid",
    "member_no": "会员号",
    "buyer_id": "顾客编号",
    "phone": "手机号",
    "person": "姓名",
    "order_no": "订单号",
    "at": "时间",
    "amount": "金额",
    "price": "单价",
    "refund": "退款金额",
    "refund_no": "退款单号",
    "status": "状态",
    "store": "门店",
    "guide": "导购",
    "channel": "渠道",
    "sku": "货号",
    "name": "商品",
    "category": "品类",
    "quantity": "数量",
    "gender": "性别",
    "birthday": "生日",
    "region": "地区",
    "address": "地址",
    "listed_at": "上架时间",
    "same_as": "同款",
    "style": "风格",
    "series": "系列",
    "stock": "库存",
    "agreed": "营销授权",
    "agreed_at": "授权时间",
}
IDS = ("unionid", "external_userid", "openid", "member_no", "buyer_id", "phone")


@dataclass(frozen=True, slots=True)
class Columns:
    place: Mapping[str, int]
    """Field to position in a row."""
    header: Sequence[str]

    def named(self, field: str) -> str:
        """The file's own name of a field's column."""
        return self.header[self.place[field]] if field in self.place else _(WORDS[field])


def recognise(header: Sequence[str], kind: str, said: Mapping[str, str]) -> Columns:
    """`said` maps headers to fields and goes before any guess. Raises Unreadable when something is missing."""
    columns = Columns(guessed(header, kind, said), header)
    _demand(columns, kind)
    return columns


def guessed(header: Sequence[str], kind: str, said: Mapping[str, str]) -> dict[str, int]:
    """Field to position, as far as it can be told. A header that is said to be nothing is no field."""
    fields = KINDS[kind]
    nothing = {header.index(name) for name, field in said.items() if not field and name in header}
    said = {name: field for name, field in said.items() if field}
    place = dict(_said(header, name, field, fields) for name, field in said.items())
    taken = set(place.values()) | nothing
    plain = [_plain(name) for name in header]
    for field, aliases in fields.items():
        if field in place:
            continue
        for alias in aliases.split():
            at = _first(plain, _plain(alias), taken)
            if at is not None:
                place[field] = at
                taken.add(at)
                break
    return place


def _said(
    header: Sequence[str], name: str, field: str, fields: Mapping[str, str]
) -> tuple[str, int]:
    known = {WORDS[each]: each for each in fields} | {each: each for each in fields}
    if field not in known:
        raise Unreadable(
            _("--map 里没有「%(field)s」这个字段", field=field),
            _("可以写：%(fields)s", fields=listed(fields)),
        )
    if name not in header:
        raise Unreadable(
            _("文件里没有「%(name)s」这一列", name=name),
            _("文件里有：%(columns)s", columns=listed(header)),
        )
    return known[field], header.index(name)


def _first(plain: Sequence[str], alias: str, taken: set[int]) -> int | None:
    return next((i for i, name in enumerate(plain) if name == alias and i not in taken), None)


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).lower()
    return re.sub(r"[（(\[【].*?[）)\]】]|[\s_\-./:：*]", "", folded)


def _demand(columns: Columns, kind: str) -> None:
    place = columns.place
    missing = []
    if kind in ("orders", "customers") and not any(field in place for field in IDS):
        missing.append(_("顾客（顾客编号、会员号或手机号）"))
    if kind == "orders":
        missing += [_(WORDS[field]) for field in ("at",) if field not in place]
        if "amount" not in place and not {"price", "quantity"} <= set(place):
            missing.append(_(WORDS["amount"]))
    if kind == "products":
        missing += [_(WORDS[field]) for field in ("sku", "name") if field not in place]
    if missing:
        raise Unreadable(
            _(
                "没有认出这些列：%(missing)s。文件里有：%(columns)s",
                missing=listed(missing),
                columns=listed(columns.header),
            ),
            _("用 --map 告诉我，例如 --map 消费额=amount"),
        )
