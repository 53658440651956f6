"""How an asking can come out."""

from dataclasses import dataclass

from contract.events import Intent, Outcome
from device.talk.turns import Meant


@dataclass(frozen=True)
class Counts:
    """It was understood, and there is nothing more to ask."""

    intent: Intent
    confidence: float


@dataclass(frozen=True)
class Well:
    """The resident is well, and was told so or said so twice: `meant` is the answer that counts."""

    meant: Meant


@dataclass(frozen=True)
class NoAnswer:
    """Nothing was understood, and why."""

    outcome: Outcome


Ending = Counts | Well | NoAnswer
