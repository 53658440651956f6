"""Which light to show: pure, from what is true of the box now."""

from dataclasses import dataclass
from enum import StrEnum

DELIVERED_SECONDS = 10.0
"""How long the light shows that something got through."""
PATIENCE_SECONDS = 60.0
"""How long something may wait for the hub before the light says so; P7 is for calls for help, which show at once."""


class LightState(StrEnum):
    """The most pressing first."""

    help_under_way = "help_under_way"
    """Help was called, and the hub has not confirmed it yet."""
    listening = "listening"
    """The microphone is open."""
    asking = "asking"
    """A sentence is being spoken, or an answer is being thought over."""
    muted = "muted"
    """The microphone's switch is off."""
    fault = "fault"
    """A part is broken."""
    not_delivered = "not_delivered"
    """Something has waited for the hub for too long."""
    delivered = "delivered"
    """The hub has just confirmed something."""
    attentive = "attentive"
    """Listening for calls for help, with consent."""
    idle = "idle"


@dataclass(frozen=True)
class BoxFacts:
    """What is true now."""

    help_under_way: bool = False
    listening: bool = False
    asking: bool = False
    muted: bool = False
    fault: bool = False
    waiting_seconds: float = 0.0
    """How long the oldest unconfirmed event has waited."""
    delivered_seconds: float | None = None
    """How long ago the hub last confirmed something."""
    attentive: bool = False


def light_for(facts: BoxFacts) -> LightState:
    """The one light that matters most."""
    recently = facts.delivered_seconds is not None and facts.delivered_seconds < DELIVERED_SECONDS
    holds = {
        LightState.help_under_way: facts.help_under_way,
        LightState.listening: facts.listening,
        LightState.asking: facts.asking,
        LightState.muted: facts.muted,
        LightState.fault: facts.fault,
        LightState.not_delivered: facts.waiting_seconds >= PATIENCE_SECONDS,
        LightState.delivered: recently,
        LightState.attentive: facts.attentive,
        LightState.idle: True,
    }
    return next(state for state in LightState if holds[state])
