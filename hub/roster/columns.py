"""The columns of a roster file: `docs/roster.md` explains exactly these, and a test compares the two."""

import re
from typing import NamedTuple

from hub.roster.entry import Role, Tick


class Column(NamedTuple):
    """One heading."""

    heading: str
    required: bool
    """Whether a file must have the column and every row a value."""
    example: str


HOUSEHOLD = "世帯番号"
DISTRICT = "地区"
ADDRESS = "住所"
HOUSEHOLD_PHONE = "電話"
LIVES_ALONE = "独居"
RESIDENT = "対象者番号"
NAME = "氏名"
KANA = "カナ"
CALL_NAME = "呼び名"
BIRTH_DATE = "生年月日"
SEX = "性別"
PHONE = "本人電話"
RISK_CLASS = "リスク区分"
DEVICE = "機器番号"
ASKINGS = "声かけ時刻"

COLUMNS = (
    Column(HOUSEHOLD, True, "H-0001"),
    Column(DISTRICT, True, "長島"),
    Column(ADDRESS, True, "長島町中野1-2"),
    Column(HOUSEHOLD_PHONE, False, "0573-26-0001"),
    Column(LIVES_ALONE, True, "はい"),
    Column(RESIDENT, True, "R-0001"),
    Column(NAME, True, "佐藤 ハル"),
    Column(KANA, True, "サトウ ハル"),
    Column(CALL_NAME, False, "ハルさん"),
    Column(BIRTH_DATE, False, "昭和10年4月1日"),
    Column(SEX, False, "女"),
    Column(PHONE, False, "090-0000-0001"),
    Column(RISK_CLASS, False, "standard"),
    Column(DEVICE, False, "sato-1"),
    Column(ASKINGS, True, "morning=08:00;evening=18:00"),
)
"""The ones that stand once."""

FIELD_WORDS = {
    "household": "世帯",
    "name": NAME,
    "kana": KANA,
    "call_name": CALL_NAME,
    "birth_date": BIRTH_DATE,
    "sex": SEX,
    "phone": PHONE,
    "risk_class": RISK_CLASS,
    "device": DEVICE,
    "askings": ASKINGS,
    "consents": "同意",
    "contacts": "連絡先",
}
"""What the history calls each field of an `Entry` that an import changed."""

CONSENTS: dict[str, Tick] = {
    "同意記録": Tick.record_answers,
    "同意家族": Tick.tell_family,
    "同意共有": Tick.share,
    "同意立入": Tick.forced_entry,
    "同意音声": Tick.keep_audio,
    "同意常時": Tick.listen_for_help,
}
"""One column a tick: はい, いいえ or the day of consent."""

CONTACTS: dict[str, Role] = {
    "家族": Role.family_contact,
    "協力員": Role.helper,
    "民生委員": Role.welfare_commissioner,
}
"""家族1, 家族1続柄, 家族1電話, 家族1通知先, 家族2, …: four columns a person, as many people as needed."""

_CONTACT = re.compile(rf"({'|'.join(CONTACTS)})([1-9][0-9]?)?(続柄|電話|通知先)?")


class ContactColumn(NamedTuple):
    """Which person of which role a heading speaks of."""

    role: Role
    number: int
    field: str
    """氏名, 続柄, 電話 or 通知先."""


def contact_column(heading: str) -> ContactColumn | None:
    """Read 「家族2電話」; 「民生委員」 without a number is the first."""
    match = _CONTACT.fullmatch(heading)
    return ContactColumn(CONTACTS[match[1]], int(match[2] or 1), match[3] or "氏名") if match else None


def contact_headings(word: str, number: int) -> tuple[str, str, str, str]:
    """The four headings of one person: name, relation, phone, where notices go."""
    head = f"{word}{number}"
    return head, f"{head}続柄", f"{head}電話", f"{head}通知先"
