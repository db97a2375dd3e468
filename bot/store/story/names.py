"""What the codes in our rows are called when a customer's story is told."""

from __future__ import annotations

from bot.store.explain import CHANNELS

SOURCES = {
    "contact_way": "渠道码",
    "menu": "菜单",
    "keyword": "聊天里说的",
    "link": "点开的链接",
    "group": "在群里",
    "purchase": "购买记录",
    "guide": "导购打的",
    "answer": "问答",
    "platform": "企业微信里打的",
    "rule": "规则",
    "counter": "看得多、看得久",
}
INTENTS = {
    "greeting": "打招呼",
    "coupon": "问优惠",
    "points": "查积分",
    "level": "查等级",
    "order": "查订单",
    "logistics": "查物流",
    "reorder": "想再买一件",
    "change_order": "要改订单",
    "group": "想进群",
    "store_hours": "问营业时间",
    "store_address": "问门店在哪",
    "stock": "问有没有货",
    "size": "问尺码",
    "return_goods": "退货",
    "exchange_goods": "换货",
    "refund": "问退款",
    "price_match": "问价格",
    "payment": "问付款",
    "invoice": "要发票",
    "repair": "问修改和维修",
    "gift": "问礼盒和赠品",
    "material": "问面料",
    "impersonal": "关闭个性化",
    "shipping": "问发货",
    "care_advice": "问洗护",
    "recommend": "想请人推荐",
    "person": "找人工",
    "complaint": "客诉",
    "my_data": "问个人信息",
    "thanks": "道谢",
    "opt_out": "退订",
    "opt_in": "订阅",
    "unclear": "没听懂",
}
TRIGGERS = {
    "chat": "她在聊天里问了优惠，每人只能领一次",
    "touch": "跟着一条活动消息发的",
    "run": "旅程里发的",
    "case": "处理客诉时补给她的",
}
PLACES = CHANNELS | {
    "form": "入会时的表单",
    "h5": "消息偏好页",
    "guide": "导购那里",
    "store": "门店",
    "console": "后台",
    "phone": "电话",
}
STEPS = {
    "opened": "立了一件客诉",
    "warned": "客诉快到时限，提醒负责人",
    "breached": "客诉超时",
    "escalated": "客诉升级",
    "assigned": "换人处理",
    "mass": "同类客诉太多，相关活动先停",
    "answered": "回应了她",
    "waiting": "等她回复，计时停住",
    "resumed": "她回了，计时继续",
    "note": "她补充了一句",
    "closed": "客诉处理完",
}
GREETINGS = {"send_welcome": "发出欢迎语", "send_kf_on_event": "在微信客服里先打了招呼"}
RUN_STATES = {"active": "正在旅程里", "finished": "走完了", "left": "离开了", "holdout": "对照组"}
