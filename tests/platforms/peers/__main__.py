"""`make peers`: npm's @wecom/crypto, wechat-crypto and @wecom/jssdk against a running server and sandbox, and
wechatpy's own clients against a sandbox, over HTTP."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bot.platforms.signing import js_signature
from tests.conftest import SECRET
from tests.platforms.peers import clients
from tests.platforms.posts import APP, CORP, KEY
from tests.processes import Process, SandboxProcess, environment, free_port

HERE = Path(__file__).parent
HOME = Path(tempfile.gettempdir()) / "siyu-peers"
PACKAGES = ("@wecom/crypto@1.0.1", "wechat-crypto@0.0.2", "@wecom/jssdk@2.4.4")
TOKEN = "QDG6ePeersOnly"
SETTINGS = {
    "SIYU_SECRET_KEY": SECRET,
    "SIYU_WECOM_CORP_ID": CORP,
    "SIYU_WECOM_AGENT_ID": "1",
    "SIYU_WECOM_SECRET": "corp-app-key-for-peer-runs-000",
    "SIYU_WECOM_TOKEN": TOKEN,
    "SIYU_WECOM_AES_KEY": KEY,
    "SIYU_WECOM_API_BASE": "http://127.0.0.1:9",
    "SIYU_OFFICIAL_APP_ID": APP,
    "SIYU_OFFICIAL_SECRET": "fans-app-key-for-peer-runs-000",
    "SIYU_OFFICIAL_TOKEN": TOKEN,
    "SIYU_OFFICIAL_AES_KEY": KEY,
    "SIYU_OFFICIAL_API_BASE": "http://127.0.0.1:9",
}


def install() -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        sys.exit("node and npm are needed: apt-get install nodejs npm")
    HOME.mkdir(exist_ok=True)
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    ran = subprocess.run([*command, "--prefix", str(HOME), *PACKAGES], check=False)
    if ran.returncode:
        sys.exit("npm could not install the peers: is its registry reachable?")


def pages() -> list[dict[str, Any]]:
    """Pages as the sidebar and the H5 sign them."""
    chance, made = random.Random(1), []
    for number in range(100):
        ticket, nonce = f"{chance.getrandbits(256):064x}", f"n{chance.getrandbits(40)}"
        url = f"https://shop.example/guide/%E5%AE%A2?wxid={number}&a={chance.random()}"
        stamp = 1_763_690_400 + number
        signed = js_signature(ticket, nonce, stamp, url + chance.choice(("", "#top")))
        made.append(
            {"ticket": ticket, "nonceStr": nonce, "timestamp": stamp, "url": url}
            | {"signature": signed}
        )
    return made


def account(settings: dict[str, str], platform: str, receiver: str) -> dict[str, str]:
    names = {"token": "TOKEN", "key": "AES_KEY", "receiver": receiver}
    return {name: settings[f"SIYU_{platform}_{word}"] for name, word in names.items()}


def main() -> None:
    install()
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        home, port, ear = Path(place), free_port(), free_port()
        env = environment(**SETTINGS, SIYU_DATABASE_URL=f"sqlite+aiosqlite:///{home / 'siyu.db'}")
        server = Process("bot", "serve", "--port", str(port), home=home, env=env)
        stack.callback(server.kill)
        sandbox = SandboxProcess(home, f"http://127.0.0.1:{ear}")
        stack.callback(sandbox.kill)
        server.says("正在运行")
        told = {
            "home": str(HOME),
            "server": f"http://127.0.0.1:{port}",
            "sandbox": sandbox.url,
            "port": ear,
            "wecom": {"token": TOKEN, "key": KEY, "receiver": CORP},
            "official": {"token": TOKEN, "key": KEY, "receiver": APP},
            "corp": account(sandbox.settings, "WECOM", "CORP_ID"),
            "fans": account(sandbox.settings, "OFFICIAL", "APP_ID"),
            "pages": pages(),
        }
        ran = subprocess.run(
            ["node", str(HERE / "live.cjs")],
            input=json.dumps(told),
            text=True,
            timeout=300,
            check=False,
        )
        found = clients.drive(sandbox)
    sys.stdout.write(json.dumps({"wechatpy": found}, ensure_ascii=False, indent=1) + "\n")
    sys.exit(ran.returncode or bool(found["wrong"]))


if __name__ == "__main__":
    main()
