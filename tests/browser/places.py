"""Every page of the house but a customer's own (`test_phone_pages`), and how somebody gets there."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True, slots=True)
class Place:
    """An address; with `link`, where the first such link of that page leads."""

    name: str
    path: str
    link: str = ""


NESTED = (
    "field=tier&op=in&value=核心&open=any&field=orders.last_days&op=lte&value=90"
    "&open=none&field=case.open&op=eq&value=yes&close=1&close=1"
)
PLACES = (
    Place("sandbox", "/sandbox?who=visitor-9"),
    Place("today", "/admin"),
    Place("customers", "/admin/customers"),
    Place("nobody", "/admin/customers?field=orders.count&op=gte&value=9999"),
    Place("customer", "/admin/customers", "#cust-table tbody a"),
    Place("merges", "/admin/customers/merges"),
    Place("imports", "/admin/imports"),
    Place("tags", "/admin/tags"),
    Place("tag-rule", "/admin/tags", "main a[href*='/admin/tags/rule']"),
    Place("tiers", "/admin/tags/tiers"),
    Place("groups", "/admin/groups"),
    Place("group", "/admin/groups/benefit"),
    Place("group-plan", "/admin/groups/benefit/plan"),
    Place("group-new", "/admin/groups/-/new?starter=vip"),
    Place("nested", f"/admin/customers?{NESTED}"),
    Place("campaigns", "/admin/campaigns"),
    Place("campaign-list", "/admin/campaigns?view=list"),
    Place("campaign-new", "/admin/campaigns/new"),
    Place("campaign", "/admin/campaigns?view=list", "main td a[href^='/admin/campaigns/']"),
    Place("journeys", "/admin/campaigns/journeys"),
    Place("journey", "/admin/campaigns/journeys", "main a[href^='/admin/campaigns/journeys/']"),
    Place("journey-new", "/admin/campaigns/journeys/-/new"),
    Place("journey-edit", "/admin/campaigns/journeys/potential-ladder/edit"),
    Place("repeating", "/admin/campaigns/repeating"),
    Place("repeating-one", "/admin/campaigns/repeating/weekly-core"),
    Place("repeating-new", "/admin/campaigns/repeating/-/new"),
    Place("repeating-dry", "/admin/campaigns/repeating/weekly-core/rehearsal"),
    Place("moments", "/admin/moments"),
    Place("moment-new", "/admin/moments/new"),
    Place("content", "/admin/content"),
    Place("contests", "/admin/contests"),
    Place("coupons", "/admin/coupons"),
    Place("coupon-new", "/admin/coupons/-/new"),
    Place("coupon", "/admin/coupons", "main a[href^='/admin/coupons/']"),
    Place("cases", "/admin/cases"),
    Place("tasks", "/admin/guide-tasks"),
    Place("analytics", "/admin/analytics"),
    Place("people", "/admin/analytics", "main a[href^='/admin/people']"),
    Place("connect", "/admin/connect"),
    Place("settings", "/admin/settings"),
    Place("staff", "/admin/staff"),
    Place("proposals", "/admin/proposals"),
    Place("audit", "/admin/audit?check=1"),
    Place("kit", "/admin/_kit"),
    Place("kit-phone", "/admin/_kit/phone"),
    Place("guide", "/guide"),
    Place("guide-customers", "/guide/c"),
    Place("guide-customer", "/guide/c", "main a[href^='/guide/c/']"),
    Place("guide-push", "/guide/push"),
    Place("guide-month", "/guide/month"),
    Place("till", "/store/redeem"),
    Place("pin", "/store/pin"),
    Place("login", "/login"),
    Place("refused", "/admin/groups/nothing"),
)


def arrive(page: Page, place: Place) -> bool:
    """Go there; False where this shop has none of it."""
    at = address(page, place)
    if at is not None:
        page.goto(at)
    return at is not None


def address(page: Page, place: Place) -> str | None:
    """Where the place is in this shop; None where the shop has none of it."""
    if not place.link:
        return place.path
    page.goto(place.path)
    links = page.locator(place.link)
    for at in range(links.count()):
        found = links.nth(at).get_attribute("href")
        if found and found.split("?")[0] not in {one.path.split("?")[0] for one in PLACES}:
            return found
    return None
