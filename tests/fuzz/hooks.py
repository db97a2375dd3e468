"""What schemathesis cannot guess: a fresh key for every act, and ids that exist in half of the addresses."""

from __future__ import annotations

import json
import os
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import schemathesis

KNOWN: dict[str, list[str]] = json.loads(Path(os.environ["SIYU_FUZZ_KNOWN"]).read_text())
PLACES = {
    "/customers/{ref}": ("ref", "customer"),
    "/campaigns/{id}": ("id", "campaign"),
    "/cases/{id}": ("id", "case"),
    "/orders/{id}": ("id", "order"),
    "/tasks/{id}": ("id", "task"),
    "/offers/{key}": ("key", "offer"),
    "/journeys/{key}": ("key", "journey"),
    "/groups/{key}": ("key", "group"),
    "/content/{scene}": ("scene", "scene"),
    "/{scene}/{name}": ("name", "text"),
    "/guides/{userid}": ("userid", "guide"),
    "/staff/{name}": ("name", "staff"),
}
_numbers = count()
_dice = Random(7)


@schemathesis.hook
def before_call(context: Any, case: Any, **_: Any) -> None:
    if "Idempotency-Key" in (case.headers or {}) and _dice.random() < 0.9:
        case.headers["Idempotency-Key"] = f"fuzz-{os.getpid()}-{next(_numbers)}"
    for part, (name, kind) in PLACES.items():
        if part in case.path and name in (case.path_parameters or {}) and _dice.random() < 0.5:
            case.path_parameters[name] = _dice.choice(KNOWN[kind])
