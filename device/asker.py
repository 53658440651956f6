"""Asks: what is due by the agreed slots, and what staff want asked at once."""

from datetime import datetime

from contract.time import OFFICE_ZONE
from device.agreement import Agreement
from device.memory import Memory
from device.schedule import due
from device.talk.dialogue import Dialogue
from device.talk.greeting import greeting
from device.talk.prompts import Prompts
from device.talk.turns import Start
from device.timekeeper import Timekeeper

QUESTION = "how_are_you"
"""Of a slot the configuration does not name."""


class Asker:
    """Called from the speaker's loop; an asking is held to its end before it returns."""

    def __init__(
        self, agreement: Agreement, memory: Memory, dialogue: Dialogue, clock: Timekeeper, prompts: Prompts
    ) -> None:
        self._agreement = agreement
        self._memory = memory
        self._dialogue = dialogue
        self._clock = clock
        self._prompts = prompts

    def ask_due(self, now: datetime) -> bool:
        """Hold the asking that is due at `now`; whether one was. Raise `Abandoned` when the speaker stops in between."""
        config = self._agreement.config
        asking = config and due(config, self._agreement.since, self._memory.askings, now)
        if not asking:
            return False
        self._ask(asking.slot, asking.attempt, asking.question, last=asking.last)
        return True

    def ask_now(self, slot: str) -> None:
        """Staff want it asked at once, whatever the schedule says."""
        plans = self._agreement.config.slots if self._agreement.config else []
        name = slot.partition("/")[2]
        question = next((plan.question for plan in plans if plan.name == name), QUESTION)
        before = self._memory.askings.get(slot)
        self._ask(slot, before.attempts + 1 if before else 1, question, last=True)

    def _ask(self, slot: str, attempt: int, question: str, *, last: bool) -> None:
        now, quality = self._clock.read()
        hour = now.astimezone(OFFICE_ZONE).hour if quality.tells_the_hour else None
        config = self._agreement.config
        self._memory.begin(slot, attempt, now)
        self._dialogue.hold(
            Start(
                slot=slot,
                attempt=attempt,
                greeting=greeting(hour),
                question=question,
                last=last,
                share_text=config is not None and config.share_text,
                extras=self._prompts.extra_questions(config.extras if config else ()),
            )
        )
