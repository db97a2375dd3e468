"""The YAML form of a world; unknown keys are refused so that a typo is not silently a different world."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class AppSpec(Spec):
    name: str = "私域助手"
    agent_id: int = 1000002
    secret: str = ""
    token: str = ""
    aes_key: str = ""


class CorpSpec(Spec):
    name: str = "青禾衣坊"
    corp_id: str = ""
    binds_unionid: bool = True
    apps: list[AppSpec] = Field(default_factory=lambda: [AppSpec()], min_length=1)


class OfficialSpec(Spec):
    name: str = ""
    app_id: str = ""
    original_id: str = ""
    secret: str = ""
    token: str = ""
    aes_key: str = ""
    templates: list[dict[str, str]] = []
    tags: list[str] = []
    menu: list[dict[str, Any]] = []


class HabitSpec(Spec):
    habit: Literal["early", "late", "never", "manual"] = "manual"
    minutes: tuple[float, float] | None = None


class StoreSpec(Spec):
    id: str = ""
    name: str


class GuideSpec(Spec):
    userid: str
    name: str
    store: str = ""
    confirm: HabitSpec = HabitSpec()


class FollowSpec(Spec):
    guide: str
    state: str = ""
    since: str | None = None
    tags: list[str] = []
    remark: str = ""

    @field_validator("since", mode="before")
    @classmethod
    def as_text(cls, value: Any) -> Any:
        return value if value is None else str(value)  # YAML reads bare dates as dates


class CustomerSpec(Spec):
    id: str
    name: str
    external_userid: str = ""
    openid: str = ""
    unionid: str = ""
    phone: str = ""
    birthday: str = ""
    gender: int = 0
    follows: list[FollowSpec] = []
    kf: bool = False
    fan: bool = False

    @field_validator("birthday", mode="before")
    @classmethod
    def as_text(cls, value: Any) -> str:
        return str(value or "")


class GroupSpec(Spec):
    name: str
    owner: str
    chat_id: str = ""
    capacity: int = 0
    notice: str = ""
    members: list[str] = []


class KfSpec(Spec):
    name: str
    open_kfid: str = ""
    servicers: list[str] = []


class TagGroupSpec(Spec):
    group: str
    tags: list[str]


class ContactWaySpec(Spec):
    state: str
    guides: list[str] = Field(min_length=1)
    config_id: str = ""
    skip_verify: bool = True
    remark: str = ""


class JoinWaySpec(Spec):
    state: str
    groups: list[str] = Field(min_length=1, max_length=5)  # names or chat_ids
    config_id: str = ""
    auto_create_room: bool = True
    room_base_name: str = ""


class LinkSpec(Spec):
    """An acquisition link (获客助手)."""

    name: str
    guides: list[str] = Field(min_length=1)
    link_id: str = ""
    skip_verify: bool = True


class Settings(Spec):
    """Where the real platform varies from corp to corp, or its documents are silent."""

    group_capacity: int = 200
    mass_quota: Literal["month", "week", "day"] = "month"
    callback_tries: int = 3
    callback_retry_seconds: float = 5
    details_lag: float = 0  # seconds by which groupchat/get trails its event
    kf_empty_page: float = 0.1  # share of sync_msg pages that are empty with has_more = 1
    kf_syncs_without_token: int = 60  # per minute
    calls_per_minute: int = 10_000
    calls_per_hour: int = 150_000
    mass_confirm_minutes: float = 0  # extra delay before the Official Account's own mass sending
    fault_timeout: float = 1.0  # real seconds
    official_mode: Literal["plain", "compat", "secure"] = "secure"  # 明文 / 兼容 / 安全模式
    official_format: Literal["xml", "json"] = "xml"
    wecom_format: Literal["xml", "json"] = "xml"
    acquisition_quota: int = 1000  # customers that acquisition links may still bring


class WorldSpec(Spec):
    start: str = ""
    corp: CorpSpec = CorpSpec()
    official: OfficialSpec = OfficialSpec()
    stores: list[StoreSpec] = []
    guides: list[GuideSpec] = []
    customers: list[CustomerSpec] = []
    groups: list[GroupSpec] = []
    kf: list[KfSpec] = []
    tags: list[TagGroupSpec] = []
    contact_ways: list[ContactWaySpec] = []
    join_ways: list[JoinWaySpec] = []
    acquisition_links: list[LinkSpec] = []
    settings: Settings = Settings()

    @field_validator("start", mode="before")
    @classmethod
    def as_text(cls, value: Any) -> str:
        return str(value or "")
