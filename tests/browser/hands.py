"""Somebody who has a keyboard and no mouse."""

from __future__ import annotations

from playwright.sync_api import Page

MANY = 400
HERE = """([selector, words]) => {
  const at = document.activeElement;
  if (!at || !at.matches(selector) || !(at.innerText || at.value || '').includes(words)) return '';
  const look = getComputedStyle(at), seen = look.outlineStyle !== 'none' || look.boxShadow !== 'none';
  return seen ? 'seen' : 'unseen';
}"""


def reach(page: Page, selector: str, words: str = "") -> None:
    """Walk on with Tab until the focus is there; it has to show where it is."""
    for _ in range(MANY):
        found = page.evaluate(HERE, [selector, words])
        if found:
            assert found == "seen", f"nobody sees the focus on {selector}"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no key leads to {selector} {words}")


def press(page: Page, selector: str, words: str = "", *, key: str = "Enter") -> None:
    reach(page, selector, words)
    page.keyboard.press(key)


def write(page: Page, selector: str, words: str) -> None:
    """In place of whatever stands there."""
    reach(page, selector)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(words)
