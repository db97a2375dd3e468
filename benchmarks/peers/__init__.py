"""Other people's servers, doing the same work: installed where they disturb nobody."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HOME = Path(tempfile.gettempdir()) / "siyu-bench-peers"
PYTHON_PEERS = ("wechatpy[cryptography]==1.8.18", "flask", "gunicorn", "werobot", "tornado")
NODE_PEERS = ("co-wechat@2.4.0", "koa@2")


def python() -> Path | None:
    """A Python that has the peers; None, with a word why, where they cannot be had."""
    made = HOME / "venv" / "bin" / "python"
    if not (HOME / "venv.done").exists():
        HOME.mkdir(exist_ok=True)
        steps = (
            [sys.executable, "-m", "venv", str(HOME / "venv")],
            [str(made), "-m", "pip", "install", "-q", *PYTHON_PEERS],
        )
        if not all(_done(step) for step in steps):
            return None
        (HOME / "venv.done").touch()
    return made


def node() -> Path | None:
    """Where `node_modules` with the peers lies; None, with a word why, where it cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("no node or npm here: npm co-wechat is left out", file=sys.stderr)
        return None
    place = HOME / "node"
    if not (HOME / "node.done").exists():
        place.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        if not _done([*command, "--prefix", str(place), *NODE_PEERS]):
            return None
        (HOME / "node.done").touch()
    return place


def _done(command: list[str]) -> bool:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        said = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
        print(f"peers left out: {' '.join(command[:4])} failed: {said}", file=sys.stderr)
    return ran.returncode == 0
