"""upload_by_url: the platform fetches a big file itself and says when it is done."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field

import aiohttp

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.errors import Refuse
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import store

MOST = 200 * 2**20
WAITING, DONE, FAILED = 1, 2, 3
CANNOT_FETCH, WRONG_MD5 = 830001, 830003
routes = Routes()


@dataclass
class Job:
    kind: str
    url: str
    filename: str
    md5: str
    status: int = WAITING
    errcode: int = 0
    media_id: str = ""
    finished: int = 0


@dataclass
class FetchRoom:
    jobs: dict[str, Job] = field(default_factory=dict)
    running: set[asyncio.Task[None]] = field(default_factory=set)


@routes.post("/cgi-bin/media/upload_by_url", empty={"jobid": ""})
def begin(stage: Stage, call: Call) -> Body:
    kind = call.text("type", missing=40004)
    if kind not in ("video", "file", "image") or call.number("scene") != 1:
        raise Refuse(40004 if call.number("scene") == 1 else 40058)
    url, filename = call.text("url"), call.text("filename")
    jobid = stage.world.names.make("jobid_", 48, "fetch", fingerprint(call.body))
    room = stage.world.room(FetchRoom)
    job = room.jobs[jobid] = Job(kind, url, filename, call.maybe("md5"))
    task = asyncio.get_running_loop().create_task(_fetch(stage, jobid, job))
    room.running.add(task)
    task.add_done_callback(room.running.discard)
    return {"jobid": jobid}


async def _fetch(stage: Stage, jobid: str, job: Job) -> None:
    try:
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(job.url) as answer:
            answer.raise_for_status()
            content = await answer.content.read(MOST)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        job.status, job.errcode = FAILED, CANNOT_FETCH
    else:
        _keep(stage, job, content)
    job.finished = stage.clock.timestamp()
    stage.wecom_event(
        "upload_media_job_finish", [("JobId", jobid)], facts={"jobid": jobid}, key=jobid
    )


def _keep(stage: Stage, job: Job, content: bytes) -> None:
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if job.md5 and job.md5.lower() != digest:
        job.status, job.errcode = FAILED, WRONG_MD5
        return
    job.status, job.media_id = DONE, store(stage, job.kind, job.filename, content)


@routes.post("/cgi-bin/media/get_upload_by_url_result", empty={"status": 0, "detail": {}})
def result(stage: Stage, call: Call) -> Body:
    job = stage.world.room(FetchRoom).jobs.get(call.text("jobid"))
    if job is None:
        raise Refuse(40058, "jobid")
    if job.status == WAITING:
        return {"status": WAITING, "detail": {}}
    detail: Body = {"errcode": job.errcode, "errmsg": "ok" if job.status == DONE else "failed"}
    if job.media_id:
        detail |= {"media_id": job.media_id, "created_at": job.finished}
    return {"status": job.status, "detail": detail}
