"""Why a touch did not go out, or not yet: one code for machines, one sentence for people."""

from __future__ import annotations

from bot.tongue import _

WORDS = {
    "opted_out": "顾客已退订",
    "no_consent": "没有取得营销同意",
    "topic_off": "她关掉了这一类消息",
    "suppressed": "在永不联系名单里",
    "case_open": "有投诉正在处理，暂停营销",
    "quiet_hours": "免打扰时段，稍后再发",
    "her_hours": "她选了晚一点再收，到点再发",
    "brand_cap": "近期已收到过营销消息，达到品牌上限",
    "promo_in_a_row": "最近几条都是优惠，先问候再推",
    "platform_quota": "本月已达到平台群发上限",
    "over_quota": "平台提示顾客接收已达上限",
    "clash": "同一天已有另一个活动",
    "guide_busy": "导购当天的群发任务已满",
    "moment_today": "那天已经有一条朋友圈要发",
    "no_friends": "没有能看到的好友",
    "guide_away": "导购不在岗，没有其他导购可发",
    "guide_left": "导购已经离职，没有其他导购可发",
    "guide_never_confirmed": "导购一直没有确认发送",
    "group_paused": "这组群暂停了，邀请收回",
    "third_promotion": "群里连着两条都是福利，第三条先压下",
    "no_channel": "没有可用的触达渠道",
    "not_carried": "开着的会话发不了这些附件：条数不够，或没有这一种",
    "card_lost": "话送到了，附件没有都送到",
    "not_friend": "已不是好友",
    "service_only": "模板消息只能发服务通知，不能发营销",
    "window_closed": "会话窗口已关闭",
    "out_of_stock": "权益已发完",
    "not_started": "权益还没有开始",
    "offer_ended": "权益已结束",
    "offer_paused": "权益已暂停",
    "per_customer": "顾客领取次数已达上限",
    "per_household": "登记过同一个手机号的一家人已经领满",
    "not_first_order": "只给还没买过的顾客",
    "unknown_offer": "没有这个权益",
    "missing_fact": "话术缺少需要的信息",
    "missing_template": "没有这个话术模板",
    "bad_words": "话术含有不允许的词",
    "too_long": "话术超过平台长度",
    "content_refused": "平台认为内容违规",
    "paused": "活动已暂停",
    "stopped": "活动已停止",
    "kill_switch": "全部发送已紧急停止",
    "harm": "退订或投诉的人太多，自动停下",
    "budget_spent": "活动预算已用完",
    "campaign_over": "活动已结束",
    "holdout": "对照组，特意不发",
    "house_holdout": "长期对照组，活动都特意不发",
    "expired": "过了该发的时间",
    "withdrawn": "已撤回，重新安排",
    "audience_changed": "人群有变化，重新安排",
    "merged": "与另一位顾客合并",
    "left_journey": "已离开这条旅程",
    "bought": "已经购买，不再提醒",
    "refused": "平台拒绝",
    "unknown": "没有收到平台的答复，结果不明",
    "gone": "顾客资料已删除",
    "restored": "从备份恢复，之前可能已经发出",
    "quota_spent": "平台额度已用完",
    "cap_reached": "达到平台上限",
    "customer_refuses": "顾客拒收",
    "not_accepted": "她没有要过这条通知，或者已经用掉、收回了",
    "not_following": "没有关注公众号",
    "no_such_customer": "平台上已没有这位顾客",
    "no_such_guide": "平台上已没有这位导购",
    "empty_audience": "没有可以发送的好友",
    "window_full": "会话窗口内的条数已用完",
    "state_forbids": "会话状态不允许机器人发言",
    "protected_minor": "未成年人保护，不可发送",
    "too_late": "过了平台允许的时间",
    "no_permission": "应用没有这项权限",
    "gave_up": "多次尝试未成功",
}
"""Every code that may stand in `Touch.reason`."""

PASSING = frozenset({"quiet_hours", "her_hours", "guide_busy", "paused", "kill_switch"})
"""Reasons that end by themselves: the touch waits for its turn instead of ending."""

TO_PLAN_AGAIN = PASSING | {"audience_changed", "expired", "gave_up", "stopped"}
"""Why a mass task was never made although nothing is wrong with its touches: they are looked at anew."""

GONE = frozenset({"not_friend", "not_following", "no_such_customer", "empty_audience"})
"""The tie to the customer is gone."""

SHUT = frozenset(
    {"window_closed", "window_full", "state_forbids", "not_following", "not_accepted"}
)
"""Nothing went through this window, and nothing will: the message takes another way, where there is one."""

_OFFER = {"ended": "offer_ended", "paused": "offer_paused"}


def words(code: str | None) -> str:
    """The sentence for people. A code nobody knows is shown as it is: better than nothing."""
    return _(WORDS.get(code, code)) if code else ""


def ended(code: str) -> str:
    """The state of a touch that ends here, before any call."""
    if code in SHUT:
        return "not_friend" if code in GONE else "refused"
    return "cancelled" if code == "stopped" else "excluded"


def of_offer(refusal: str) -> str:
    """The reason for a touch whose offer said no."""
    reason = _OFFER.get(refusal, refusal)
    return reason if reason in WORDS else "offer_ended"


def of_platform(refusal: str) -> str:
    """The reason for a touch that a platform refused."""
    return refusal if refusal in WORDS else "refused"
