"""Every page opens without trouble, fits, shuts nobody out, and speaks one language."""

from __future__ import annotations

import pytest

from tests.browser import looks
from tests.browser.places import PLACES, arrive


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
def test_large_text_fits_the_smallest_phone(walks, tongue):
    page = walks(width=320, tongue=tongue)
    faults = {}
    for place in PLACES:
        if arrive(page, place):
            small = looks.off_the_screen(page)
            page.evaluate(looks.LARGER)
            if found := small + [f"× 1.6 {one}" for one in looks.off_the_screen(page)]:
                faults[place.name] = found
    assert faults == {}
