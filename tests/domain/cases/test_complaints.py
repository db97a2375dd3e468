"""What counts as a complaint: reports of trouble, not questions about it."""

from __future__ import annotations

import pytest

from bot.domain.cases import complaint_score
from bot.domain.cases.detector import Example, shipped, teach_detector, unpacked

COMPLAINTS = {
    "quality": """
        穿了两次就起球了，太差了
        刚洗一次就掉色，白衣服全染粉了
        这件毛衣缩水了，根本穿不了
        袖口开线了，你们自己看看
        收到就有一个破洞
        质量太差了
        拉链第一天就坏了
        这是假货吧，做工粗糙得很
        跟图片完全不一样，货不对板
        羽绒服一直钻绒，黑裤子上全是毛
        内衬断了两处，质检在做什么
    """,
    "wrong": """
        你们发错了，我要的是M码
        少发了一件，包裹里只有裤子
        这不是我买的那件
        颜色不对，我拍的是藏青
    """,
    "delivery": """
        都五天了还没发货
        物流一直停在杭州不动
        快递把盒子压坏了
        等了两个星期了，到底发不发
        我催了三次，一点动静都没有
        还没收到货，说好的昨天到
    """,
    "refund": """
        退款一直没退给我
        退款十天了还没到账
        店里不给退，说吊牌剪了
        拒绝退货，凭什么
    """,
    "price": """
        刚买两天就降价，太坑人了
        说好的券用不了，骗人
        积分没了，没有人给我解释
        给我多扣了二十块钱
    """,
    "attitude": """
        店员态度太差了
        客服态度恶劣，再也不来了
        问了半天没人理
        你们的导购爱答不理的
        一个推一个，踢皮球
        什么态度啊！！
    """,
    "safety": """
        穿了一天起了红疹
        皮肤过敏了，脖子都是红的
        里面有断针，孩子被扎伤了
        味道刺鼻，头都晕了
    """,
    "harassment": """
        天天发广告，骚扰够了没有
        别再给我打电话了，没完没了
        你们是不是泄露我的电话了，怎么有我电话
    """,
    "other": """
        我要投诉
        再不处理我就打12315
        太失望了，后悔买了
        你们就是骗子
        垃圾店，避雷
        太离谱了吧
    """,
}
ORDINARY = """
    你好，在吗
    这件会起球吗
    容易掉色吗？
    会不会缩水
    机洗会变形吗
    质量好不好
    质量怎么样
    这款有色差吗
    怎么退货
    怎么申请退款呢
    可以退换吗
    退货地址是哪里
    七天内可以退吗
    什么时候发货
    多久能到
    今天下单几号能发
    快递到哪里了
    物流信息在哪里看
    还没发货的话可以改地址吗
    请问还没收到短信怎么办理取件
    优惠券怎么用
    我有几张券
    积分怎么换东西
    积分什么时候到期
    生日有优惠吗
    你们几点关门
    徐汇店还有M码吗
    身高165穿什么码
    羊毛的要怎么洗
    怎么避免起球
    如果坏了可以修吗
    万一尺码不对能换吗
    担心掉色，要单独洗吗
    没有破洞，挺好的
    不是质量问题，我买大了想换小一码
    质量不差，挺满意的
    没起球，穿着很舒服
    没有掉色，放心买
    一点都不失望，很喜欢
    不会再犹豫了，直接下单
    收到了，很好看
    导购态度很好，谢谢
    客服很耐心
    问题已经解决了，谢谢
    帮我查一下订单
    我想改一下收货地址
    可以开发票吗
    哈哈太好看了
    别担心，我不急
    好的谢谢
"""


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    ("category", "text"), [(c, text) for c, words in COMPLAINTS.items() for text in _lines(words)]
)
def test_a_report_of_trouble_is_a_complaint(category, text):
    found = complaint_score(text)
    assert found.is_complaint, found
    assert found.category == category


@pytest.mark.parametrize("text", _lines(ORDINARY))
def test_an_ordinary_question_is_none(text):
    assert not complaint_score(text).is_complaint, complaint_score(text)


def test_enough_phrases_are_tried():
    assert sum(len(_lines(words)) for words in COMPLAINTS.values()) >= 40
    assert len(_lines(ORDINARY)) >= 40


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("穿了一天起了红疹", 1),
        ("洗一次就掉色", 2),
        ("袖子开线，客服没人理，我要投诉", 1),
        ("有点线头", 3),
    ],
)
def test_harm_and_anger_weigh_most(text, severity):
    assert complaint_score(text).severity == severity


def test_thanks_take_the_edge_off():
    assert not complaint_score("上次起球的已经处理好了，谢谢").is_complaint


EXAMPLES = [
    Example(text, bad) for bad in (True, False) for text in ("太差了", "真好", "起球")[bad:]
]


def test_the_same_examples_teach_the_same_bytes():
    assert teach_detector(EXAMPLES).packed() == teach_detector(EXAMPLES).packed()


def test_what_was_kept_says_the_same_when_read_again():
    kept = unpacked(shipped().packed())
    assert kept.margin("起球了，太差了") == shipped().margin("起球了，太差了") > 0


@pytest.mark.parametrize("text", ["", " ", "1", "😀", "\ud800", "\x00", "啊" * 100_000])
def test_whatever_is_written_gets_an_answer(text):
    assert 0 <= complaint_score(text).score <= 1
