"""How well a few words are understood: accuracy, help recall, false emergencies, dangerous errors, confusion.

The development set is data (`tests/understanding/development.tsv`: intent, kind, utterance). A third of it,
picked by hash, is held out: its errors are counted, never listed, so that nobody tunes to them by accident.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from msgspec import Struct

from contract.events import Intent
from contract.refusal import Refused
from device.understand import Understanding

DEVELOPMENT = Path(__file__).parent.parent / "tests" / "understanding" / "development.tsv"

_ILL = frozenset({Intent.unwell, Intent.pain, Intent.emergency})
_CALM = frozenset({Intent.fine, Intent.as_usual})


class Utterance(Struct, frozen=True):
    """One line of the development set."""

    intent: Intent
    kind: str
    text: str

    @property
    def held_out(self) -> bool:
        """Whether it belongs to the third nobody looks at while tuning."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 3 == 0


class Answer(Struct, frozen=True):
    """One utterance, and what was made of it."""

    utterance: Utterance
    intent: Intent
    certain: bool
    confidence: float
    milliseconds: float


class Score(Struct, frozen=True):
    """The figures of one part of the set. Shares are 0..1, None where nothing was there to count."""

    utterances: int
    accuracy: float | None
    certain_share: float | None
    accuracy_when_certain: float | None
    help_recall: float | None
    """Emergencies read as emergency."""
    false_emergencies: int
    false_emergency_share: float | None
    dangerous: int
    """Ill, in pain or in need, read as fine or as usual."""
    dangerous_and_certain: int
    """The same without a closed question coming first."""
    milliseconds_median: float | None
    milliseconds_p95: float | None


class Report(Struct, frozen=True):
    """The whole report."""

    tuned_on: Score
    held_out: Score
    by_kind: dict[str, Score]
    confusion: dict[str, dict[str, int]]
    """Meant -> read as -> how often, both parts."""


def read_set(path: Path = DEVELOPMENT) -> list[Utterance]:
    """Read a development set; raise `Refused` naming the line that is wrong."""
    utterances = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Refused(f"{path} を読めません ({error.strerror})。") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 3 or columns[0] not in Intent.__members__:
            raise Refused(f"{path} {number} 行目: 「意図・種類・発話」をタブで区切ってください。")
        utterances.append(Utterance(Intent(columns[0]), columns[1], columns[2]))
    return utterances


def ask(understanding: Understanding, utterances: Iterable[Utterance]) -> list[Answer]:
    """Have every utterance understood, one at a time as in a home."""
    answers = []
    for utterance in utterances:
        begun = perf_counter()
        meaning = understanding.understand(utterance.text)
        spent = (perf_counter() - begun) * 1000
        answers.append(Answer(utterance, meaning.intent, meaning.certain, meaning.confidence, spent))
    return answers


def score(answers: Sequence[Answer]) -> Score:
    """The figures of these answers."""
    right = [one for one in answers if one.intent is one.utterance.intent]
    certain = [one for one in answers if one.certain]
    help_meant = [one for one in answers if one.utterance.intent is Intent.emergency]
    others = [one for one in answers if one.utterance.intent is not Intent.emergency]
    false_alarms = [one for one in others if one.intent is Intent.emergency]
    dangerous = [one for one in answers if one.utterance.intent in _ILL and one.intent in _CALM]
    spent = sorted(one.milliseconds for one in answers)
    return Score(
        utterances=len(answers),
        accuracy=_share(len(right), len(answers)),
        certain_share=_share(len(certain), len(answers)),
        accuracy_when_certain=_share(
            sum(one.intent is one.utterance.intent for one in certain), len(certain)
        ),
        help_recall=_share(sum(one.intent is Intent.emergency for one in help_meant), len(help_meant)),
        false_emergencies=len(false_alarms),
        false_emergency_share=_share(len(false_alarms), len(others)),
        dangerous=len(dangerous),
        dangerous_and_certain=sum(one.certain for one in dangerous),
        milliseconds_median=round(median(spent), 1) if spent else None,
        milliseconds_p95=round(spent[int(len(spent) * 0.95)], 1) if spent else None,
    )


def report(answers: Sequence[Answer]) -> Report:
    """Both parts, the kinds of utterance, and the confusion table."""
    kinds = sorted({one.utterance.kind for one in answers})
    confusion = Counter((one.utterance.intent.value, one.intent.value) for one in answers)
    return Report(
        tuned_on=score([one for one in answers if not one.utterance.held_out]),
        held_out=score([one for one in answers if one.utterance.held_out]),
        by_kind={kind: score([one for one in answers if one.utterance.kind == kind]) for kind in kinds},
        confusion={
            meant.value: {read.value: confusion[meant.value, read.value] for read in Intent}
            for meant in Intent
        },
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
