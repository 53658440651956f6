"""How long each kind of record is kept. Data, checked at load."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path

from msgspec import Struct

from contract.commands import OfficeTime
from contract.datafile import Duration, line_of, read_toml
from contract.refusal import Refused
from hub.trends import settings as trends


class Kind(StrEnum):
    """What is kept for a time of its own."""

    words = "words"
    """What was heard, in the bodies of events; the rest of the event stays."""
    events = "events"
    quarantine = "quarantine"
    telemetry_hours = "telemetry_hours"
    telemetry_days = "telemetry_days"
    notices = "notices"
    sessions = "sessions"
    access_log = "access_log"
    history = "history"
    """Closed cases with their reasons, transitions, slots, absences, outages, signs of change."""


WORDS: Mapping[Kind, str] = {
    Kind.words: "聞き取った言葉",
    Kind.events: "スピーカーの記録",
    Kind.quarantine: "受け取れなかったもの",
    Kind.telemetry_hours: "機器の状態(一時間ごと)",
    Kind.telemetry_days: "機器の状態(一日ごと)",
    Kind.notices: "知らせ",
    Kind.sessions: "切れたログイン",
    Kind.access_log: "閲覧の記録",
    Kind.history: "終わった件と経過",
}


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`retention.toml`."""

    at: OfficeTime
    """When the daily work begins."""
    keep: dict[Kind, Duration]


def load(path: Path | None = None, looked_at: trends.Settings | None = None) -> Retention:
    """Read and check a file, the packaged one by default; `Refused` names file and line of what is wrong.

    `looked_at` is the settings of the trends, which need their history.
    """
    if path is None:
        with resources.as_file(resources.files("hub") / "retention.toml") as packaged:
            return _packaged(packaged) if looked_at is None else _read(packaged, looked_at)
    return _read(path, looked_at or trends.load())


@cache
def _packaged(path: Path) -> Retention:
    return _read(path, trends.load())


def _read(path: Path, looked_at: trends.Settings) -> Retention:
    found = read_toml(path, Retention)

    def refuse(key: str, sentence: str) -> Refused:
        line = line_of(path.read_text(encoding="utf-8"), key)
        return Refused(f"{path}{f' {line} 行目' if line else ''} ({key}): {sentence}")

    for kind in Kind:
        if kind not in found.keep:
            raise refuse("keep", f"{kind} ({WORDS[kind]}) の期間がありません。書き足してください。")
        if found.keep[kind].days < 1:
            raise refuse(f"keep.{kind}", "1 日より短くはできません。「30 d」のように書いてください。")
    for kind in (Kind.events, Kind.history):
        if found.keep[kind].days < looked_at.reach_days:
            raise refuse(
                f"keep.{kind}",
                f"変化の兆しを見るために {looked_at.reach_days} 日分が要ります。長くしてください。",
            )
    if found.keep[Kind.words] > found.keep[Kind.events]:
        raise refuse("keep.words", "events より長くはできません。言葉は記録の中にあります。")
    return found
