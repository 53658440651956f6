"""Which sentence belongs to which meaning."""

from contract.events import Intent, Outcome
from device.talk.turns import Prompt

BAD = frozenset({Intent.unwell, Intent.pain})

CONFIRM = {
    Intent.fine: Prompt.confirm_fine,
    Intent.as_usual: Prompt.confirm_fine,
    Intent.unwell: Prompt.confirm_unwell,
    Intent.pain: Prompt.confirm_pain,
    Intent.wants_talk: Prompt.confirm_talk,
    Intent.going_out: Prompt.confirm_going_out,
    Intent.declined: Prompt.confirm_declined,
}
"""The closed question that asks whether this was meant."""

NOTED = {
    Intent.fine: Prompt.thanks,
    Intent.as_usual: Prompt.thanks,
    Intent.unwell: Prompt.unwell_noted,
    Intent.pain: Prompt.pain_noted,
    Intent.wants_talk: Prompt.talk_noted,
    Intent.going_out: Prompt.going_out_noted,
    Intent.declined: Prompt.declined_noted,
}
"""What is said once it counts: what happens now."""


def without_answer(outcome: Outcome, *, last: bool) -> Prompt:
    """What is said when an asking ended without an answer; `last` when no other asking follows."""
    match outcome:
        case Outcome.mic_fault:
            return Prompt.cannot_hear
        case Outcome.muted:
            return Prompt.muted
        case _:
            return Prompt.no_answer if last else Prompt.later
