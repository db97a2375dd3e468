"""The Official Account's menu as people write it down, and as the platform takes it."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from bot.tongue import _

TOP_BYTES, SUB_BYTES, KEY_BYTES = 16, 60, 128


class Button(BaseModel):
    """One button of `content/menu.yaml`: it says a key, opens a page, or holds up to five others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: Literal["click", "view"] | None = None
    key: str | None = None
    """What a click tells us: the name of an intent, or a consent word's key."""
    url: str | None = None
    """A page; one that starts with / stands under our own public address."""
    buttons: tuple[Button, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {"click": self.key, "view": self.url, None: self.buttons}[self.type]
        if not needed:
            raise ValueError(_("要有 click 和 key，或 view 和 url，或 buttons — 补上缺的那一项"))
        if len(self.buttons) > 5 or any(sub.buttons for sub in self.buttons):
            raise ValueError(_("下面最多 5 个按钮，只有一层 — 删掉多的"))
        if any(len(sub.name.encode()) > SUB_BYTES for sub in self.buttons):
            raise ValueError(_("二级按钮的名字最多 20 个汉字 — 写短一点"))
        if self.key and len(self.key.encode()) > KEY_BYTES:
            raise ValueError(_("key 太长 — 最多 128 个字节"))
        return self

    def wire(self, public_url: str) -> dict[str, Any]:
        if self.buttons:
            return {"name": self.name, "sub_button": [b.wire(public_url) for b in self.buttons]}
        if self.type == "click":
            return {"name": self.name, "type": "click", "key": self.key}
        url = self.url or ""
        page = f"{public_url.rstrip('/')}{url}" if url.startswith("/") else url
        return {"name": self.name, "type": "view", "url": page}


class Menu(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    buttons: tuple[Button, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.buttons) > 3:
            raise ValueError(_("最上面最多 3 个按钮 — 收进二级菜单"))
        if any(len(button.name.encode()) > TOP_BYTES for button in self.buttons):
            raise ValueError(_("一级按钮的名字最多 5 个汉字 — 写短一点"))
        return self
