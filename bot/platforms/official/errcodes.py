"""The Official Account's errcodes that have a meaning for us; every other one refuses as unknown_code."""

from __future__ import annotations

from bot.platforms.verdicts import Done, Later, Verdict

EXPIRED_TOKEN = frozenset({40001, 40014, 42001})

_REFUSED: dict[str, tuple[int, ...]] = {
    "already_exists": (45157,),
    "bad_code": (40029, 40163, 41008, 42003, 42007),
    "bad_media": (40004, 40005, 40006, 40007, 40009, 44001, 45001),
    "bad_request": (
        *(
            404,
            40008,
            *range(40015, 40029),
            40031,
            40032,
            40033,
            40035,
            40038,
            40039,
            40119,
            40120,
        ),
        *(41001, 41002, 41004, 41009, 43001, 43002, 44002, 44004, 45067, 47001, 47003, 65317),
        *(45158, 61451, 65304, *range(65307, 65309), *range(65310, 65315), 65320),
    ),
    "cap_reached": (45056, 45057, 45059, 65305, 65316),
    # 48002 means a missing permission on WeCom; here it means that the fan switched messages off.
    "customer_refuses": (43019, 48002),
    "no_permission": (45058, 48001, 48004, 48008, 50001, 50002, 65306, 65309),
    "no_such_customer": (40003, 46004, 65302),
    "no_such_tag": (45159,),
    "no_such_template": (40037,),
    "no_such_thing": (46002, 46003, 65301, 65303),
    "not_accepted": (43101,),
    "not_following": (43004, 50005),
    "protected_minor": (70000,),
    "quota_spent": (45028,),
    "state_forbids": (45072, 45080, 45081),
    "too_long": (45002, 45003, 45004, 45005, 45006, 45008),
    "window_closed": (45015,),
    "window_full": (45047,),
}

_REFUSALS: dict[int, Verdict] = {
    code: reason for reason, codes in _REFUSED.items() for code in codes
}

ERRCODES: dict[int, Verdict] = _REFUSALS | {
    -1: Later("busy"),
    61450: Later("busy"),
    40001: Later("bad_token", 60),
    40014: Later("bad_token", 60),
    42001: Later("bad_token", 60),
    40013: Later("bad_secret", 600),
    40125: Later("bad_secret", 600),
    40164: Later("ip_not_allowed", 600),
    # The quota of the day: asking again every minute would only make it worse.
    45009: Later("rate_limited", 3600),
    45011: Later("rate_limited", 60),
    # This clientmsgid was sent before; the answer names that sending.
    45065: Done(told=True),
    45066: Later("in_progress", 60),
}

TOKEN_ERRCODES: dict[int, Verdict] = ERRCODES | {
    40001: "bad_secret",
    40013: "bad_secret",
    40125: "bad_secret",
    40164: "ip_not_allowed",
    41002: "bad_secret",
    41004: "bad_secret",
}
"""At the token endpoint these count against the breaker."""
