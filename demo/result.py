"""The morning as a table for people and as an object for programs: what was said, heard, understood, and how long it took."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from dashboard.words import SLOT
from demo.morning import View
from demo.outcome import Seen, standing
from demo.picture import COLOUR
from demo.record import Record, Stages
from demo.voiced import VoicedHome
from hub.views.rows import SlotRow
from hub.vocabulary import ReasonCode, SlotState

STAGES = (
    ("prompt", "問いかけ"),
    ("listen", "聞く"),
    ("recognize", "認識待ち"),
    ("understand", "理解"),
    ("store", "保存"),
)
"""The stages of one answer in order: field of `Stages`, and how the table calls it.

The recognizer works during the pause that ends an answer; its time is what was still waited for after that.
"""


def table(view: View, differences: Sequence[str]) -> Table:
    """One row a voiced household; a row that ended wrongly is marked."""
    found = Table(
        title="声の出る世帯の結果",
        title_style="bold",
        title_justify="left",
        expand=True,
        show_lines=True,
    )
    found.add_column("世帯", no_wrap=True, width=9)
    for word, share in (("言ったこと", 5), ("聞き取り", 5), ("理解", 3), ("結果", 4), ("キュー", 5)):
        # Japanese has no spaces to break a line at.
        found.add_column(word, ratio=share, overflow="fold")
    found.add_column("所要時間", no_wrap=True, width=26)
    for home in sorted(view.homes, key=lambda each: each.household.after):
        household, record = home.household, home.reporter.record
        slot = view.seen.slot_of(household.resident_id)
        case = view.seen.case_of(household.household_id)
        wrong = any(each.startswith(household.name) for each in differences)
        found.add_row(
            Text(f"{'✗ ' if wrong else ''}{household.name}\n({household.district})"),
            "\n".join(_once(record.said)) or household.said,
            "\n".join(_once(record.heard)) or "—",
            "\n".join(_once(record.understood)) or "—",
            _outcome(record, slot),
            Text(standing(case), style=COLOUR[case.severity] if case else "dim"),
            _times(record.stages),
        )
    return found


def _once(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _outcome(record: Record, slot: SlotRow | None) -> str:
    """What the hub recorded, and what waits in the speaker where it recorded nothing."""
    words = SLOT[slot.state][2] if slot else "記録なし"
    if slot and slot.why is ReasonCode.away:
        words = "不在\n(たずねず)"
    if record.made:
        words += f"\n({len(record.made)}件が回線待ち)"
    return words


def _times(stages: Stages) -> str:
    """Two stages a line: from a second on in seconds, below in milliseconds."""
    if stages.prompt is None:
        return "—"
    parts = []
    for name, word in STAGES:
        value = getattr(stages, name)
        if value is not None:
            parts.append(f"{word} {value / 1000:.1f}秒" if value >= 1000 else f"{word} {value:.0f}ms")
    return "\n".join(" ".join(parts[start : start + 2]) for start in range(0, len(parts), 2))


def closing_words(view: View, differences: Sequence[str], url: str, staying: bool) -> Text:
    """What the visitor is told last: whether all was right, what differs, and what can be done now."""
    slots = Counter(slot.state for slot in _first_slots(view.seen))
    said = Text()
    said.append(
        f"{view.town.homes + len(view.homes)} 世帯: 応答 {slots[SlotState.answered]}、"
        f"未応答 {slots[SlotState.missed]}、確認できない・不在 {slots[SlotState.cannot_tell]}。"
        f"キューに {len(view.seen.queue)} 世帯。\n"
    )
    if differences:
        said.append(f"期待と違うところが {len(differences)} 件あります:\n", style="bold #ce0000")
        said.append("".join(f"  ✗ {each}\n" for each in differences))
    else:
        said.append("すべて期待どおりに終わりました。\n", style="bold #4c9fe0")
    if staying:
        said.append(f"町は動き続けています。{url} をご覧ください。Ctrl-C で終わります。")
    return said


def as_object(view: View, differences: Sequence[str], recognizer: str, seconds: float) -> dict[str, Any]:
    """The same for a program."""
    return {
        "ok": not differences,
        "differences": list(differences),
        "recognizer": recognizer,
        "seconds": round(seconds, 1),
        "households": [_household(home, view.seen) for home in view.homes],
        "town": {
            "homes": view.town.homes,
            "connected": view.town.connected,
            "acknowledged": view.town.acknowledged,
            "slots": Counter(slot.state.value for slot in _first_slots(view.seen)),
            "queue": Counter(row.severity.value for row in view.seen.queue),
        },
    }


def _first_slots(seen: Seen) -> list[SlotRow]:
    residents = dict.fromkeys(row.resident_id for row in seen.slots)
    return [slot for each in residents if (slot := seen.slot_of(each)) is not None]


def _household(home: VoicedHome, seen: Seen) -> dict[str, Any]:
    household, record = home.household, home.reporter.record
    slot = seen.slot_of(household.resident_id)
    case = seen.case_of(household.household_id)
    return {
        "key": household.key,
        "name": household.name,
        "district": household.district,
        "said": record.said,
        "heard": record.heard,
        "understood": record.understood,
        "askings": record.askings,
        "slot": slot.state.value if slot else None,
        "why": slot.why.value if slot and slot.why else None,
        "intent": slot.intent if slot else None,
        "waiting_in_outbox": len(record.made),
        "queue": {
            "lane": case.lane.value,
            "severity": case.severity.value,
            "step": case.step,
            "step_words": case.step_words,
            "reasons": [reason.code.value for reason in case.reasons],
        }
        if case
        else None,
        "stages_ms": {
            name: None if value is None else round(value, 1)
            for name, _ in STAGES
            for value in [getattr(record.stages, name)]
        },
    }
