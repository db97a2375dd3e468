"""WeCom's errcodes that have a meaning for us; every other one refuses as unknown_code."""

from __future__ import annotations

from bot.platforms.verdicts import Done, Later, Verdict

EXPIRED_TOKEN = frozenset({40014, 42001})

_REFUSED: dict[str, tuple[int, ...]] = {
    "already_exists": (40071, 41077),
    "already_moved": (40130, 90500, 90502, 90504, 90508),
    "bad_code": (40029, 41049, 42003, 42022),
    "bad_media": (40007, 40009, 40123, 41072, *range(41080, 41083), 44001, 45001),
    "bad_request": (
        *(404, 40008, 40035, 40056, 40058, 40063, 41001, 41004, 41035, 41046, 41047, 41065),
        *range(41037, 41041),
        *(41042, 41043, 41044, 44004, 60251, 90206, 90207, 301002),
        *(40057, 40093, 41059, 41067, 41073, *range(41083, 41090), 42012),
        *(*range(42014, 42021), 93000),
        *range(42027, 42052),  # each names one field of a template card
    ),
    "cancelled": (41093,),
    "cap_reached": (
        *(40126, 41041, 41045, 41055, 41064, 41068, 41069, 41076, 41091, 41095, 81017),
        *(95005, 95026, 95027),
    ),
    "card_used": (60140,),
    "empty_audience": (41048, 81013),
    "customer_refuses": (41053,),
    "no_permission": (
        *(41058, 86008, *range(610014, 610019), *range(845001, 845004)),
        *(43012, 48001, 48002, 48006, 48007, 50001, 50002, 50003, 60021, 60031, 81011, 84074),
        *(95011, 95012, 95021, 95030),
    ),
    "no_such_chat": (86001, 86003, 90501, 90509),
    "no_such_customer": (40096,),
    "no_such_guide": (40003, 40098, 41054, 41061, 60011, 60111, 60253, 95014),
    "no_such_tag": (40068,),
    "no_such_thing": (41060, 41070, 41071, 41074, 41075, 60252),
    "not_confirmed": (41062,),
    "not_friend": (40131, 84061),
    "not_licensed": (95003, 701008),
    "remind_limit": (41094,),
    "state_forbids": (40097, 40143, 95013, 95018),
    "too_late": (41050, 42052),
    "too_long": (45002, 95006),
    "too_often": (40128,),
    "window_closed": (95002, 95031),
    "window_full": (95001,),
}

_REFUSALS: dict[int, Verdict] = {
    code: reason for reason, codes in _REFUSED.items() for code in codes
}

ERRCODES: dict[int, Verdict] = _REFUSALS | {
    -1: Later("busy"),
    6000: Later("conflict", 2),
    40001: Later("bad_secret", 600),
    40013: Later("bad_secret", 600),
    # Refused twice, with a new token in between: the platform is not ready, or the app is another one.
    40014: Later("bad_token", 60),
    42001: Later("bad_token", 60),
    # A welcome has reached the customer, ours or another: done, whatever we remember.
    41051: Done(),
    # Another caller is sending a welcome for this code right now.
    41096: Later("in_progress", 1),
    41063: Later("in_progress", 60),
    41078: Later("in_progress", 600),
    41079: Later("in_progress", 60),
    # The customer or the group chat is on its way to somebody else right now.
    40100: Later("in_progress", 3600),
    40129: Later("in_progress", 3600),
    90507: Later("in_progress", 3600),
    # A full group chat: the owner must confirm in the client.
    90503: Later("in_progress", 3600),
    # The platform closes the API for the rest of the minute, or longer.
    45009: Later("rate_limited", 60),
    45033: Later("rate_limited", 2),
    45035: Later("conflict", 2),
    60020: Later("ip_not_allowed", 600),
}

TOKEN_ERRCODES: dict[int, Verdict] = ERRCODES | {
    40001: "bad_secret",
    40013: "bad_secret",
    40125: "bad_secret",
    60020: "ip_not_allowed",
}
"""At the token endpoint a wrong secret counts against the breaker: many of them get our address banned."""
