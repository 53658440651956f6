"""Sets of utterances (`intent<TAB>kind<TAB>utterance`), and samples of them in which every intent has its share."""

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from contract.events import Intent
from contract.refusal import Refused

_FOLDER = Path(__file__).parent.parent / "tests" / "understanding"
DEVELOPMENT = _FOLDER / "development.tsv"
"""Written together with the lexicon: it flatters, and is there to work with."""
INDEPENDENT = "independent_*.tsv"
"""Written by somebody who had not seen the lexicon."""

KINDS = {
    "std": "standard Japanese",
    "pol": "polite",
    "clip": "a word or two",
    "dia": "the speech of eastern Gifu",
    "desc": "describes instead of naming",
    "garb": "as a recognizer might spell it",
    "free": "as it came: the author sorted by meaning only",
    "trap": "turned around by a negation or a recovery, or not the resident's own words",
}


class Utterance(Struct, frozen=True):
    """One line of a set."""

    intent: Intent
    kind: str
    text: str


def independent_sets(folder: Path = _FOLDER) -> dict[str, Path]:
    """The independent sets by name: "heldout", "judging", "tuning" and so on."""
    return {path.stem.removeprefix("independent_"): path for path in sorted(folder.glob(INDEPENDENT))}


def read_set(path: Path = DEVELOPMENT) -> list[Utterance]:
    """Read a set; raise `Refused` naming the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "UTF-8 ではありません"
        raise Refused(f"{path} を読めません ({why})。") from error
    utterances: dict[str, Utterance] = {}
    lines_of: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        made = _utterance(line, f"{path} {number} 行目")
        if made.text in lines_of:
            raise Refused(f"{path} {number} 行目: {lines_of[made.text]} 行目と同じ発話です。")
        lines_of[made.text] = number
        utterances[made.text] = made
    if not utterances:
        raise Refused(f"{path} に発話がありません。")
    return list(utterances.values())


def _utterance(line: str, where: str) -> Utterance:
    columns = line.split("\t")
    if len(columns) != 3 or not columns[2].strip():
        raise Refused(f"{where}: 「意図・種類・発話」をタブで区切ってください。")
    intent, kind, text = columns
    if intent not in Intent.__members__:
        raise Refused(
            f"{where}: 意図「{intent}」はありません。使えるのは {'、'.join(Intent.__members__)} です。"
        )
    if kind not in KINDS:
        raise Refused(f"{where}: 種類「{kind}」はありません。使えるのは {'、'.join(KINDS)} です。")
    return Utterance(Intent(intent), kind, text)


def sample(utterances: Sequence[Utterance], count: int, seed: int) -> list[Utterance]:
    """`count` of them: each intent by its share (largest remainder), and within an intent each kind by its share.

    The same arguments give the same sample; a larger `count` mostly adds to it. All of them when there are no more.
    """
    if count >= len(utterances):
        return list(utterances)
    rng = random.Random(seed)
    by_intent: dict[Intent, list[Utterance]] = defaultdict(list)
    for one in utterances:
        by_intent[one.intent].append(one)
    quota = {intent: count * len(those) / len(utterances) for intent, those in by_intent.items()}
    taken = {intent: int(share) for intent, share in quota.items()}
    by_remainder = sorted(quota, key=lambda intent: (taken[intent] - quota[intent], intent.value))
    for intent in by_remainder[: count - sum(taken.values())]:
        taken[intent] += 1
    return [one for intent, those in by_intent.items() for one in _mixed(those, rng)[: taken[intent]]]


def _mixed(those: Sequence[Utterance], rng: random.Random) -> list[Utterance]:
    """In an order whose every beginning has the kinds in about the proportion of the whole."""
    by_kind: dict[str, list[Utterance]] = defaultdict(list)
    for one in those:
        by_kind[one.kind].append(one)
    places: list[tuple[float, str, Utterance]] = []
    for kind, some in by_kind.items():
        rng.shuffle(some)
        places += [((at + 0.5) / len(some), kind, one) for at, one in enumerate(some)]
    return [one for _, _, one in sorted(places, key=lambda place: place[:2])]
