"""Who speaks: the brand, its bot and the words they keep to."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from bot.content.templates import Footer

OTHERS = "其他"


class Brand(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=20)
    bot: str = Field(min_length=1, max_length=12)
    hours: str
    promise: str
    season: dict[int, str] = {}
    """What a month is called in texts."""
    hero: dict[int, str | dict[str, str]] = {}
    """The one thing that a month is about; by tier where `其他` is everybody who is not named."""
    footer: str
    footer_mass: str
    links: dict[str, str] = {}
    """Pages under the public address: wallet_link, prefs_link, kf_link."""

    def hero_of(self, month: int, tier: str | None = None) -> str | None:
        said = self.hero.get(month)
        if isinstance(said, dict):
            return said.get(tier or "") or said.get(OTHERS)
        return said

    def facts(self, public_url: str) -> dict[str, object]:
        links = {
            name: path if "://" in path else f"{public_url.rstrip('/')}{path}"
            for name, path in self.links.items()
        }
        said = {"name": self.name, "bot": self.bot, "hours": self.hours, "promise": self.promise}
        return {"brand": said, **links}

    def line_below(self, public_url: str) -> Footer:
        prefs = str(self.facts(public_url).get("prefs_link", ""))
        fill = {"{name}": self.name, "{prefs_link}": prefs}
        words, mass = self.footer, self.footer_mass
        for hole, value in fill.items():
            words, mass = words.replace(hole, value), mass.replace(hole, value)
        return Footer(words, mass)
