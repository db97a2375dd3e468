"""Pictures and files on their way: uploaded for a call, fetched for us, and the fan's profile."""

from __future__ import annotations

import base64

from aiohttp import web

from bot.calls import (
    AddKfAccount,
    AddMoment,
    DownloadMedia,
    DownloadOfficialMedia,
    GetOAuthFan,
    ImageCard,
    MiniProgramCard,
    Refused,
    SendKf,
    SendOfficial,
    SendOfficialMass,
    Sent,
    UploadPicture,
    VideoCard,
)

UPLOAD, ATTACHMENT = "/cgi-bin/media/upload", "/cgi-bin/media/upload_attachment"
PICTURE = ImageCard(media="a.png")
PROGRAM = MiniProgramCard(title="M", appid="wx2", page="/p", media="a.png")
WHO = {"openid": "o1", "scope": "snsapi_userinfo", "access_token": "theirs", "refresh_token": "r"}


async def test_pictures_of_moments_go_to_their_own_store(gateway, tiny):
    tiny.answers[ATTACHMENT] = [{"errcode": 0, "type": "image", "media_id": "M1"}]
    moment = AddMoment(text="新品", attachments=(PICTURE,))
    assert isinstance(await gateway.perform(moment), Sent)
    (_, path, query, part), (_, _, _, body) = tiny.seen[-2:]
    assert (path, query["media_type"], query["attachment_type"]) == (ATTACHMENT, "image", "1")
    assert (part["name"], part["filename"], part["content"]) == ("media", "a.png", b"PNG")
    assert body["attachments"] == [{"msgtype": "image", "image": {"media_id": "M1"}}]


async def test_covers_of_kf_cards_and_accounts_are_uploaded_once(gateway, tiny):
    tiny.answers[UPLOAD] = [{"errcode": 0, "type": "image", "media_id": "M1"}]
    await gateway.perform(AddKfAccount(name="青禾", media="a.png"))
    assert tiny.seen[-1][3] == {"name": "青禾", "media_id": "M1"}
    await gateway.perform(SendKf(open_kfid="k", external_userid="w", msgid="m", card=PROGRAM))
    assert tiny.seen[-1][3]["miniprogram"]["thumb_media_id"] == "M1"
    assert tiny.counts()[UPLOAD] == 1


async def test_an_official_thumb_is_named_otherwise_and_found(gateway, tiny):
    tiny.answers[UPLOAD] = [
        {"type": "thumb", "thumb_media_id": "T1", "created_at": 1},
        {"type": "video", "media_id": "V1", "created_at": 1},
    ]
    card = VideoCard(media="a.png", cover="sub/b.png")
    assert isinstance(await gateway.perform(SendOfficial(openid="o1", card=card)), Sent)
    video = tiny.seen[-1][3]["video"]
    assert video == {"media_id": "V1", "thumb_media_id": "T1"}


async def test_a_mass_sending_said_before_is_the_one_that_was_said(gateway, tiny):
    said = {"errcode": 45065, "errmsg": "clientmsgid exist", "msg_id": 7}
    tiny.answers["/cgi-bin/message/mass/sendall"] = [said]
    mass = SendOfficialMass(clientmsgid="k", text="新品", to_all=True)
    assert await gateway.perform(mass) == Sent({"msg_id": 7})


async def test_what_somebody_sent_is_fetched_as_it_is(gateway, tiny):
    async def picture(_request: web.Request) -> web.Response:
        disposition = {"Content-Disposition": 'attachment; filename="p.jpg"'}
        return web.Response(body=b"\xff\xd8JPEG", content_type="image/jpeg", headers=disposition)

    tiny.answers["/cgi-bin/media/get"] = [
        picture,
        {"errcode": 40007, "errmsg": "invalid media_id"},
        {"video_url": "https://v"},
    ]
    fetched = await gateway.perform(DownloadMedia(media_id="M"))
    assert fetched == Sent(
        {
            "content": base64.b64encode(b"\xff\xd8JPEG").decode(),
            "content_type": "image/jpeg",
            "filename": "p.jpg",
        }
    )
    gone = await gateway.perform(DownloadOfficialMedia(media_id="M"))
    assert isinstance(gone, Refused)
    assert gone.reason == "bad_media"
    video = await gateway.perform(DownloadOfficialMedia(media_id="M"))
    assert video == Sent({"video_url": "https://v"})


async def test_a_picture_for_ever_is_told_by_its_address(gateway, tiny):
    tiny.answers["/cgi-bin/media/uploadimg"] = [{"errcode": 0, "url": "http://p.qpic.cn/1"}]
    found = await gateway.perform(UploadPicture(media="sub/b.png"))
    assert found == Sent({"url": "http://p.qpic.cn/1"})
    assert tiny.seen[-1][3]["filename"] == "b.png"
    missing = await gateway.perform(UploadPicture(media="nowhere.png"))
    assert missing == Refused(0, "bad_media", "nowhere.png")


async def test_a_profile_comes_only_where_the_fan_allowed_it(gateway, tiny):
    tiny.answers["/sns/oauth2/access_token"] = [WHO, WHO | {"scope": "snsapi_base"}]
    tiny.answers["/sns/userinfo"] = [{"openid": "o1", "nickname": "小雨", "privilege": []}]
    asking = GetOAuthFan(code="C", with_profile=True)
    allowed = await gateway.perform(asking)
    assert allowed == Sent(
        {"openid": "o1", "scope": "snsapi_userinfo", "nickname": "小雨", "privilege": []}
    )
    assert tiny.seen[-1][2]["access_token"] == "theirs"
    assert await gateway.perform(asking) == Sent({"openid": "o1", "scope": "snsapi_base"})
