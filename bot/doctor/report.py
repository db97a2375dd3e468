"""Findings as a text that may be sent to anybody: no secret is in it."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence

from bot.doctor.finding import Finding
from bot.tongue import _


def in_words(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.state for finding in findings)
    lines = [
        _("检查 %(count)s 项", count=len(findings)),
        *(finding.in_words() for finding in findings),
    ]
    parts = [_("%(count)s 项没通过", count=counts["fail"])] if counts["fail"] else []
    parts += [_("%(count)s 项要注意", count=counts["warn"])] if counts["warn"] else []
    lines.append(_("，").join([*parts, _("%(count)s 项正常", count=counts["ok"])]) + _("。"))
    return "\n".join(lines)


def report(findings: Sequence[Finding], version: str = "") -> str:
    head = f"siyu {version} · Python {platform.python_version()} · {platform.platform()}"
    return f"{head}\n{in_words(findings)}\n"
