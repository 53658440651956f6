"""The check-in while it is being found out: what was asked, and what was heard so far."""

from contract.events import CheckIn, ExtraAnswer, Intent, Outcome
from device.talk.turns import Meant, Start


class Draft:
    """Collects the answers of one asking."""

    def __init__(self, start: Start) -> None:
        self.start = start
        self.extras: list[ExtraAnswer] = []
        self._words: list[str] = []
        self._delay_ms: int | None = None

    @property
    def has_words(self) -> bool:
        """Whether the resident said anything."""
        return bool(self._words)

    def heard(self, meant: Meant) -> None:
        """Take note of one answer; the first one's delay is the asking's."""
        if meant.text:
            self._words.append(meant.text)
        if self._delay_ms is None:
            self._delay_ms = meant.delay_ms

    def check_in(
        self, outcome: Outcome, intent: Intent | None = None, confidence: float | None = None
    ) -> CheckIn:
        """The event; words only with consent."""
        start = self.start
        return CheckIn(
            slot=start.slot,
            outcome=outcome,
            intent=intent,
            confidence=confidence,
            attempts=start.attempt,
            answer_delay_ms=self._delay_ms,
            text="／".join(self._words)[:2000] if start.share_text and self._words else None,
            extras=list(self.extras),
        )
