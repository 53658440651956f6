"""The sentences of the queue and the history, for a CSW: what happened, when, in the office's words and time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from contract.time import OFFICE_ZONE
from hub.vocabulary import CaseOutcome, CheckedHow, DeliveryMode, ReasonCode, VisitKind, VisitOutcome

PARTS: Mapping[str, str] = {
    "microphone": "マイク",
    "speaker": "スピーカー",
    "disk": "記憶装置",
    "clock": "時計",
    "network": "通信",
    "model": "音声認識",
    "config": "設定",
    "panel": "ボタン・ランプ",
    "selftest": "自己点検",
}
"""The parts of a speaker, as a technician says them."""

EXTRAS: Mapping[str, str] = {
    "slept": "よく眠れたか",
    "ate": "食事をしたか",
    "took_medicine": "薬を飲んだか",
}
"""The further questions of the packaged prompts; a city's own stand under their key."""

ABSENCES: Mapping[str, str] = {"out": "外出", "hospital": "入院", "day_service": "デイサービス"}
"""The kinds of an absence."""

WHY_NOT_ASKED: Mapping[ReasonCode, str] = {
    ReasonCode.device_unreachable: "通信が切れていて確認できない",
    ReasonCode.not_installed: "スピーカーから一度も通信がない",
    ReasonCode.muted: "マイクが消音になっていて確認できない",
    ReasonCode.mic_fault: "マイクの不具合で確認できない",
    ReasonCode.not_played: "声かけが再生されず確認できない",
    ReasonCode.device_fault: "機器の不具合で確認できない",
    ReasonCode.away: "不在のため声かけなし",
}
"""Why a slot ended in cannot_tell."""


OUTCOMES: Mapping[CaseOutcome, str] = {
    CaseOutcome.settled_by_late_answer: "応答が届いて解消",
    CaseOutcome.settled_by_return: "通信・機器が戻って解消",
    CaseOutcome.settled_by_itself: "変化の兆しがなくなり解消",
    CaseOutcome.reached_by_phone: "電話で確認",
    CaseOutcome.met: "会えた",
    CaseOutcome.hospital: "入院・搬送",
    CaseOutcome.away: "不在と確認",
    CaseOutcome.merged: "別の件にまとめた",
    CaseOutcome.device_mended: "機器を直した",
    CaseOutcome.false_alarm: "何事もなかった",
    CaseOutcome.other: "その他",
}
"""How a case ended."""


VISIT_KINDS: Mapping[VisitKind, str] = {
    VisitKind.safety_check: "安否確認訪問",
    VisitKind.accompaniment: "伴走訪問",
    VisitKind.coordination: "事前調整",
}
VISIT_OUTCOMES: Mapping[VisitOutcome, str] = {
    VisitOutcome.met: "会えた",
    VisitOutcome.not_home: "不在",
    VisitOutcome.not_opened: "応答あるが開かない",
    VisitOutcome.hospital: "入院していた",
    VisitOutcome.ambulance: "救急を呼んだ",
    VisitOutcome.other: "その他",
}
DELIVERY_MODES: Mapping[DeliveryMode, str] = {
    DeliveryMode.direct: "直営",
    DeliveryMode.contracted: "委託",
}

CHECKED: Mapping[CheckedHow, str] = {
    CheckedHow.phone: "電話で無事",
    CheckedHow.met: "会えた",
    CheckedHow.told_by_others: "家族・近所の人が確認",
    CheckedHow.not_reached: "まだ確かめられない",
}
"""How somebody made sure of a person in an outage."""


def time_of_day(at: datetime) -> str:
    """08:00, office time."""
    return at.astimezone(OFFICE_ZONE).strftime("%H:%M")


def moment(at: datetime) -> str:
    """11/24 08:00, office time."""
    local = at.astimezone(OFFICE_ZONE)
    return f"{local.month}/{local.day} {local:%H:%M}"


def slot(day: date, name: str, opens_at: datetime, slot_words: Mapping[str, str]) -> str:
    """11/24 朝, or 11/24 08:00 where the policy has no word for the slot."""
    return f"{day.month}/{day.day} {slot_words.get(name) or time_of_day(opens_at)}"


def missed(named: Sequence[str]) -> str:
    """2回続けて応答なし(11/23 夕、11/24 朝); `named` is oldest first, long rows are shortened in the middle."""
    listed = "、".join(named) if len(named) <= 4 else f"{named[0]} から {named[-1]} まで"
    return f"応答なし({listed})" if len(named) == 1 else f"{len(named)}回続けて応答なし({listed})"


def unanswered(first: str, lasted: timedelta) -> str:
    """24時間応答なし(11/23 朝 から)."""
    return f"{length(lasted)}応答なし({first} から)"


def length(time: timedelta) -> str:
    """3時間, 40分, 20秒, 2日: one unit, rounded down."""
    seconds = int(time.total_seconds())
    for unit, word in ((86_400, "日"), (3_600, "時間"), (60, "分")):
        if seconds >= (2 * unit if unit == 86_400 else unit):
            return f"{seconds // unit}{word}"
    return f"{max(seconds, 0)}秒"
