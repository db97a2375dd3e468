"""Every page opens without trouble, fits, shuts nobody out, and speaks one language."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import looks
from tests.browser.places import PLACES, arrive

ONLY_LOOKS = True

WIDTHS = (1440, 1180, 390, 320)


@pytest.mark.parametrize("tongue", ["zh", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nobody_is_shut_out(walks, tongue, width):
    """axe's rules and the language of every sentence, on a screen and on a phone."""
    page = walks(width=width, tongue=tongue, axe=True)
    faults = {}
    for place in PLACES:
        if arrive(page, place):
            found = looks.shut_out(page) + looks.off_the_screen(page)
            found += looks.misspoken(page, tongue)
            found += [] if page.locator("h1").count() == 1 else ["not one heading"]
            faults |= {place.name: found} if found else {}
    assert faults == {}


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_f15_large_text_fits_every_width(walks, tongue):
    page = walks(width=WIDTHS[0], tongue=tongue)
    faults = {}
    for place in PLACES:
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        if arrive(page, place):
            found = _at_every_width(page, "")
            page.evaluate(looks.LARGER)
            if found := found + _at_every_width(page, " × 1.6"):
                faults[place.name] = found
    assert faults == {}


def _at_every_width(page: Page, how: str) -> list[str]:
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width}{how}: {one}" for one in looks.off_the_screen(page)]
    return found
