"""The hub's configuration: taken whole or refused whole, never older than the one in force, kept across restarts."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import structlog

from contract.commands import Config, MalformedCommand, decode
from contract.time import Clock
from device.faults import Faults
from device.memory import Memory
from device.steps import ConfigTaken, OnStep
from device.talk.prompts import Prompts

log = structlog.get_logger()

MOST_BYTES = 65_536
"""What the broker lets through; ours has some hundred."""


class Agreement:
    """What was agreed upon with this home."""

    def __init__(
        self,
        memory: Memory,
        faults: Faults,
        clock: Clock,
        prompts: Prompts,
        on_step: OnStep,
        in_force: Callable[[Config], None],
    ) -> None:
        self._memory = memory
        self._faults = faults
        self._clock = clock
        self._prompts = prompts
        self._on_step = on_step
        self._in_force = in_force
        self.config: Config | None = memory.config
        self.since: datetime = memory.config_since or clock.now()
        """When the present slots were first agreed upon."""
        if self.config:
            in_force(self.config)

    def offered(self, payload: bytes) -> None:
        """The hub sent this. An empty payload, a cleared retained message, changes nothing."""
        if not payload:
            return
        try:
            if len(payload) > MOST_BYTES:
                raise MalformedCommand(f"{len(payload)} bytes are no configuration")
            config = decode(payload, Config)
            if wrong := what_is_wrong(config, self._prompts):
                raise MalformedCommand(wrong)
        except MalformedCommand as error:
            log.warning("config_refused", why=str(error))
            self._faults.broken("config", str(error))
            return
        self._faults.mended("config")
        before = self.config
        if before and config.revision <= before.revision:
            if config != before:
                log.warning("config_is_older", revision=config.revision, in_force=before.revision)
            return
        if before is None or before.slots != config.slots:
            self.since = self._clock.now()
        self.config = config
        self._memory.keep_config(config, self.since)
        log.info("config_taken", revision=config.revision, slots=len(config.slots))
        self._in_force(config)
        self._on_step(ConfigTaken(config))


def what_is_wrong(config: Config, prompts: Prompts) -> str | None:
    """What the shape alone cannot tell: doubled names, retries out of order, questions nobody wrote."""
    for name, count in Counter(slot.name for slot in config.slots).items():
        if count > 1:
            return f"two slots are called {name} - at `$.slots`"
    for position, slot in enumerate(config.slots):
        if slot.question not in prompts.questions:
            return f"no prompt for the question {slot.question} - at `$.slots[{position}].question`"
    for position, key in enumerate(config.extras):
        if key not in prompts.extras:
            return f"no prompt for the further question {key} - at `$.extras[{position}]`"
    if len(set(config.extras)) < len(config.extras):
        return "a further question stands twice - at `$.extras`"
    for name, count in Counter(reminder.name for reminder in config.reminders).items():
        if count > 1:
            return f"two reminders are called {name} - at `$.reminders`"
    for position, reminder in enumerate(config.reminders):
        if reminder.prompt and reminder.prompt not in prompts.announcements:
            return f"no prompt for the reminder {reminder.prompt} - at `$.reminders[{position}].prompt`"
    steps = [0.0, *config.retry_after_seconds]
    if any(later <= earlier for earlier, later in pairwise(steps)):
        return "retries must count up from the slot's time - at `$.retry_after_seconds`"
    return None
