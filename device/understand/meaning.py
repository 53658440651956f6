"""What an answer meant, and why we think so."""

from msgspec import Struct

from contract.events import Intent

WELL = frozenset({Intent.fine, Intent.as_usual})
"""All is well."""
ILL = frozenset({Intent.emergency, Intent.unwell, Intent.pain})
"""Something is wrong with the resident; taken for one of `WELL`, it is the dangerous error."""


class Meaning(Struct, frozen=True, kw_only=True):
    """The understanding of one utterance."""

    intent: Intent
    """What it meant; `unrelated` with a low confidence is how "not understood" looks."""
    confidence: float
    """0..1: the share the learnt voice gives to the intent (docs/decisions/0101 says when it counts as certain)."""
    reading: str
    """How it was read, katakana."""
    because: list[str]
    """The rules, phrases and similarities that decided, a few words each; empty never."""
    certain: bool
    """False: do not act on it, ask a closed question (はい/いいえ) first."""
