"""What is wrong with a page: whom it shuts out, what runs off the screen, what is said in the wrong language."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.sentences import CHINESE, catalogue, ids

CONTENT = Path(__file__).parent.parent.parent / "content"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LARGER = """() => {
  const all = [...document.body.querySelectorAll('*')].map(e => [e, getComputedStyle(e).fontSize]);
  for (const [e, size] of all) e.style.setProperty('font-size', parseFloat(size) * 1.6 + 'px', 'important');
}"""
WIDEST = """() => {
  const page = document.documentElement, wide = page.clientWidth;
  if (page.scrollWidth <= wide) return [];
  const right = e => Math.round(e.getBoundingClientRect().right);
  const kept = e => {
    for (let p = e.parentElement; p; p = p.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(p).overflowX)) return true;
    return false;
  };
  return [...document.body.querySelectorAll('*')].filter(e => right(e) > wide + 1 && !kept(e)).slice(0, 4)
    .map(e => `${e.tagName.toLowerCase()}.${e.className} ${right(e)}`).concat([`page ${page.scrollWidth}`]);
}"""
SPOKEN = """() => {
  const texts = [], marked = e => e.closest('[lang]:not(html)')?.lang || '';
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
    if (!text || at.closest('script,style,noscript,template,[aria-hidden=true],[data-theirs]')) continue;
    texts.push([text, marked(at), !!at.closest('code,pre,kbd,.mono,textarea')]);
  }
  for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
    for (const e of document.querySelectorAll(`[${name}]`))
      texts.push([e.getAttribute(name), e.closest('[translate=no]') ? 'theirs' : marked(e), false]);
  return texts;
}"""


def shut_out(page: Page) -> list[str]:
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run({runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})",
        RULES,
    )
    return [
        f"{rule['id']} ×{len(rule['nodes'])}: {node['target'][-1]} {node['html'][:120]}"
        for rule in found["violations"]
        for node in rule["nodes"][:2]
    ]


def off_the_screen(page: Page) -> list[str]:
    found: list[str] = page.evaluate(WIDEST)
    return [f"off the screen: {one}" for one in found]


def misspoken(page: Page, tongue: str) -> list[str]:
    """On an English page Chinese that is nobody's own, on a Chinese page English that is ours."""
    said = page.evaluate(SPOKEN)
    strange = _english if tongue == "zh" else _chinese
    return sorted(
        {f"in the wrong language: {text[:60]}" for text, *whose in said if strange(text, *whose)}
    )


def _chinese(text: str, lang: str, _quoted: bool) -> bool:
    if not CHINESE.search(text):
        return False
    return text in ids() and text not in theirs() if lang else True


@cache
def theirs() -> str:
    """Everything that the shipped brand says: what stands there may stand on a page."""
    files = (path for path in CONTENT.rglob("*") if path.suffix in {".yaml", ".j2"})
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def _english(text: str, lang: str, quoted: bool) -> bool:
    ours = {one for message in catalogue() if message.id for one in _strings(message.string)}
    return not lang and not quoted and text in ours and text not in ids()


def _strings(said: str | tuple[str, ...]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)
