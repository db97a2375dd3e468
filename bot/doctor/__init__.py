"""What is wrong with this installation, why, and how to mend it: for `siyu doctor` and for the console."""

from __future__ import annotations

from bot.clock import Clock, FileClock
from bot.doctor import broker, callbacks, here, model, platforms, wecom
from bot.doctor.finding import Finding
from bot.doctor.report import in_words, report
from bot.settings import Settings

__all__ = ["Finding", "examine", "in_words", "of", "outside", "report"]


async def examine() -> list[Finding]:
    """Everything, from the settings as a new process would read them."""
    settings, found = here.settings()
    if settings is None:
        return [here.python(), *found]
    return await of(settings)


async def of(settings: Settings) -> list[Finding]:
    """The same for a process that runs already."""
    findings = [here.python(), *here.set_as(settings)]
    findings += [*await here.database(settings), await broker.broker(settings)]
    findings.append(here.content(settings))
    return findings + await outside(settings)


async def outside(settings: Settings) -> list[Finding]:
    """What only others can say."""
    clock = FileClock(settings.clock_file) if settings.clock_file else Clock()
    findings: list[Finding] = []
    if settings.wecom_corp_id:
        findings += await wecom.wecom(settings, clock, await here.guides(settings))
        findings += [await callbacks.wecom(settings, clock.now())] if settings.public_url else []
    if settings.official_app_id:
        findings += await platforms.official(settings, clock)
        findings += (
            [await callbacks.official(settings, clock.now())] if settings.public_url else []
        )
    if settings.model_url:
        findings.append(await model.model(settings))
    return list(dict.fromkeys(findings))  # both platforms may say the same of our clock
