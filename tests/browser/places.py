"""Every page there is, and how somebody gets there."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True, slots=True)
class Place:
    """An address; with `link`, where the first such link of that page leads."""

    name: str
    path: str
    link: str = ""


PLACES = (
    Place("sandbox", "/sandbox?who=visitor-9"),
    Place("today", "/admin"),
    Place("customers", "/admin/customers"),
    Place("nobody", "/admin/customers?field=orders.count&op=gte&value=9999"),
    Place("customer", "/admin/customers", "#cust-table tbody a"),
    Place("merges", "/admin/customers/merges"),
    Place("groups", "/admin/groups"),
    Place("group", "/admin/groups/benefit"),
    Place("campaigns", "/admin/campaigns"),
    Place("campaign-new", "/admin/campaigns/new"),
    Place("campaign", "/admin/campaigns", "main a[href^='/admin/campaigns/']"),
    Place("journeys", "/admin/campaigns/journeys"),
    Place("journey", "/admin/campaigns/journeys", "main a[href^='/admin/campaigns/journeys/']"),
    Place("campaign-list", "/admin/campaigns?view=list"),
    Place("content", "/admin/content/coupon/expiring"),
    Place("coupons", "/admin/coupons"),
    Place("coupon", "/admin/coupons", "main tbody a[href^='/admin/coupons/']"),
    Place("coupon-new", "/admin/coupons/-/new"),
    Place("cases", "/admin/cases"),
    Place("guide-tasks", "/admin/guide-tasks"),
    Place("analytics", "/admin/analytics"),
    Place("behind", "/admin/people?of=journey&key=newcomer-week"),
    Place("connect", "/admin/connect"),
    Place("settings", "/admin/settings"),
    Place("audit", "/admin/audit?check=1"),
    Place("kit", "/admin/_kit"),
    Place("kit-phone", "/admin/_kit/phone"),
    Place("guide", "/guide"),
    Place("guide-customers", "/guide/c"),
    Place("guide-customer", "/guide/c", "main a[href^='/guide/c/']"),
    Place("guide-push", "/guide/push"),
    Place("guide-month", "/guide/month"),
    Place("till", "/store/redeem"),
    Place("login", "/login"),
    Place("refused", "/admin/groups/nothing"),
)
REFUSING = {"refused"}


def address(page: Page, place: Place) -> str | None:
    """Where the place is in this shop; None where the shop has none of it."""
    if not place.link:
        return place.path
    page.goto(place.path)
    links = page.locator(place.link)
    for at in range(links.count()):
        found = links.nth(at).get_attribute("href")
        if found and found.split("?")[0] not in {one.path for one in PLACES}:
            return found
    return None
