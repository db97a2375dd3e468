"""F15: the parts that pages are built of look as they did when somebody last looked at them.

`SIYU_NEW_PICTURES=1 make browser` takes the pictures anew; look at them before they are committed. Other fonts or
another Chromium draw other pixels: there the pictures say nothing, and the test says so.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import looks

ONLY_LOOKS = True

HERE = Path(__file__).parent / "kit"
DRAWN_BY = HERE / "drawn-by.json"
LOOKS = [
    *((tongue, width, False) for tongue in ("zh", "en") for width in (1440, 1180, 390, 320)),
    ("zh", 390, True),
    ("en", 320, True),
]
SMALLER = 4
"""Pictures are kept at a quarter of their size: enough to see what moved, small enough to keep."""
UNLIKE = 0.01
"""This share of a picture may differ before it is another picture."""
FONTS = """() => {
  const pen = document.createElement('canvas').getContext('2d');
  return ['-apple-system', 'sans-serif', 'monospace', '"Noto Sans CJK SC"'].map(name => {
    pen.font = `16px ${name}`; return pen.measureText('私域助手 Siyu 0123').width; });
}"""
SHRINK = """async ([png, by]) => {
  const made = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
  const small = new OffscreenCanvas(Math.round(made.width / by), Math.round(made.height / by));
  const pen = small.getContext('2d');
  pen.imageSmoothingQuality = 'high'; pen.drawImage(made, 0, 0, small.width, small.height);
  const webp = new Uint8Array(await (await small.convertToBlob({type: 'image/webp', quality: 0.8})).arrayBuffer());
  return btoa(webp.reduce((text, byte) => text + String.fromCharCode(byte), ''));
}"""
DIFFER = """async pictures => {
  const [one, other] = await Promise.all(pictures.map(async picture => {
    const made = await createImageBitmap(await (await fetch('data:image/webp;base64,' + picture)).blob());
    const pen = new OffscreenCanvas(made.width, made.height).getContext('2d');
    pen.drawImage(made, 0, 0);
    return pen.getImageData(0, 0, made.width, made.height);
  }));
  if (one.width !== other.width || Math.abs(one.height - other.height) > 2) return 1;
  let unlike = 0, all = Math.min(one.data.length, other.data.length);
  for (let at = 0; at < all; at += 4)
    if ([0, 1, 2].some(k => Math.abs(one.data[at + k] - other.data[at + k]) > 48)) unlike++;
  return unlike / (all / 4);
}"""


def drawn_by(page: Page) -> dict[str, object]:
    browser = page.context.browser
    assert browser
    return {"chromium": browser.version, "fonts": page.evaluate(FONTS)}


def picture(page: Page, *, large: bool) -> str:
    """The page's own part; what the clock says is covered."""
    page.goto("/admin/_kit")
    page.wait_for_load_state("networkidle")
    if large:
        page.evaluate(looks.LARGER)
    taken = page.locator("main").screenshot(mask=[page.locator(".tm")], animations="disabled")
    shrunk: str = page.evaluate(SHRINK, [base64.b64encode(taken).decode(), SMALLER])
    return shrunk


def test_f15_the_parts_look_as_they_did(walks):
    anew, unlike = "SIYU_NEW_PICTURES" in os.environ, {}
    page = walks(width=1440, tongue="zh", axe=True)
    page.goto("/admin/_kit")
    now = drawn_by(page)
    if anew:
        HERE.mkdir(exist_ok=True)
        DRAWN_BY.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    elif json.loads(DRAWN_BY.read_text(encoding="utf-8")) != now:
        pytest.skip(f"the pictures were drawn by another Chromium or with other fonts: {now}")
    for tongue, width, large in LOOKS:
        page = walks(width=width, tongue=tongue, axe=True)
        kept = HERE / f"{tongue}-{width}{'-large' if large else ''}.webp"
        seen = picture(page, large=large)
        if anew:
            kept.write_bytes(base64.b64decode(seen))
            continue
        before = base64.b64encode(kept.read_bytes()).decode()
        if (share := page.evaluate(DIFFER, [before, seen])) > UNLIKE:
            unlike[kept.stem] = f"{share:.1%}"
    assert unlike == {}
