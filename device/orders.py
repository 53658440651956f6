"""Orders of the hub: each once, one at a time, never over an open question."""

from collections.abc import Callable

import msgspec
import structlog

from contract.commands import Command, CommandKind, MalformedCommand, decode
from contract.events import Slot
from contract.time import Clock, office_date
from device.memory import Memory
from device.talk.dialogue import Dialogue
from device.talk.turns import Prompt

log = structlog.get_logger()

NOW = "now"
"""The slot's name when staff ask without naming one: "2026-11-24/now"."""


class Orders:
    """Carries out what comes on the `command` topic."""

    def __init__(
        self,
        memory: Memory,
        dialogue: Dialogue,
        clock: Clock,
        ask: Callable[[str], None],
        announce: Callable[[Command, str], None],
        selftest: Callable[[], None],
    ) -> None:
        self._memory = memory
        self._dialogue = dialogue
        self._clock = clock
        self._ask = ask
        self._announce = announce
        self._selftest = selftest

    def received(self, payload: bytes) -> None:
        """Carry one order out, unless it was carried out before; a malformed one is logged and dropped."""
        try:
            command = decode(payload, Command)
        except MalformedCommand as error:
            log.warning("command_malformed", why=str(error))
            return
        if command.kind is CommandKind.say and command.text and command.text.strip():
            # Remembered by whoever says it, together with whether it was said.
            self._announce(command, command.text.strip())
            return
        if not self._memory.first_time(command.id):
            return
        log.info("command", command=command.id, kind=str(command.kind))
        match command.kind:
            case CommandKind.ask_now:
                self._ask_now(command)
            case CommandKind.locate:
                self._dialogue.speak(Prompt.locate)
            case CommandKind.selftest:
                self._selftest()
            case _:
                log.warning("command_not_supported", command=command.id, kind=str(command.kind))

    def _ask_now(self, command: Command) -> None:
        slot = command.slot or f"{office_date(self._clock.now()).isoformat()}/{NOW}"
        try:
            msgspec.convert(slot, type=Slot)
        except msgspec.ValidationError as error:
            log.warning("command_malformed", command=command.id, why=str(error))
            return
        self._ask(slot)
