"""How far what was heard is from what was said, in kana."""

import re

import pyopenjtalk
from rapidfuzz.distance import Levenshtein


def kana(text: str) -> str:
    """The reading, katakana only."""
    return re.sub(r"[^ァ-ヶー]", "", str(pyopenjtalk.g2p(text, kana=True))) if text.strip() else ""


def kana_error(said: str, heard: str) -> float:
    """Wrong, missing and extra kana, as a share of those that were said."""
    return Levenshtein.distance(kana(said), kana(heard)) / len(kana(said))
