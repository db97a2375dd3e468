"""What exists in a world. Mutable on purpose: this package plays the platforms' database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Attachment = dict[str, Any]


@dataclass
class Message:
    """One line of somebody's conversation."""

    t: datetime
    channel: str
    sender: str
    to: str
    text: str
    attachments: list[Attachment] = field(default_factory=list)
    msgid: str = ""

    def view(self) -> dict[str, Any]:
        return {
            "t": self.t.isoformat(),
            "channel": self.channel,
            "from": self.sender,
            "to": self.to,
            "text": self.text,
            "attachments": self.attachments,
            "msgid": self.msgid,
        }


@dataclass
class Follow:
    """The tie customer × guide as the platform keeps it."""

    userid: str
    external_userid: str
    created: int
    state: str = ""
    add_way: int = 1
    remark: str = ""
    description: str = ""
    remark_company: str = ""
    remark_mobiles: list[str] = field(default_factory=list)
    tags: dict[str, None] = field(default_factory=dict)  # corp tag ids, in order of marking
    personal_tags: dict[str, None] = field(default_factory=dict)
    half: bool = False  # the guide has not confirmed yet: no API knows this tie
    left: bool = False  # the customer deleted the guide; the guide's side still lists her
    chatted: bool = False
    last_chat: int = 0
    received: int = 0  # her words to the guide
    link_id: str = ""  # the acquisition link that brought her


@dataclass
class Habit:
    """How a guide deals with what needs a tap: early, late, never, or only when told (manual)."""

    habit: str = "manual"
    minutes: tuple[float, float] = (2, 30)


@dataclass
class Card:
    task_id: str
    card_type: str
    card: dict[str, Any]
    response_code: str = ""
    clicked: str = ""


@dataclass
class Delivery:
    """One app message in one guide's inbox."""

    msgid: str
    t: datetime
    msgtype: str
    body: dict[str, Any]
    card: Card | None = None
    recalled: bool = False


@dataclass
class Guide:
    userid: str
    name: str
    store: str = ""
    department: int = 1
    confirm: Habit = field(default_factory=Habit)
    follows: dict[str, Follow] = field(default_factory=dict)  # by external_userid
    inbox: list[Delivery] = field(default_factory=list)
    mass_tasks: dict[str, None] = field(default_factory=dict)  # msgids
    moments: dict[str, None] = field(default_factory=dict)
    resigned: datetime | None = None


@dataclass
class Grant:
    """A window in which the Official Account may write: so many messages, until then."""

    left: int
    until: datetime


@dataclass
class Fan:
    openid: str
    subscribed: bool = False
    subscribe_time: int = 0
    scene: str = "ADD_SCENE_SEARCH"
    qr_scene: str = ""
    remark: str = ""
    tags: dict[int, None] = field(default_factory=dict)
    blacklisted: bool = False
    blocks_templates: bool = False
    grants: dict[str, Grant] = field(default_factory=dict)
    consents: Counter[str] = field(default_factory=Counter)  # template id → one-time permissions
    last_interaction: datetime | None = None
    mass_months: Counter[str] = field(default_factory=Counter)


@dataclass
class KfSession:
    """One customer at one 微信客服 account."""

    external_userid: str
    state: int = 4
    servicer: str = ""
    last_customer: datetime | None = None
    last_any: datetime | None = None
    sent: int = 0
    greeted: datetime | None = None  # when a welcome code was used
    scene: str = ""
    scene_param: str = ""
    entered: datetime | None = None


@dataclass
class Customer:
    id: str
    name: str
    external_userid: str
    unionid: str
    phone: str = ""
    birthday: str = ""
    gender: int = 0
    kf: bool = False
    rejects_kf: bool = False
    kf_fail_type: int = 10
    fan: Fan | None = None
    follows: dict[str, Follow] = field(default_factory=dict)  # by userid
    groups: dict[str, None] = field(default_factory=dict)  # chat_ids
    kf_sessions: dict[str, KfSession] = field(default_factory=dict)
    conversation: list[Message] = field(default_factory=list)


@dataclass
class GroupMember:
    userid: str  # or external_userid
    type: int  # 1 guide, 2 customer
    join_time: int
    join_scene: int
    invitor: str = ""
    state: str = ""
    name: str = ""


@dataclass
class GroupChat:
    chat_id: str
    name: str
    owner: str
    capacity: int
    created: int
    notice: str = ""
    members: dict[str, GroupMember] = field(default_factory=dict)
    versions: list[tuple[int, str]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    status: int = 0  # 1 the owner resigned, 2 inheriting, 3 inherited
    moved: list[int] = field(default_factory=list)

    def full(self) -> bool:
        return len(self.members) >= self.capacity


@dataclass
class Tag:
    id: str
    name: str
    group_id: str
    created: int
    order: int = 0
    by_app: bool = True


@dataclass
class TagGroup:
    id: str
    name: str
    created: int
    order: int = 0
    tags: dict[str, Tag] = field(default_factory=dict)
    by_app: bool = True


@dataclass
class KfAccount:
    open_kfid: str
    name: str
    servicers: dict[str, int] = field(default_factory=dict)  # userid → 0 receiving, 1 stopped
    departments: dict[int, None] = field(default_factory=dict)
    managed: bool = True  # given to API management
    records: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)  # of the records, for a quick look-up
    tokens: dict[str, datetime] = field(default_factory=dict)
    msgids: set[str] = field(default_factory=set)
    unguided: list[float] = field(default_factory=list)  # recent sync_msg calls without a token


@dataclass
class Link:
    """An acquisition link and whom it brought."""

    link_id: str
    name: str
    users: list[str]
    departments: list[int]
    created: int
    skip_verify: bool = True
    mark_source: bool = True
    priority: dict[str, Any] | None = None
    clicks: list[tuple[int, str]] = field(default_factory=list)  # when, customer id
    won: list[Follow] = field(default_factory=list)


@dataclass
class App:
    """One WeCom app secret: a token belongs to it alone."""

    name: str
    agent_id: int
    secret: str
    token: str
    aes_key: str
    menu: list[dict[str, Any]] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)  # what agent/set changed


@dataclass
class Corp:
    corp_id: str
    name: str
    apps: list[App]
    binds_unionid: bool = True


@dataclass
class Official:
    app_id: str
    original_id: str
    secret: str
    token: str
    aes_key: str
    name: str = ""
    templates: dict[str, str] = field(default_factory=dict)  # template id → title
    tags: dict[int, str] = field(default_factory=dict)
    menu: list[dict[str, Any]] = field(default_factory=list)
    conditional: dict[int, dict[str, Any]] = field(default_factory=dict)
