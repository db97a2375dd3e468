"""Drafts and their publishing; publishing puts an article on the web and pushes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.envelope import Field
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import LIFETIME, OfficialMedia, usable

REVIEW = timedelta(seconds=60)
PUBLISHED, PUBLISHING, DELETED = 0, 1, 4
TEXTS = ("thumb_media_id", "title", "author", "digest", "content", "content_source_url")
NUMBERS = ("show_cover_pic", "need_open_comment", "only_fans_can_comment")
FIELDS = (*TEXTS, *NUMBERS)
MISSING = 40007
routes = Routes()
Article = dict[str, Any]


@dataclass
class Draft:
    articles: list[Article]
    updated: int


@dataclass
class Publication:
    publish_id: int
    article_id: str
    articles: list[Article]
    updated: int
    status: int = PUBLISHING


@dataclass
class ArticleRoom:
    drafts: dict[str, Draft] = field(default_factory=dict)
    jobs: dict[int, Publication] = field(default_factory=dict)
    published: dict[str, Publication] = field(default_factory=dict)


def room(stage: Stage) -> ArticleRoom:
    return stage.world.room(ArticleRoom)


def _article(stage: Stage, call: Call, given: Any) -> Article:
    if not isinstance(given, dict) or not given.get("title") or not given.get("content"):
        raise Refuse(44003 if isinstance(given, dict) else 47001, "title and content")
    if too_long(str(given["title"]), size=64, chars=True):
        raise Refuse(45003)
    if too_long(str(given["content"]), size=20_000, chars=True):
        raise Refuse(45002)
    if too_long(str(given.get("digest") or ""), size=120, chars=True):
        raise Refuse(45004)
    usable(stage, str(given.get("thumb_media_id") or ""), call.now, room=OfficialMedia)
    empty = {name: 0 if name in NUMBERS else "" for name in FIELDS}
    return {**empty, **{name: given[name] for name in FIELDS if given.get(name) is not None}}


def _articles(stage: Stage, call: Call) -> list[Article]:
    listed = call.items("articles", cap=8, missing=44003)
    return [_article(stage, call, one) for one in listed]


@routes.post("/cgi-bin/draft/add", bare=True)
def add_draft(stage: Stage, call: Call) -> Body:
    return {"media_id": _keep(stage, call)}


def _keep(stage: Stage, call: Call) -> str:
    articles = _articles(stage, call)
    media_id = stage.world.names.make("", 64, "draft", fingerprint(call.body))
    room(stage).drafts[media_id] = Draft(articles, call.stamp)
    return media_id


@routes.post("/cgi-bin/media/uploadnews", bare=True)
def upload_news(stage: Stage, call: Call) -> Body:
    """Articles for a mass message; they live three days as other media do."""
    media_id = _keep(stage, call)
    drafts = room(stage).drafts
    stage.agenda.plan(call.now + LIFETIME, "news expires", lambda: drafts.pop(media_id, None))
    return {"type": "news", "media_id": media_id, "created_at": call.stamp}


def _draft(stage: Stage, call: Call) -> Draft:
    draft = room(stage).drafts.get(call.text("media_id", missing=MISSING))
    if draft is None:
        raise Refuse(MISSING)
    return draft


def _news(stage: Stage, articles: list[Article]) -> list[Article]:
    url = stage.official_base_url
    return [article | {"url": f"{url}/s/{fingerprint(article)[:22]}"} for article in articles]


@routes.post("/cgi-bin/draft/get", bare=True)
def get_draft(stage: Stage, call: Call) -> Body:
    return {"news_item": _news(stage, _draft(stage, call).articles)}


@routes.post("/cgi-bin/draft/update")
def update_draft(stage: Stage, call: Call) -> None:
    draft, index = _draft(stage, call), call.number("index")
    if not 0 <= index < len(draft.articles):
        raise Refuse(40114)
    draft.articles[index] = _article(stage, call, call.body.get("articles"))
    draft.updated = call.stamp


@routes.post("/cgi-bin/draft/delete")
def delete_draft(stage: Stage, call: Call) -> None:
    _draft(stage, call)
    del room(stage).drafts[call.text("media_id")]


@routes.get("/cgi-bin/draft/count", bare=True)
def count_drafts(stage: Stage, _call: Call) -> Body:
    return {"total_count": len(room(stage).drafts)}


def _listed(
    stage: Stage, call: Call, key: str, found: list[tuple[str, list[Article], int]]
) -> Body:
    """Newest first, at most twenty, with or without the contents."""
    begin, count = call.number("offset"), call.number("count")
    if not 1 <= count <= 20:
        raise Refuse(40058, "count")
    bare = call.number("no_content", 0) == 1
    items = [
        {key: name, "update_time": updated}
        | ({} if bare else {"content": {"news_item": _news(stage, articles)}})
        for name, articles, updated in sorted(found, key=lambda one: -one[2])
    ]
    shown = items[begin : begin + count]
    return {"total_count": len(items), "item_count": len(shown), "item": shown}


@routes.post("/cgi-bin/draft/batchget", bare=True)
def list_drafts(stage: Stage, call: Call) -> Body:
    drafts = room(stage).drafts.items()
    found = [(media_id, draft.articles, draft.updated) for media_id, draft in drafts]
    return _listed(stage, call, "media_id", found)


@routes.post("/cgi-bin/freepublish/submit", empty={"publish_id": 0})
def publish(stage: Stage, call: Call) -> Body:
    draft, names = _draft(stage, call), stage.world.names
    media_id = call.text("media_id")
    job = Publication(
        names.number(10, "publish", media_id),
        names.make("", 43, "article", media_id),
        draft.articles,
        call.stamp,
    )
    room(stage).jobs[job.publish_id] = job
    del room(stage).drafts[media_id]  # a published draft leaves the box
    stage.agenda.plan(call.now + REVIEW, f"publishes {job.publish_id}", lambda: _done(stage, job))
    return {"publish_id": job.publish_id, "msg_data_id": job.publish_id + 1}


def _done(stage: Stage, job: Publication) -> None:
    job.status, job.updated = PUBLISHED, stage.clock.timestamp()
    room(stage).published[job.article_id] = job
    item: list[Field] = []
    for idx, article in enumerate(_news(stage, job.articles), start=1):
        item.append(("item", [("idx", idx), ("article_url", str(article["url"]))]))
    info: list[Field] = [
        ("publish_id", job.publish_id),
        ("publish_status", PUBLISHED),
        ("article_id", job.article_id),
        ("article_detail", [("count", len(job.articles)), *item]),
    ]
    event: list[Field] = [("MsgType", "event"), ("Event", "PUBLISHJOBFINISH")]
    stage.official_word([*event, ("PublishEventInfo", info)], name="PUBLISHJOBFINISH")


def _job(stage: Stage, call: Call) -> Publication:
    job = room(stage).jobs.get(call.number("publish_id"))
    if job is None:
        raise Refuse(53600)
    return job


@routes.post("/cgi-bin/freepublish/get", bare=True)
def publish_status(stage: Stage, call: Call) -> Body:
    job = _job(stage, call)
    body: Body = {"publish_id": job.publish_id, "publish_status": job.status, "fail_idx": []}
    if job.status != PUBLISHED:
        return body
    items = [
        {"idx": idx, "article_url": article["url"]}
        for idx, article in enumerate(_news(stage, job.articles), start=1)
    ]
    detail = {"count": len(items), "item": items}
    return body | {"article_id": job.article_id, "article_detail": detail}


def _published(stage: Stage, call: Call) -> Publication:
    found = room(stage).published.get(call.text("article_id", missing=53600))
    if found is None:
        raise Refuse(53600)
    return found


@routes.post("/cgi-bin/freepublish/getarticle", bare=True)
def article(stage: Stage, call: Call) -> Body:
    items = _news(stage, _published(stage, call).articles)
    return {"news_item": [item | {"is_deleted": False} for item in items]}


@routes.post("/cgi-bin/freepublish/delete")
def unpublish(stage: Stage, call: Call) -> None:
    """One article by its index (from 1), or all of them."""
    found, index = _published(stage, call), call.number("index", 0)
    if index > len(found.articles):
        raise Refuse(53600)
    found.articles = [a for n, a in enumerate(found.articles, start=1) if n != index and index]
    if not found.articles:
        found.status = DELETED
        del room(stage).published[found.article_id]


@routes.post("/cgi-bin/freepublish/batchget", bare=True)
def list_published(stage: Stage, call: Call) -> Body:
    jobs = room(stage).published.values()
    found = [(job.article_id, job.articles, job.updated) for job in jobs]
    return _listed(stage, call, "article_id", found)
