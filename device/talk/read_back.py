"""What somebody says after 「お元気、ということですね」: agreement, an objection, or something else."""

from enum import StrEnum

from contract.events import Intent
from device.talk.sentences import BAD
from device.talk.turns import Meant
from device.understand.meaning import WELL


class Reaction(StrEnum):
    """How the read-back was taken."""

    agrees = "agrees"
    """A plain はい."""
    wrong = "wrong"
    """It hurts after all, said plainly."""
    maybe_wrong = "maybe_wrong"
    objects = "objects"
    """いいえ, ちがう."""
    repeat = "repeat"
    more = "more"
    """Well, and wants to talk, or is going out."""
    unclear = "unclear"
    """Words, and no agreement in them. The same good words again are among these: what drops a negation once drops
    it twice."""


def reaction(meant: Meant) -> Reaction:
    """What `meant` says about the read-back."""
    plain = meant.certain and meant.clear
    if meant.intent in BAD:
        return Reaction.wrong if plain else Reaction.maybe_wrong
    if meant.yes is False:
        return Reaction.objects
    if meant.yes and meant.clear and not (meant.certain and meant.intent in WELL):
        return Reaction.agrees
    if plain and meant.intent is Intent.repeat:
        return Reaction.repeat
    if plain and meant.intent in (Intent.wants_talk, Intent.going_out):
        return Reaction.more
    return Reaction.unclear
