"""What was noticed in one voiced household: for the screen while it happens, for the table afterwards."""

import threading
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct, field

from contract.envelope import Event
from contract.events import CheckIn, Intent, Outcome, Sos
from contract.time import Clock
from dashboard.words import INTENT
from demo.cast import Household
from demo.room import Sounding
from device.steps import (
    Asked,
    AskingEnded,
    ConfigTaken,
    Connected,
    Disconnected,
    EventAcked,
    EventMade,
    HeardStep,
    NothingHeard,
    NotPlayed,
    Said,
    Step,
    Understood,
)

NOTHING = {
    "no_sound": "物音ひとつしない",
    "no_words": "声は聞こえない (物音だけ)",
    "muted": "マイクが切ってある",
    "mic_fault": "マイクの不具合",
}
OUTCOME = {
    Outcome.answered: "応答あり",
    Outcome.no_sound: "応答なし",
    Outcome.no_words: "応答なし",
    Outcome.not_understood: "聞き取れず",
    Outcome.muted: "マイク消音",
    Outcome.mic_fault: "マイク不具合",
    Outcome.not_played: "再生できず",
}


class News(Struct, frozen=True):
    """Something that just happened, for somebody who watches."""

    at: datetime
    who: str
    what: str


Tell = Callable[[News], None]


class Stages(Struct, kw_only=True):
    """How long each step of the first asking that was answered took, milliseconds; None where there was none."""

    prompt: float | None = None
    """The question through the loudspeaker."""
    listen: float | None = None
    """From the end of the question until it was sure that the answer had ended."""
    recognize: float | None = None
    """Waited for the words after that; 0 when the recognizer was ready before the pause was over."""
    understand: float | None = None
    store: float | None = None
    """From the event's making to the hub's word that it is stored."""


class Record(Struct, kw_only=True):
    """One household's morning as far as its own speaker knows."""

    line_up: bool = False
    now: str = ""
    """What is going on, in one line; empty before anything does."""
    askings: int = 0
    said: list[str] = field(default_factory=list)
    """By the resident."""
    heard: list[str] = field(default_factory=list)
    understood: list[str] = field(default_factory=list)
    outcome: str | None = None
    slot: str | None = None
    """The last asking's slot, "2026-11-24/morning"."""
    made: dict[str, Event] = field(default_factory=dict)
    """Events that are in the outbox and not yet acknowledged."""
    acknowledged: int = 0
    stages: Stages = field(default_factory=Stages)


class Reporter:
    """Turns the steps of one speaker into a record and into news. Called on the speaker's threads."""

    def __init__(self, household: Household, clock: Clock, tell: Tell) -> None:
        self.household = household
        self.record = Record()
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        self._check_in_id: str | None = None
        self.configured = False
        """The hub's configuration has arrived."""

    def resident_says(self, words: str) -> None:
        """The resident opened their mouth."""
        with self._lock:
            self.record.said.append(words)
        self._news(f"本人「{words}」")

    def room_sounds(self, what: Sounding) -> None:
        """The loudspeaker or the microphone is at work; news only when it is done."""
        self.record.now = "話しています…" if what is Sounding.prompt else "聞いています…"

    def watch(self, step: Step, prompt_s: float = 0.0) -> None:
        """Take note of one step; `prompt_s` is how long the loudspeaker sounded since the step before."""
        record = self.record
        with self._lock:
            if isinstance(step, Asked) and record.stages.listen is None:
                record.stages.prompt = prompt_s * 1000
            news = self._note(step, record)
        if news:
            self._news(news)

    def _note(self, step: Step, record: Record) -> str | None:
        match step:
            case Connected():
                record.line_up = True
                return None
            case Disconnected():
                was_up, record.line_up = record.line_up, False
                return "回線が切れました" if was_up else None
            case ConfigTaken():
                self.configured = True
                return None
            case Asked():
                record.askings = max(record.askings, step.attempt)
                record.slot = step.slot
                return f"{step.attempt} 回目の声かけ「{step.text}」"
            case Said():
                return f"スピーカー「{step.text}」"
            case NotPlayed():
                return "声かけを再生できませんでした"
            case HeardStep():
                record.heard.append(step.text)
                if record.stages.listen is None:
                    record.stages.listen = step.stage_ms.get("listen")
                    record.stages.recognize = step.milliseconds
                return f"聞き取り「{step.text}」(確かさ {step.confidence:.2f})"
            case NothingHeard():
                return NOTHING.get(step.kind, step.kind)
            case Understood():
                words = INTENT.get(step.meaning.intent, step.meaning.intent)
                if step.meaning.intent is Intent.unrelated:
                    words = "意味がつかめない"
                record.understood.append(words)
                if record.stages.understand is None:
                    record.stages.understand = step.milliseconds
                return f"理解 → {words}" + ("" if step.meaning.certain else " (念のため確かめる)")
            case AskingEnded():
                record.outcome = _outcome(step.check_in)
                return f"結果 {record.outcome}"
            case EventMade():
                record.made[step.event.id] = step.event
                if isinstance(step.event.body, CheckIn | Sos) and record.stages.store is None:
                    self._check_in_id = step.event.id
                return "緊急の知らせを送ります" if isinstance(step.event.body, Sos) else None
            case EventAcked():
                event = record.made.pop(step.event_id, None)
                record.acknowledged += 1
                if step.event_id == self._check_in_id and record.stages.store is None:
                    record.stages.store = step.milliseconds
                what = "緊急の知らせが届き" if event and isinstance(event.body, Sos) else "中継に届き"
                return f"{what}、保存されました ({step.milliseconds or 0:.0f} ms)"
            case _:
                return None

    def _news(self, what: str) -> None:
        self.record.now = what
        self._tell(News(self._clock.now(), self.household.name, what))


def _outcome(check_in: CheckIn) -> str:
    if check_in.intent is None:
        return OUTCOME[check_in.outcome]
    return f"{OUTCOME[check_in.outcome]}・{INTENT.get(check_in.intent, check_in.intent)}"
