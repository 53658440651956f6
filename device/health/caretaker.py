"""Looks after the box between dialogues: the day's self-test, the numbers, and what the resident should be told."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec
import structlog

from contract.commands import Config
from contract.envelope import Event
from contract.events import Body, CheckIn, Outcome, SelfTest
from contract.time import Clock, office_date
from device.faults import Faults
from device.health.reporter import Reporter
from device.health.selftest import SelfTester, due
from device.health.settings import HealthSettings
from device.health.telling import to_say
from device.line.outbox import Outbox
from device.memory import Memory
from device.steps import Step
from device.talk.dialogue import Dialogue

log = structlog.get_logger()

BY_SELFTEST = "selftest"
"""Who found a fault: what the self-test found is mended by a self-test only, not by the next sentence that plays."""
_SILENCES = (Outcome.no_sound, Outcome.no_words)


class Caretaker:
    """Called from the speaker's loop. Without a microphone of its own (a simulated home) there is no self-test."""

    def __init__(
        self,
        settings: HealthSettings,
        tester: SelfTester | None,
        reporter: Reporter,
        faults: Faults,
        memory: Memory,
        outbox: Outbox,
        clock: Clock,
        dialogue: Dialogue,
        emit: Callable[[Body], Event],
        rest: Callable[[], None],
    ) -> None:
        """`rest` frees the microphone from whoever listens along."""
        self._settings = settings
        self._tester = tester
        self._reporter = reporter
        self._faults = faults
        self._memory = memory
        self._outbox = outbox
        self._clock = clock
        self._dialogue = dialogue
        self._emit = emit
        self._rest = rest
        self._not_before: datetime | None = None
        self._ordered = False

    def observe(self, step: Step) -> None:
        """One step of the speaker; from any thread."""
        self._reporter.observe(step)

    def order_selftest(self) -> None:
        """Staff want one now."""
        self._ordered = True

    def tick(self, config: Config | None, now: datetime) -> None:
        """One look."""
        self._reporter.tick(now)
        if self._tester and (self._ordered or self._due(config, now)):
            self._test(self._tester, now)
        self._tell(config, now)

    def truthful(self, check_in: CheckIn) -> CheckIn:
        """The silence after a loudspeaker that the self-test could not hear says nothing about the person (P2)."""
        if check_in.outcome in _SILENCES and self._faults.found("speaker", BY_SELFTEST):
            return msgspec.structs.replace(check_in, outcome=Outcome.not_played)
        return check_in

    def _due(self, config: Config | None, now: datetime) -> bool:
        last = self._memory.day("selftest")
        wait = self._not_before
        # A clock that was set back must not keep us waiting.
        waiting = wait is not None and timedelta(0) < wait - now <= self._settings.selftest.again_after
        return not waiting and due(config, self._settings.selftest, last, now)

    def _test(self, tester: SelfTester, now: datetime) -> None:
        self._ordered = False
        self._rest()
        tested = tester.run()
        if tested is None:
            log.info("selftest_not_possible")
            self._not_before = now + self._settings.selftest.again_after
            return
        self._memory.keep_day("selftest", office_date(now))
        for part in ("speaker", "microphone"):
            if tested.part == part:
                self._faults.broken(part, tested.detail, BY_SELFTEST)
            elif tested.passed:
                self._faults.mended(part, BY_SELFTEST)
        log.info("selftest", passed=tested.passed, heard_db=tested.heard_db)
        self._emit(SelfTest(passed=tested.passed, heard_db=tested.heard_db))

    def _tell(self, config: Config | None, now: datetime) -> None:
        told: date | None = self._memory.day("fault_told")
        line_down = self._outbox.waiting_seconds >= self._settings.faults.line_down.total_seconds()
        prompt = to_say(self._faults.parts, line_down, told, config, self._settings.faults, now)
        if prompt and self._dialogue.speak(prompt):
            self._memory.keep_day("fault_told", office_date(now))
