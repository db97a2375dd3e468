"""`python -m bot.sandbox`: reads the arguments and serves."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.sandbox.clock import parse_moment
from bot.sandbox.ports import DEFAULT_PORT, free_pair
from bot.sandbox.sandbox import serve
from bot.sandbox.stage import Options


def parser() -> argparse.ArgumentParser:
    out = argparse.ArgumentParser(
        prog="siyu sandbox", description="本机上的企业微信、公众号与微信客服"
    )
    out.add_argument(
        "--port", type=int, help=f"企业微信端口，公众号用下一个（默认 {DEFAULT_PORT}）"
    )
    out.add_argument("--world", type=Path, help="世界文件（YAML）")
    out.add_argument("--faults", type=Path, help="故障脚本（YAML）")
    out.add_argument("--seed", type=int, default=1)
    out.add_argument(
        "--callback-base", default="", help="回调地址前缀，例如 http://127.0.0.1:8765"
    )
    out.add_argument("--env-file", type=Path, help="写出指向本沙箱的 SIYU_… 设置")
    out.add_argument("--clock", type=parse_moment, help="起始时刻；不给则跟随真实时间")
    out.add_argument("--log", type=Path, help="日志文件（每行一个 JSON）")
    return out


def options_from(argv: Sequence[str] | None = None) -> Options:
    given = parser().parse_args(argv)
    port = given.port
    if port is None:
        port = free_pair()
        if port != DEFAULT_PORT:
            print(f"端口 {DEFAULT_PORT} 已被占用，改用 {port}", file=sys.stderr)  # noqa: T201
    return Options(
        port=port,
        world=given.world,
        faults=given.faults,
        seed=given.seed,
        callback_base=given.callback_base,
        env_file=given.env_file,
        clock=given.clock,
        log=given.log,
    )


def main(argv: Sequence[str] | None = None) -> int:
    options = options_from(argv)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(options))
    except OSError as error:
        print(f"无法监听端口 {options.port}：{error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
