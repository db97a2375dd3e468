"""Calls as they are said, beyond the everyday ones: call, method and path, body or query."""

from __future__ import annotations

from bot.calls import *  # noqa: F403
from bot.platforms.official.requests.context import Context as OfficialContext
from bot.platforms.wecom.requests.context import Context as WecomContext

MEDIA = {"a.png": "MEDIA_A", "b.pdf": "MEDIA_B", "c.mp4": "MEDIA_C", "d.amr": "MEDIA_D"}
CONTENTS = {"a.png": b"\x89PNG picture"}
WECOM = WecomContext(agent_id=1, media=MEDIA, contents=CONTENTS)
OFFICIAL = OfficialContext(app_id="wx1", media=MEDIA, contents=CONTENTS)
PICTURE, VIDEO = ImageCard(media="a.png"), VideoCard(media="c.mp4", title="T", description="D")
LINK = LinkCard(title="T", url="https://u", description="D", media="a.png")
PROGRAM = MiniProgramCard(title="M", appid="wx2", page="/p", media="a.png")
DAY, KF = 86_400, {"open_kfid": "wk1", "external_userid": "wm1"}
PAIR = {"handover_userid": "a", "takeover_userid": "b"}
BUTTONS = ({"name": "会员", "sub_button": [{"type": "click", "name": "积分", "key": "POINTS"}]},)
RULE = {"rule_name": "R", "words": ("返现",), "semantics": (1, 3), "block": True}
SAID_RULE = {"rule_name": "R", "word_list": ["返现"], "intercept_type": 1}
RANGE = {"user_list": ["a"], "department_list": [2]}
GUIDES = {"userids": ("a",), "departments": (2,)}
HEAD = {"card_type": "text_notice", "main_title": {"title": "T"}, "task_id": "t@1"}
GO = {"type": 1, "url": "https://u"}
CHOICES = [{"id": "1", "text": "是"}, {"id": "2", "text": "否"}]
SUBMIT = {"text": "提交", "key": "submit"}
TEXT_NOTICE = {
    **HEAD,
    "source": {"icon_url": "https://i", "desc": "S", "desc_color": 1},
    "action_menu": {"desc": "M", "action_list": [{"text": "A", "key": "a"}]},
    "quote_area": {"type": 1, "url": "https://u", "title": "Q", "quote_text": "q"},
    "emphasis_content": {"title": "100", "desc": "E"},
    "sub_title_text": "S",
    "horizontal_content_list": [{"type": 3, "keyname": "导购", "value": "点击", "userid": "a"}],
    "jump_list": [{"type": 2, "title": "J", "appid": "wx2", "pagepath": "/p"}],
    "card_action": GO,
}
NEWS_NOTICE = {
    "card_type": "news_notice",
    "main_title": {"title": "T", "desc": "D"},
    "card_image": {"url": "https://i", "aspect_ratio": 1.3},
    "image_text_area": {"type": 1, "url": "https://u", "title": "T", "image_url": "https://i"},
    "vertical_content_list": [{"title": "V", "desc": "D"}],
    "card_action": GO,
}
BUTTON = {
    **HEAD,
    "card_type": "button_interaction",
    "button_selection": {"question_key": "q", "title": "Q", "option_list": CHOICES},
    "button_list": [{"text": "同意", "style": 1, "key": "yes"}, {"text": "否", "key": "no"}],
}
VOTE = {
    **HEAD,
    "card_type": "vote_interaction",
    "checkbox": {
        "question_key": "q",
        "mode": 1,
        "option_list": [{**CHOICES[0], "is_checked": True}],
    },
    "submit_button": SUBMIT,
}
SELECT = {
    **HEAD,
    "card_type": "multiple_interaction",
    "select_list": [
        {"question_key": "q", "title": "Q", "selected_id": "1", "option_list": CHOICES}
    ],
    "submit_button": SUBMIT,
}
TEMPLATE_CARDS = (TEXT_NOTICE, NEWS_NOTICE, BUTTON, VOTE, SELECT)


def app(kind: str, said: dict) -> dict:
    """A message of our app to guide a."""
    twice = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
    return {"touser": "a", "agentid": 1, "msgtype": kind, kind: said, **twice}


def kf(kind: str, said: dict) -> dict:
    return {
        "touser": "wm1",
        "open_kfid": "wk1",
        "msgid": "m",
        "msgtype": kind,
        kind: said,
    }


def fan(kind: str, said: dict) -> dict:
    return {"touser": "o1", "msgtype": kind, kind: said}


_CONTACT = "externalcontact"
_LINK, _CHAT = f"{_CONTACT}/customer_acquisition", f"{_CONTACT}/groupchat"
_GREETING = f"{_CONTACT}/group_welcome_template"

OF_WECOM = [
    (
        RemarkCustomer(userid="a", external_userid="w", remark="", company="C"),
        f"POST {_CONTACT}/remark",
        {"userid": "a", "external_userid": "w", "remark": "", "remark_company": "C"},
    ),
    (ListContacts(cursor="C"), f"POST {_CONTACT}/contact_list", {"cursor": "C", "limit": 1000}),
    (EditCorpTag(id="t", order=3), f"POST {_CONTACT}/edit_corp_tag", {"id": "t", "order": 3}),
    (
        ListContactWays(start_time=1, end_time=2),
        f"POST {_CONTACT}/list_contact_way",
        {"start_time": 1, "end_time": 2, "limit": 1000},
    ),
    (
        CloseTempChat(userid="a", external_userid="w"),
        f"POST {_CONTACT}/close_temp_chat",
        {"userid": "a", "external_userid": "w"},
    ),
    (
        CreateMassTask(sender="a", text="新品", external_userids=("w",), attachments=(VIDEO,)),
        f"POST {_CONTACT}/add_msg_template",
        {
            "chat_type": "single",
            "external_userid": ["w"],
            "sender": "a",
            "text": {"content": "新品"},
            "attachments": [{"msgtype": "video", "video": {"media_id": "MEDIA_C"}}],
        },
    ),
    (
        AddGroupWelcome(text="欢迎", attachment=PICTURE),
        f"POST {_GREETING}/add",
        {
            "text": {"content": "欢迎"},
            "image": {"media_id": "MEDIA_A"},
            "agentid": 1,
            "notify": 1,
        },
    ),
    (
        EditGroupWelcome(template_id="t", attachment=PROGRAM),
        f"POST {_GREETING}/edit",
        {
            "template_id": "t",
            "miniprogram": {
                "title": "M",
                "pic_media_id": "MEDIA_A",
                "appid": "wx2",
                "page": "/p",
            },
            "agentid": 1,
        },
    ),
    (GetGroupWelcome(template_id="t"), f"POST {_GREETING}/get", {"template_id": "t"}),
    (
        DeleteGroupWelcome(template_id="t"),
        f"POST {_GREETING}/del",
        {"template_id": "t", "agentid": 1},
    ),
    (GetChatId(opengid="o"), f"POST {_CONTACT}/opengid_to_chatid", {"opengid": "o"}),
    (
        GetGuideStatistics(start_time=1, end_time=1 + DAY, **GUIDES),
        f"POST {_CONTACT}/get_user_behavior_data",
        {"userid": ["a"], "partyid": [2], "start_time": 1, "end_time": 1 + DAY},
    ),
    (
        GetGroupChatStatistics(owners=("a",), day_begin_time=1, day_end_time=DAY, order_by=2),
        f"POST {_CHAT}/statistic",
        {
            "day_begin_time": 1,
            "day_end_time": DAY,
            "owner_filter": {"userid_list": ["a"]},
            "order_by": 2,
            "order_asc": 0,
            "offset": 0,
            "limit": 1000,
        },
    ),
    (
        GetGroupChatDays(owners=("a",), day_begin_time=1, day_end_time=DAY),
        f"POST {_CHAT}/statistic_group_by_day",
        {"day_begin_time": 1, "day_end_time": DAY, "owner_filter": {"userid_list": ["a"]}},
    ),
    (
        GetKfStatistics(open_kfid="wk1", start_time=1, end_time=2),
        "POST kf/get_corp_statistic",
        {"open_kfid": "wk1", "start_time": 1, "end_time": 2},
    ),
    (
        GetKfServicerStatistics(open_kfid="wk1", start_time=1, end_time=2, userid="a"),
        "POST kf/get_servicer_statistic",
        {"open_kfid": "wk1", "start_time": 1, "end_time": 2, "servicer_userid": "a"},
    ),
    (GetAppStatistics(yesterday=True), "POST message/get_statistics", {"time_type": 1}),
    (
        AddMoment(text="新品", attachments=(PICTURE, PICTURE), tag_ids=("t",), **GUIDES),
        f"POST {_CONTACT}/add_moment_task",
        {
            "text": {"content": "新品"},
            "attachments": [{"msgtype": "image", "image": {"media_id": "MEDIA_A"}}] * 2,
            "visible_range": {
                "sender_list": RANGE,
                "external_contact_list": {"tag_list": ["t"]},
            },
        },
    ),
    (
        AddMoment(attachments=(LINK,)),
        f"POST {_CONTACT}/add_moment_task",
        {
            "attachments": [
                {
                    "msgtype": "link",
                    "link": {"title": "T", "url": "https://u", "media_id": "MEDIA_A"},
                }
            ]
        },
    ),
    (GetMomentJob(jobid="j"), f"GET {_CONTACT}/get_moment_task_result", {"jobid": "j"}),
    (CancelMoment(moment_id="m"), f"POST {_CONTACT}/cancel_moment_task", {"moment_id": "m"}),
    (
        ListMoments(start_time=1, end_time=2, creator="a", cursor="C"),
        f"POST {_CONTACT}/get_moment_list",
        {
            "start_time": 1,
            "end_time": 2,
            "creator": "a",
            "filter_type": 2,
            "cursor": "C",
            "limit": 20,
        },
    ),
    (
        GetMomentTasks(moment_id="m"),
        f"POST {_CONTACT}/get_moment_task",
        {"moment_id": "m", "limit": 1000},
    ),
    (
        GetMomentAudience(moment_id="m", userid="a"),
        f"POST {_CONTACT}/get_moment_customer_list",
        {"moment_id": "m", "userid": "a", "limit": 1000},
    ),
    (
        GetMomentReach(moment_id="m", userid="a", cursor="C"),
        f"POST {_CONTACT}/get_moment_send_result",
        {"moment_id": "m", "userid": "a", "cursor": "C", "limit": 5000},
    ),
    (
        GetMomentComments(moment_id="m", userid="a"),
        f"POST {_CONTACT}/get_moment_comments",
        {"moment_id": "m", "userid": "a"},
    ),
    (
        TransferCustomers(**PAIR, external_userids=("w",), words="我来接待您"),
        f"POST {_CONTACT}/transfer_customer",
        {**PAIR, "external_userid": ["w"], "transfer_success_msg": "我来接待您"},
    ),
    (
        TransferCustomers(**PAIR, external_userids=("w",), resigned=True),
        f"POST {_CONTACT}/resigned/transfer_customer",
        {**PAIR, "external_userid": ["w"]},
    ),
    (GetTransferResult(**PAIR), f"POST {_CONTACT}/transfer_result", PAIR),
    (
        GetTransferResult(**PAIR, cursor="C", resigned=True),
        f"POST {_CONTACT}/resigned/transfer_result",
        {**PAIR, "cursor": "C"},
    ),
    (ListUnassigned(), f"POST {_CONTACT}/get_unassigned_list", {"page_size": 1000}),
    (
        TransferGroupChats(chat_ids=("c",), new_owner="b"),
        f"POST {_CHAT}/onjob_transfer",
        {"chat_id_list": ["c"], "new_owner": "b"},
    ),
    (
        TransferGroupChats(chat_ids=("c",), new_owner="b", resigned=True),
        f"POST {_CHAT}/transfer",
        {"chat_id_list": ["c"], "new_owner": "b"},
    ),
    (ListAcquisitionLinks(), f"POST {_LINK}/list_link", {"limit": 100}),
    (GetAcquisitionLink(link_id="l"), f"POST {_LINK}/get", {"link_id": "l"}),
    (
        CreateAcquisitionLink(
            link_name="门店", **GUIDES, skip_verify=False, priority_type=2, priority_userids=("a",)
        ),
        f"POST {_LINK}/create_link",
        {
            "link_name": "门店",
            "range": RANGE,
            "skip_verify": False,
            "priority_option": {"priority_type": 2, "priority_userid_list": ["a"]},
        },
    ),
    (
        UpdateAcquisitionLink(link_id="l", link_name="新"),
        f"POST {_LINK}/update_link",
        {"link_id": "l", "link_name": "新"},
    ),
    (DeleteAcquisitionLink(link_id="l"), f"POST {_LINK}/delete_link", {"link_id": "l"}),
    (ListAcquired(link_id="l"), f"POST {_LINK}/customer", {"link_id": "l", "limit": 1000}),
    (GetAcquisitionQuota(), f"GET {_CONTACT}/customer_acquisition_quota", {}),
    (
        GetAcquisitionStatistics(link_id="l", start_time=1, end_time=2),
        f"POST {_LINK}/statistic",
        {"link_id": "l", "start_time": 1, "end_time": 2},
    ),
    (GetAcquiredChat(chat_key="k"), f"POST {_LINK}/get_chat_info", {"chat_key": "k"}),
    (
        AddInterceptRule(**RULE, **GUIDES),
        f"POST {_CONTACT}/add_intercept_rule",
        {**SAID_RULE, "semantics_list": [1, 3], "applicable_range": RANGE},
    ),
    (ListInterceptRules(), f"GET {_CONTACT}/get_intercept_rule_list", {}),
    (GetInterceptRule(rule_id="r"), f"POST {_CONTACT}/get_intercept_rule", {"rule_id": "r"}),
    (
        UpdateInterceptRule(rule_id="r", **RULE, add_userids=("a",), remove_departments=(2,)),
        f"POST {_CONTACT}/update_intercept_rule",
        {
            "rule_id": "r",
            **SAID_RULE,
            "extra_rule": {"semantics_list": [1, 3]},
            "add_applicable_range": {"user_list": ["a"]},
            "remove_applicable_range": {"department_list": [2]},
        },
    ),
    (DeleteInterceptRule(rule_id="r"), f"POST {_CONTACT}/del_intercept_rule", {"rule_id": "r"}),
    (UploadPicture(media="a.png"), "POST media/uploadimg", None),
    (DownloadMedia(media_id="M"), "GET media/get", {"media_id": "M"}),
    (
        UploadFromUrl(kind="video", url="https://u/v.mp4", filename="v.mp4", md5="0" * 32),
        "POST media/upload_by_url",
        {
            "scene": 1,
            "type": "video",
            "filename": "v.mp4",
            "url": "https://u/v.mp4",
            "md5": "0" * 32,
        },
    ),
    (GetUploadFromUrl(jobid="j"), "POST media/get_upload_by_url_result", {"jobid": "j"}),
    (
        SendAppMarkdown(userids=("a",), text="**新**"),
        "POST message/send",
        app("markdown", {"content": "**新**"}),
    ),
    (
        SendAppLink(userids=("a",), title="T", description="D", url="https://u", button="查看"),
        "POST message/send",
        app("textcard", {"title": "T", "description": "D", "url": "https://u", "btntxt": "查看"}),
    ),
    (
        SendAppNews(userids=("a",), articles=(LinkCard(title="T", url="u", picture_url="p"),)),
        "POST message/send",
        app("news", {"articles": [{"title": "T", "url": "u", "picurl": "p"}]}),
    ),
    (
        SendAppMedia(userids=("a",), attachment=VIDEO),
        "POST message/send",
        app("video", {"media_id": "MEDIA_C", "title": "T", "description": "D"}),
    ),
    (
        SendAppMedia(userids=("a",), attachment=FileCard(media="b.pdf")),
        "POST message/send",
        app("file", {"media_id": "MEDIA_B"}),
    ),
    *(
        (SendAppCard(userids=("a",), card=card), "POST message/send", app("template_card", card))
        for card in TEMPLATE_CARDS
    ),
    *(
        (
            UpdateAppCard(response_code="R", card=card, userids=("a",)),
            "POST message/update_template_card",
            {"userids": ["a"], "agentid": 1, "response_code": "R", "template_card": card},
        )
        for card in TEMPLATE_CARDS
    ),
    (GetOAuthMemberDetail(user_ticket="t"), "POST auth/getuserdetail", {"user_ticket": "t"}),
    (GetApp(), "GET agent/get", {"agentid": "1"}),
    (ListMembers(), "GET user/simplelist", {"department_id": "1", "fetch_child": "1"}),
    (ListMemberIds(cursor="C"), "POST user/list_id", {"cursor": "C", "limit": 10_000}),
    (ListDepartments(id=2), "GET department/simplelist", {"id": "2"}),
    (CreateAppMenu(buttons=BUTTONS), "POST menu/create", {"button": list(BUTTONS)}),
    (GetAppMenu(), "GET menu/get", {"agentid": "1"}),
    (DeleteAppMenu(), "GET menu/delete", {"agentid": "1"}),
    (GetApiIps(), "GET get_api_domain_ip", {}),
    *(
        (SendKf(**KF, msgid="m", card=card), "POST kf/send_msg", kf(card.kind, said))
        for card, said in (
            (PICTURE, {"media_id": "MEDIA_A"}),
            (VoiceCard(media="d.amr"), {"media_id": "MEDIA_D"}),
            (VIDEO, {"media_id": "MEDIA_C"}),
            (FileCard(media="b.pdf"), {"media_id": "MEDIA_B"}),
            (
                LINK,
                {"title": "T", "desc": "D", "url": "https://u", "thumb_media_id": "MEDIA_A"},
            ),
            (
                PROGRAM,
                {"appid": "wx2", "title": "M", "pagepath": "/p", "thumb_media_id": "MEDIA_A"},
            ),
            (
                PlaceCard(latitude=31.2, longitude=121.5, name="门店"),
                {"latitude": 31.2, "longitude": 121.5, "name": "门店"},
            ),
            (GuideCard(userid="a"), {"userid": "a"}),
            (AcquisitionCard(link_url="https://l"), {"link_url": "https://l"}),
        )
    ),
    (
        AddKfAccount(name="青禾", media="a.png"),
        "POST kf/account/add",
        {"name": "青禾", "media_id": "MEDIA_A"},
    ),
    (
        UpdateKfAccount(open_kfid="wk1", name="新"),
        "POST kf/account/update",
        {"open_kfid": "wk1", "name": "新"},
    ),
    (DeleteKfAccount(open_kfid="wk1"), "POST kf/account/del", {"open_kfid": "wk1"}),
    *(
        (
            call(open_kfid="wk1", **GUIDES),
            f"POST kf/servicer/{verb}",
            {"open_kfid": "wk1", "userid_list": ["a"], "department_id_list": [2]},
        )
        for call, verb in ((AddKfServicers, "add"), (RemoveKfServicers, "del"))
    ),
    (GetRecommendable(), "GET kf/customer/get_upgrade_service_config", {}),
    (
        RecommendGroupChat(**KF, chat_id="c", wording="福利群"),
        "POST kf/customer/upgrade_service",
        {**KF, "type": 2, "groupchat": {"chat_id": "c", "wording": "福利群"}},
    ),
    (CancelRecommendation(**KF), "POST kf/customer/cancel_upgrade_service", KF),
]

_MASS, _TAGS = "cgi-bin/message/mass", "cgi-bin/tags"
_VALUES = {"thing1": {"value": "积分"}}

OF_OFFICIAL = [
    *(
        (
            SendOfficial(openid="o1", card=card),
            "POST cgi-bin/message/custom/send",
            fan(kind, said),
        )
        for card, kind, said in (
            (PICTURE, "image", {"media_id": "MEDIA_A"}),
            (VoiceCard(media="d.amr"), "voice", {"media_id": "MEDIA_D"}),
            (
                VideoCard(media="c.mp4", cover="a.png", title="T"),
                "video",
                {"media_id": "MEDIA_C", "thumb_media_id": "MEDIA_A", "title": "T"},
            ),
            (
                MusicCard(url="u", better_url="h", cover="a.png", title="T"),
                "music",
                {"musicurl": "u", "hqmusicurl": "h", "thumb_media_id": "MEDIA_A", "title": "T"},
            ),
            (
                PROGRAM,
                "miniprogrampage",
                {"title": "M", "appid": "wx2", "pagepath": "/p", "thumb_media_id": "MEDIA_A"},
            ),
            (ArticleCard(article_id="A"), "mpnewsarticle", {"article_id": "A"}),
        )
    ),
    (
        ShowTyping(openid="o1", typing=False),
        "POST cgi-bin/message/custom/typing",
        {"touser": "o1", "command": "CancelTyping"},
    ),
    (
        SendTemplate(
            openid="o1",
            template_id="T",
            data={"thing1": "积分"},
            client_msg_id="k",
            appid="wx2",
            page="/p",
        ),
        "POST cgi-bin/message/template/send",
        {
            "touser": "o1",
            "template_id": "T",
            "miniprogram": {"appid": "wx2", "pagepath": "/p"},
            "data": _VALUES,
            "client_msg_id": "k",
        },
    ),
    (
        SendSubscribed(
            openid="o1", template_id="T", data={"thing1": "积分"}, appid="wx2", page="/p"
        ),
        "POST cgi-bin/message/subscribe/bizsend",
        {
            "touser": "o1",
            "template_id": "T",
            "miniprogram": {"appid": "wx2", "pagepath": "/p"},
            "data": _VALUES,
        },
    ),
    (
        SendOneTime(openid="o1", template_id="T", scene=7, title="到店", content="请来"),
        "POST cgi-bin/message/template/subscribe",
        {
            "touser": "o1",
            "template_id": "T",
            "scene": "7",
            "title": "到店",
            "data": {"content": {"value": "请来"}},
        },
    ),
    (ListTemplates(), "GET cgi-bin/template/get_all_private_template", {}),
    (
        AddTemplate(template_id_short="TM1", keywords=("时间",)),
        "POST cgi-bin/template/api_add_template",
        {"template_id_short": "TM1", "keyword_name_list": ["时间"]},
    ),
    (
        DeleteTemplate(template_id="T"),
        "POST cgi-bin/template/del_private_template",
        {"template_id": "T"},
    ),
    (ListSubscriptionTemplates(), "GET wxaapi/newtmpl/gettemplate", {}),
    (
        SendOfficialMass(clientmsgid="k", text="新品", tag_id=100),
        f"POST {_MASS}/sendall",
        {
            "filter": {"is_to_all": False, "tag_id": 100},
            "msgtype": "text",
            "text": {"content": "新品"},
            "clientmsgid": "k",
        },
    ),
    (
        SendOfficialMass(clientmsgid="k", news_media_id="N", to_all=True),
        f"POST {_MASS}/sendall",
        {
            "filter": {"is_to_all": True},
            "msgtype": "mpnews",
            "mpnews": {"media_id": "N"},
            "send_ignore_reprint": 0,
            "clientmsgid": "k",
        },
    ),
    (
        SendOfficialMass(clientmsgid="k", pictures=("a.png",), openids=("o1", "o2")),
        f"POST {_MASS}/send",
        {
            "touser": ["o1", "o2"],
            "msgtype": "image",
            "images": {"media_ids": ["MEDIA_A"]},
            "clientmsgid": "k",
        },
    ),
    (
        SendOfficialMass(clientmsgid="k", voice="d.amr", openids=("o1", "o2")),
        f"POST {_MASS}/send",
        {
            "touser": ["o1", "o2"],
            "msgtype": "voice",
            "voice": {"media_id": "MEDIA_D"},
            "clientmsgid": "k",
        },
    ),
    (
        PreviewOfficialMass(openid="o1", text="新品"),
        f"POST {_MASS}/preview",
        {"touser": "o1", "msgtype": "text", "text": {"content": "新品"}},
    ),
    (GetOfficialMass(msg_id=7), f"POST {_MASS}/get", {"msg_id": 7}),
    (
        DeleteOfficialMass(msg_id=7, article=1),
        f"POST {_MASS}/delete",
        {"msg_id": 7, "article_idx": 1},
    ),
    (GetMassSpeed(), f"GET {_MASS}/speed/get", {}),
    (SetMassSpeed(speed=0), f"POST {_MASS}/speed/set", {"speed": 0}),
    (
        RemarkFan(openid="o1", remark=""),
        "POST cgi-bin/user/info/updateremark",
        {"openid": "o1", "remark": ""},
    ),
    (CreateFanTag(name="会员"), f"POST {_TAGS}/create", {"tag": {"name": "会员"}}),
    (ListFanTags(), f"GET {_TAGS}/get", {}),
    (
        RenameFanTag(id=100, name="贵宾"),
        f"POST {_TAGS}/update",
        {"tag": {"id": 100, "name": "贵宾"}},
    ),
    (DeleteFanTag(id=100), f"POST {_TAGS}/delete", {"tag": {"id": 100}}),
    (
        ListTaggedFans(tagid=100, next_openid="o9"),
        "POST cgi-bin/user/tag/get",
        {"tagid": 100, "next_openid": "o9"},
    ),
    *(
        (
            call(openids=("o1",), tagid=100),
            f"POST {_TAGS}/members/{verb}",
            {"openid_list": ["o1"], "tagid": 100},
        )
        for call, verb in ((TagFans, "batchtagging"), (UntagFans, "batchuntagging"))
    ),
    (GetFanTags(openid="o1"), f"POST {_TAGS}/getidlist", {"openid": "o1"}),
    (ListBlockedFans(), f"POST {_TAGS}/members/getblacklist", {}),
    *(
        (call(openids=("o1",)), f"POST {_TAGS}/members/{verb}", {"openid_list": ["o1"]})
        for call, verb in ((BlockFans, "batchblacklist"), (UnblockFans, "batchunblacklist"))
    ),
    (GetMenu(), "GET cgi-bin/menu/get", {}),
    (DeleteMenu(), "GET cgi-bin/menu/delete", {}),
    (
        AddConditionalMenu(buttons=BUTTONS, tag_id=100, platform=1),
        "POST cgi-bin/menu/addconditional",
        {
            "button": list(BUTTONS),
            "matchrule": {"tag_id": "100", "client_platform_type": "1"},
        },
    ),
    (
        DeleteConditionalMenu(menuid="7"),
        "POST cgi-bin/menu/delconditional",
        {"menuid": "7"},
    ),
    (TryMenu(openid="o1"), "POST cgi-bin/menu/trymatch", {"user_id": "o1"}),
    (ClearOfficialQuota(), "POST cgi-bin/clear_quota", {"appid": "wx1"}),
    (GetOfficialRequest(rid="r"), "POST cgi-bin/openapi/rid/get", {"rid": "r"}),
    (GetOfficialCallbackIps(), "GET cgi-bin/getcallbackip", {}),
    (GetOfficialApiIps(), "GET cgi-bin/get_api_domain_ip", {}),
    (UploadOfficialPicture(media="a.png"), "POST cgi-bin/media/uploadimg", None),
    (DownloadOfficialMedia(media_id="M"), "GET cgi-bin/media/get", {"media_id": "M"}),
]

TOO_MUCH = [
    (AddMoment(attachments=(PICTURE, VIDEO)), "too_many"),
    (AddMoment(attachments=(PICTURE,) * 10), "too_many"),
    (AddMoment(attachments=(LinkCard(title="T", url="u"),)), "incomplete"),
    (AddMoment(text="字" * 2001), "too_long"),
    (AddMoment(), "incomplete"),
    (ListMoments(start_time=1, end_time=2 + 30 * DAY), "incomplete"),
    (ListMoments(start_time=9, end_time=2), "incomplete"),
    (TransferCustomers(**PAIR, external_userids=("w",) * 101), "too_many"),
    (TransferCustomers(**PAIR, external_userids=("w",), words="字" * 201), "too_long"),
    (TransferCustomers(**PAIR, external_userids=("w",), words="x", resigned=True), "incomplete"),
    (TransferGroupChats(chat_ids=(), new_owner="b"), "incomplete"),
    (CreateAcquisitionLink(link_name="门店"), "incomplete"),
    (CreateAcquisitionLink(link_name="字" * 31, userids=("a",)), "too_long"),
    (CreateAcquisitionLink(link_name="L", userids=("a",), priority_type=3), "incomplete"),
    (AddInterceptRule(rule_name="R", userids=("a",)), "incomplete"),
    (AddInterceptRule(rule_name="R", words=("字" * 33,), userids=("a",)), "too_long"),
    (AddInterceptRule(rule_name="R", words=("字",) * 301, userids=("a",)), "too_many"),
    (AddInterceptRule(rule_name="", words=("字",), userids=("a",)), "incomplete"),
    (GetGroupChatStatistics(owners=(), day_begin_time=1, day_end_time=2), "incomplete"),
    (GetGuideStatistics(start_time=1, end_time=2), "incomplete"),
    (AddGroupWelcome(), "incomplete"),
    (AddGroupWelcome(text="好" * 1001), "too_long"),
    (EditCorpTag(id="t"), "incomplete"),
    (SendAppMarkdown(userids=("a",), text=""), "incomplete"),
    (SendAppLink(userids=("a",), title="", description="D", url="u"), "incomplete"),
    (
        SendAppLink(userids=("a",), title="T", description="D", url="u", button="五个字的字"),
        "too_long",
    ),
    (SendAppNews(userids=("a",), articles=(LINK,) * 9), "too_many"),
    (SendAppCard(userids=("a",), card=BUTTON | {"task_id": "一"}), "incomplete"),
    (SendAppCard(userids=("a",), card=BUTTON | {"button_list": []}), "incomplete"),
    (SendAppCard(userids=("a",), card=BUTTON | {"submit_button": SUBMIT}), "incomplete"),
    (
        SendAppCard(userids=("a",), card=BUTTON | {"button_list": BUTTON["button_list"][:1] * 2}),
        "incomplete",
    ),
    (
        SendAppCard(userids=("a",), card=VOTE | {"checkbox": {"option_list": CHOICES * 11}}),
        "too_many",
    ),
    (
        SendAppCard(userids=("a",), card={"card_type": "text_notice", "card_action": GO}),
        "incomplete",
    ),
    (SendAppCard(userids=("a",), card=NEWS_NOTICE | {"jump_list": [GO] * 4}), "too_many"),
    (SendAppCard(userids=("a",), card={**TEXT_NOTICE, "task_id": ""}), "incomplete"),
    (UpdateAppCard(response_code="R"), "incomplete"),
    (UpdateAppCard(response_code="R", replace_name="x", card=BUTTON), "incomplete"),
    (CreateAppMenu(buttons=({"name": "a", "type": "click"},)), "incomplete"),
    (CreateAppMenu(buttons=({"name": "a", "type": "view", "url": "u" * 1025},)), "too_long"),
    (SendKf(**KF, msgid="m", text="x", card=PICTURE), "incomplete"),
    (SendKf(**KF, msgid="m", card=LinkCard(title="T", url="u")), "incomplete"),
    (AddKfAccount(name="字" * 17, media="a.png"), "too_long"),
    (AddKfServicers(open_kfid="wk1"), "incomplete"),
    (AddKfServicers(open_kfid="wk1", userids=("a",) * 101), "too_many"),
    (AddKfContactWay(open_kfid="wk1", scene="门店"), "incomplete"),
    (ChangeKfState(**KF, state=0), "incomplete"),
    (UploadFromUrl(kind="zip", url="u", filename="f", md5="0" * 32), "incomplete"),
    (SendOfficial(openid="o1", text="x", card=PICTURE), "incomplete"),
    (
        SendOneTime(openid="o1", template_id="T", scene=10_001, title="T", content="C"),
        "incomplete",
    ),
    (SendOneTime(openid="o1", template_id="T", scene=1, title="字" * 16, content="C"), "too_long"),
    (SendOfficialMass(clientmsgid="k", text="x"), "empty_audience"),
    (SendOfficialMass(clientmsgid="k", text="x", to_all=True, tag_id=100), "empty_audience"),
    (SendOfficialMass(clientmsgid="k", text="x", openids=("o1",)), "incomplete"),
    (SendOfficialMass(clientmsgid="", text="x", to_all=True), "incomplete"),
    (SendOfficialMass(clientmsgid="k" * 65, text="x", to_all=True), "incomplete"),
    (SendOfficialMass(clientmsgid="k", text="x", voice="d.amr", to_all=True), "incomplete"),
    (SetMassSpeed(speed=5), "incomplete"),
    (RemarkFan(openid="o1", remark="字" * 30), "too_long"),
    (CreateFanTag(name="字" * 11), "too_long"),
    (RenameFanTag(id=2, name="星标"), "incomplete"),
    (TagFans(openids=("o",) * 51, tagid=100), "too_many"),
    (BlockFans(openids=("o",) * 21), "too_many"),
    (AddConditionalMenu(buttons=BUTTONS), "incomplete"),
]
"""What the platforms would refuse, cut or misread."""
