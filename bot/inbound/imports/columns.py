"""Which column means what: guessed from Chinese and English headers, or as the user says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
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
    " cust_id uid shopper_id household_key household_id household",
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
LIKELY: Mapping[str, tuple[str, str, str]] = {
    "buyer_id": (
        r"customer|client|member|buyer|user|shopper|visitor|kunde|顾客|客户|会员|买家|用户|消费者",
        r"name|type|since|group|segment|age|gender|city|level|count|address|mail|phone"
        r"|姓名|名称|类型|等级|级别|性别|年龄|数|地址|备注|手机|电话",
        r"id|no$|nr|num|code|key|编号|号|编码|代码",
    ),
    "order_no": (
        r"order|invoice|transaction|receipt|ticket|trade|bill|bestell|订单|单据|交易|小票|流水|单号",
        r"date|time|day|amount|total|status|state|type|count|qty|value|price|日|时|金额|状态|类型|数|额|价",
        r"id|no$|nr|num|sn|code|key|号|编码|代码",
    ),
    "at": (
        r"date|time|datum|zeit|时间|日期|日$|(?<![a-z])ts$|created|paid_?on",
        r"ship|deliver|birth|update|modif|refund|cancel|due|zone|发货|收货|更新|修改|退|生日|出生|取消",
        r"pay|paid|purchase|order|付款|支付|成交|消费|下单|交易|购买",
    ),
    "amount": (
        r"amount|total|paid|pay|revenue|sales|spen[dt]|betrag|umsatz|sum|price|金额|额$|实付|实收|价",
        r"date|time|type|status|method|refund|discount|tax|ship|freight|qty|quantity|unit|points|fee"
        r"|日|时|退|优惠|折扣|运费|税|数量|单价|原价|积分|方式|状态|佣金",
        r"paid|actual|net|实付|实收|支付|消费|成交",
    ),
}
"""Where no header has a known name: what such a header contains, what it must not contain, what speaks for it."""
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
    if kind == "orders" and "price" in place and not {"amount", "quantity"} & set(place):
        place["amount"] = place.pop("price")
    for field in _lacking(kind, place):
        if (at := _likely(header, field, taken)) is not None:
            place[field] = at
            taken.add(at)
    return place


def _lacking(kind: str, place: Mapping[str, int]) -> list[str]:
    """What a file must tell and no header of it is known for."""
    found = [] if any(field in place for field in IDS) else ["buyer_id"]
    if kind == "orders":
        found += [field for field in ("order_no", "at") if field not in place]
        priced = {"price", "quantity"} <= set(place)
        found += [] if priced or "amount" in place else ["amount"]
    return found if kind in ("orders", "customers") else []


def _likely(header: Sequence[str], field: str, taken: Collection[int]) -> int | None:
    """The header that sounds most like it."""
    contains, never, better = map(re.compile, LIKELY[field])
    found = [
        (not better.search(name), at)
        for at, name in enumerate(map(_folded, header))
        if at not in taken and contains.search(name) and not never.search(name)
    ]
    return min(found)[1] if found else None


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


def _folded(name: str) -> str:
    """Without what is said in brackets."""
    folded = unicodedata.normalize("NFKC", name).lower()
    return re.sub(r"[(\[【].*?[)\]】]", "", folded).strip()


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-./:*]", "", _folded(name))


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
