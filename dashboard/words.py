"""How times, counts and states are written on a page, for people. Pure functions; `now` is an argument."""

from datetime import date, datetime, timedelta

from contract.time import OFFICE_ZONE, office_date
from hub.notices.notice import DeliveryState, NoticeKind
from hub.vocabulary import AreaState, CaseState, DeviceState, PersonState, ReasonCode, Severity, SlotState

_WEEKDAYS = "月火水木金土日"
_ERAS = ((date(2019, 5, 1), "令和", "R"), (date(1989, 1, 8), "平成", "H"), (date(1926, 12, 25), "昭和", "S"))
"""First day, name and letter of each era that a living resident's papers may bear; older years stay Western."""


def era_year(day: date) -> tuple[str, str, int]:
    """Name, letter and year of the era; before 昭和 the Western year without a name."""
    for first, name, letter in _ERAS:
        if day >= first:
            return name, letter, day.year - first.year + 1
    return "西暦", "", day.year


def long_date(day: date) -> str:
    """令和8年11月24日(火)."""
    name, _, year = era_year(day)
    return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日({_WEEKDAYS[day.weekday()]})"


def short_date(day: date) -> str:
    """R8.11.24."""
    _, letter, year = era_year(day)
    return f"{letter}{year}.{day.month}.{day.day}"


def time_of_day(at: datetime) -> str:
    """8:42, in the office's zone."""
    local = at.astimezone(OFFICE_ZONE)
    return f"{local.hour}:{local.minute:02}"


def time_with_seconds(at: datetime) -> str:
    """8:42:07, in the office's zone."""
    local = at.astimezone(OFFICE_ZONE)
    return f"{local.hour}:{local.minute:02}:{local.second:02}"


def moment(at: datetime, now: datetime) -> str:
    """8:42 today, きのう 18:00, あす 9:00, otherwise 11月20日 18:00."""
    days = (office_date(at) - office_date(now)).days
    prefix = {0: "", -1: "きのう ", 1: "あす "}.get(days)
    if prefix is None:
        day = office_date(at)
        prefix = f"{day.month}月{day.day}日 "
    return prefix + time_of_day(at)


def stamp(at: datetime) -> str:
    """R8.11.24 8:42, for tables and print."""
    return f"{short_date(office_date(at))} {time_of_day(at)}"


def length(time: timedelta) -> str:
    """42分, 3時間5分, 2日4時間; below a minute 1分未満."""
    minutes = max(int(time.total_seconds()) // 60, 0)
    if minutes < 1:
        return "1分未満"
    if minutes < 60:
        return f"{minutes}分"
    if minutes < 24 * 60:
        return f"{minutes // 60}時間" + (f"{minutes % 60}分" if minutes % 60 else "")
    hours = minutes // 60
    return f"{hours // 24}日" + (f"{hours % 24}時間" if hours % 24 else "")


def since(at: datetime, now: datetime) -> str:
    """42分前から; within the first minute たった今."""
    gone = now - at
    return "たった今" if gone < timedelta(minutes=1) else f"{length(gone)}前から"


def held(seconds: float) -> str:
    """3日4時間: how long somebody has had a case."""
    return length(timedelta(seconds=seconds))


def by_when(due: datetime, now: datetime) -> str:
    """Before 9:00: 9:00まで(あと18分); after it: 9:00まで(12分超過)."""
    rest = due - now
    note = f"{length(-rest)}超過" if rest < timedelta(0) else f"あと{length(rest)}"
    return f"{moment(due, now)}まで({note})"


def phone(number: str | None) -> str:
    """For a `tel:` link: digits and a leading plus."""
    return "".join(letter for letter in number or "" if letter.isdigit() or letter == "+")


STATUS: dict[Severity, tuple[str, str, str]] = {
    Severity.emergency: ("emergency", "■", "緊急"),
    Severity.needs_visit: ("visit", "▲", "訪問要"),
    Severity.needs_check: ("check", "◆", "要確認"),
    Severity.device_unreachable: ("line", "✕", "通信途絶"),
}
"""Class, shape and word of a case's badge; a colour never stands alone."""

ANSWERED = ("answered", "●", "応答あり")
AWAY = ("away", "○", "外出中")

PERSON: dict[PersonState, tuple[str, str, str]] = {
    PersonState.answered: ANSWERED,
    PersonState.waiting: ("plain", "・", "これから"),
    PersonState.unanswered: ("check", "◆", "未応答"),
    PersonState.wants_help: ("check", "◆", "手助けを求めている"),
    PersonState.away: AWAY,
    PersonState.cannot_tell: ("line", "✕", "確認できない"),
}

SLOT: dict[SlotState, tuple[str, str, str]] = {
    SlotState.waiting: ("plain", "・", "これから"),
    SlotState.answered: ANSWERED,
    SlotState.missed: ("check", "◆", "未応答"),
    SlotState.cannot_tell: ("line", "✕", "確認できない"),
}

DEVICE: dict[DeviceState, str] = {
    DeviceState.online: "つながっている",
    DeviceState.late: "途切れている(確認中)",
    DeviceState.offline: "通信途絶",
    DeviceState.fault: "故障",
    DeviceState.muted: "マイク消音中",
    DeviceState.not_installed: "まだつながったことがない",
}

AREA: dict[AreaState, str] = {
    AreaState.normal: "平常",
    AreaState.suspected_outage: "停電・回線障害の疑い",
    AreaState.outage: "停電・回線障害",
    AreaState.recovering: "復旧中",
}

CASE: dict[CaseState, str] = {
    CaseState.new: "未着手",
    CaseState.phoning: "電話対応中",
    CaseState.visit_assigned: "訪問予定",
    CaseState.visiting: "訪問中",
    CaseState.done: "終了",
    CaseState.handed_over: "引き継ぎ中",
    CaseState.support_conference: "支援会議",
}

REASON: dict[ReasonCode, str] = {
    ReasonCode.call_for_help: "助けを求めた",
    ReasonCode.missed: "応答がない",
    ReasonCode.negative_response: "体調の訴え",
    ReasonCode.talk_request: "話がしたい",
    ReasonCode.device_unreachable: "通信が切れている",
    ReasonCode.not_installed: "機器がまだつながっていない",
    ReasonCode.muted: "マイクが消音",
    ReasonCode.mic_fault: "マイクの不具合",
    ReasonCode.not_played: "声かけが再生されなかった",
    ReasonCode.device_fault: "機器の不具合",
    ReasonCode.change: "変化の兆し",
    ReasonCode.concern: "気になる答え",
    ReasonCode.away: "不在",
}

WORDED_WITH_TIME = frozenset({ReasonCode.call_for_help, ReasonCode.device_unreachable})
"""Reasons whose words tell the moment: a second one beside them, a little later, would only puzzle."""

INTENT = {
    "fine": "元気",
    "as_usual": "いつもどおり",
    "unwell": "体調が悪い",
    "pain": "痛みがある",
    "emergency": "助けを求めた",
    "wants_talk": "話がしたい",
    "going_out": "出かける",
    "declined": "今はいい",
    "repeat": "もう一度",
    "unrelated": "関係のない話",
}
"""What an answer meant, in the words of a table."""

CONTACT = {"family_contact": "家族", "helper": "協力員", "welfare_commissioner": "民生委員"}
CALLED = {"resident": "本人", **CONTACT}
"""Whom a call list names."""
CONSENT = {
    "record_answers": "応答の記録",
    "tell_family": "家族への連絡",
    "share": "社協・民生委員との共有",
    "forced_entry": "緊急時の立入",
    "keep_audio": "音声の保存",
    "listen_for_help": "声かけ以外でも助けの声を聞くこと",
}
NOTICE: dict[NoticeKind, str] = {
    NoticeKind.case_opened: "新しい件",
    NoticeKind.emergency: "緊急",
    NoticeKind.step: "次の連絡",
    NoticeKind.nobody_on_duty: "時間外の連絡",
    NoticeKind.handed_over: "引き継ぎ",
    NoticeKind.outage_began: "地区の停電・回線",
    NoticeKind.outage_over: "停電・回線の復旧",
    NoticeKind.hub_blind: "見守りの停止",
    NoticeKind.hub_sees: "見守りの再開",
    NoticeKind.all_clear: "解消",
    NoticeKind.daily_proof: "きょうの確認",
    NoticeKind.test: "試し",
}
NOTICE_STATE: dict[DeliveryState, tuple[str, str, str]] = {
    DeliveryState.waiting: ("waiting", "・", "これから"),
    DeliveryState.sending: ("sending", "…", "送信中"),
    DeliveryState.sent: ("sent", "●", "送信済"),
    DeliveryState.failed: ("failed", "✕", "届かない"),
    DeliveryState.withdrawn: ("withdrawn", "○", "取りやめ"),
}
"""Class, shape and word of how far a notice has come."""
LINK_ANSWER = {"met": "会えた", "not_met": "会えない", "cannot_go": "行けません", "away": "出かけている"}
"""What a relative said by the link."""
SEX = {"f": "女", "m": "男", "F": "女", "M": "男", "女": "女", "男": "男"}
