"""The learnt voice belongs to the lexicon it ships with, can be taught again, and works without its encoder."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from contract.events import Intent
from contract.refusal import Refused
from device.understand import Understanding
from device.understand.bank import read_bank
from device.understand.encoder import DIMENSIONS, Encoder
from device.understand.features import BUCKETS, pieces, tokens
from device.understand.finder import Finder
from device.understand.fit import Course
from device.understand.learnt import Learnt, digest
from device.understand.mishear import vary
from device.understand.reading import read
from device.understand.train import train
from device.understand.understanding import LEXICON

_CALM = [one.text for one in read_bank(LEXICON) if one.intent in (Intent.fine, Intent.as_usual)]
PLACES_OF_HELP = 1005467
"""The sum of the places of 助けて, as the shipped model knows them."""
_NEGATIONS = ("ナイ", "ナカ", "ヘン", "セン", "ラン", "マセン")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lexicon of one's own."""
    return Path(shutil.copytree(LEXICON, tmp_path / "lexicon"))


def test_the_shipped_model_was_made_from_the_shipped_lexicon() -> None:
    assert Learnt.read(LEXICON / "model.npz").taught.digest == digest(LEXICON), (
        "model.npz is stale: python -m device.understand.train"
    )


def test_no_phrase_stands_for_two_intents(folder: Path) -> None:
    with (folder / "phrases" / "fine.txt").open("a", encoding="utf-8") as file:
        file.write("腰が痛くてかなわん\n")
    with pytest.raises(Refused, match=r"pain\.txt \d+ 行目: 「腰が痛くてかなわん」は fine\.txt"):
        read_bank(folder)


def test_an_unknown_slot_is_refused_with_its_line(folder: Path) -> None:
    path = folder / "phrases" / "pain.txt"
    path.write_text("# 痛み\n{boddy}が痛い\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"pain\.txt 2 行目: .*boddy"):
        read_bank(folder)


@given(st.sampled_from(_CALM), st.integers(0, 1000))
def test_a_misheard_phrase_that_says_all_is_well_keeps_its_negation(text: str, seed: int) -> None:
    before = read(text).spoken
    after = read(vary(text, Intent.fine, random.Random(seed))).spoken
    for negation in _NEGATIONS:
        assert after.count(negation[0]) >= before.count(negation)


def test_pieces_have_the_same_places_everywhere() -> None:
    places = pieces(read("助けて"))
    assert places.min() >= 0
    assert places.max() < BUCKETS
    assert len(places) == len(np.unique(places))
    assert int(places.sum()) == PLACES_OF_HELP, "a model made before would read other sounds than were said"


def test_two_hearsays_of_a_neighbour_share_more_pieces_than_a_hearsay_and_ones_own_fall() -> None:
    """Their words and the grammar between them, whatever the sounds."""
    told, also = (set(pieces(read(f"隣の奥さんが{word}げな"))) for word in ("転んだ", "死んだ"))
    own = set(pieces(read("わたしが転んだ")))
    assert len(told & also) > len(told & own)


def test_shares_add_up_and_say_help_with_and_without_the_sentence_encoder() -> None:
    learnt = Learnt.read(LEXICON / "model.npz")
    finder = Finder.read(LEXICON)
    reading = read("廊下で転んで、起き上がれんようになってまった")
    found = tokens(finder.find(reading))
    vector = Encoder().encode(["廊下で転んで、起き上がれんようになってまった"])[0]
    for meaning in (vector, None):
        shares = learnt.shares(pieces(reading), found, meaning)
        assert sum(shares.values()) == pytest.approx(1.0, abs=1e-4)
        assert max(shares, key=lambda one: shares[one]) is Intent.emergency


def test_a_few_phrases_can_be_taught_and_are_then_told_apart(folder: Path) -> None:
    for intent in Intent:
        path = folder / "phrases" / f"{intent.value}.txt"
        kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        path.write_text("\n".join([line for line in kept if "{" not in line][:8]) + "\n", encoding="utf-8")
    train(folder, Course(epochs=12, hidden=8), lambda line: None).write(folder / "model.npz")
    learnt = Learnt.read(folder / "model.npz")
    finder, encoder = Finder.read(folder), Encoder()
    right = 0
    for phrase in read_bank(folder):
        reading = read(phrase.text)
        vector = encoder.encode([phrase.text])[0]
        assert vector.shape == (DIMENSIONS,)
        shares = learnt.shares(pieces(reading), tokens(finder.find(reading)), vector)
        right += max(shares, key=lambda one: shares[one]) is phrase.intent
    assert right >= 0.9 * len(read_bank(folder))
    assert learnt.taught.digest == digest(folder)


def test_a_lexicon_edited_since_still_speaks_and_says_that_it_is_stale(folder: Path) -> None:
    with (folder / "phrases" / "pain.txt").open("a", encoding="utf-8") as file:
        file.write("ひかがみがもげそうや\n")
    with capture_logs() as logs:
        understanding = Understanding.load(folder)
    assert [one["event"] for one in logs] == ["model_is_older_than_the_lexicon"]
    assert understanding.understand("腰が痛うてかなわん").intent is Intent.pain


@pytest.mark.parametrize("harm", ["missing", "torn", "empty"])
def test_a_model_that_cannot_be_read_is_refused_with_what_to_do(folder: Path, harm: str) -> None:
    path = folder / "model.npz"
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 5000 if harm == "torn" else 0])
    with pytest.raises(Refused, match=r"model\.npz を読めません.*device\.understand\.train"):
        Understanding.load(folder)
