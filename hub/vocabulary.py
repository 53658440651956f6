"""The hub's states, each with a line of meaning. Three axes that are never merged: person, device, area."""

from enum import StrEnum


class PersonState(StrEnum):
    """What we know of the resident. Computed from slots, cases and absences; never stored."""

    answered = "answered"
    waiting = "waiting"
    """A question is open, or the first one is still to come."""
    unanswered = "unanswered"
    """A question was heard to play and nobody answered."""
    wants_help = "wants_help"
    away = "away"
    cannot_tell = "cannot_tell"
    """No question reached the resident: silence says nothing about them."""


class DeviceState(StrEnum):
    """What we know of the speaker."""

    online = "online"
    late = "late"
    """Lost a moment ago; not yet a fact."""
    offline = "offline"
    fault = "fault"
    muted = "muted"
    not_installed = "not_installed"
    """Registered, and never heard of."""


class AreaState(StrEnum):
    """What we know of a district's power and lines. `normal` is a district without an open row."""

    normal = "normal"
    suspected_outage = "suspected_outage"
    """Many speakers were lost together a moment ago; not yet a fact."""
    outage = "outage"
    recovering = "recovering"
    """Some are back; the others are still looked after."""


class DeliveryMode(StrEnum):
    """Whose people visit."""

    direct = "direct"
    """直営."""
    contracted = "contracted"
    """委託."""


class VisitKind(StrEnum):
    """What a visit is for."""

    safety_check = "safety_check"
    """安否確認訪問."""
    accompaniment = "accompaniment"
    """伴走訪問."""
    coordination = "coordination"
    """事前調整."""


class VisitOutcome(StrEnum):
    """What came of a visit."""

    met = "met"
    """会えた: the silence is over."""
    not_home = "not_home"
    """不在: nobody came to the door; the next step follows."""
    not_opened = "not_opened"
    """応答あるが開かない: a voice was heard, nobody opened; somebody goes again."""
    hospital = "hospital"
    """入院: an absence begins."""
    ambulance = "ambulance"
    """救急: an emergency."""
    other = "other"


class CheckedHow(StrEnum):
    """How somebody made sure of a person in an outage. Only the last one leaves the person to be looked after."""

    phone = "phone"
    met = "met"
    told_by_others = "told_by_others"
    """Family, a neighbour or a helper has seen them."""
    not_reached = "not_reached"


class SlotState(StrEnum):
    """Every slot ends in exactly one of the last three (P3)."""

    waiting = "waiting"
    answered = "answered"
    missed = "missed"
    """The question was heard to play, as often as agreed, and nobody answered."""
    cannot_tell = "cannot_tell"
    """The question was never heard to play; `why` says what stood in the way, absence included."""


class Lane(StrEnum):
    """Whether a case is about a person, or about a line or box that must be mended."""

    person = "person"
    device = "device"


class Severity(StrEnum):
    """How soon somebody must act. Ordered by `rank`; a device case never outranks a person's."""

    device_unreachable = "device_unreachable"
    needs_check = "needs_check"
    needs_visit = "needs_visit"
    emergency = "emergency"

    @property
    def rank(self) -> int:
        """0 for the least, 3 for an emergency."""
        return list(Severity).index(self)


class CaseState(StrEnum):
    """Where the work on a case stands."""

    new = "new"
    phoning = "phoning"
    visit_assigned = "visit_assigned"
    visiting = "visiting"
    done = "done"
    handed_over = "handed_over"
    support_conference = "support_conference"


class ReasonCode(StrEnum):
    """Why a household is in the queue."""

    call_for_help = "call_for_help"
    """助けて、倒れた、or the button."""
    missed = "missed"
    """As many slots missed, or as long unanswered, as the policy allows."""
    negative_response = "negative_response"
    """unwell or pain was understood."""
    talk_request = "talk_request"
    device_unreachable = "device_unreachable"
    """The line is down, or nothing was heard by the deadline."""
    not_installed = "not_installed"
    """Enrolled, and the speaker never said anything."""
    muted = "muted"
    mic_fault = "mic_fault"
    not_played = "not_played"
    device_fault = "device_fault"
    change = "change"
    """変化の兆し: lately other than usual. Never graver than needs_check by itself."""
    concern = "concern"
    """An answer to a further question that staff should see: did not sleep, did not eat."""
    away = "away"
    """Only on slots: nothing was asked during an absence."""


class CaseOutcome(StrEnum):
    """How a case ended. Those that begin with settled_ are the hub's own words, the rest are chosen by a person."""

    settled_by_late_answer = "settled_by_late_answer"
    """Every reason settled itself before anybody took the case."""
    settled_by_return = "settled_by_return"
    """The line came back, or the box was mended, before anybody took the case."""
    settled_by_itself = "settled_by_itself"
    """A sign of change was over before anybody took the case."""
    reached_by_phone = "reached_by_phone"
    met = "met"
    """会えた, at the door."""
    hospital = "hospital"
    """入院, or taken there."""
    away = "away"
    merged = "merged"
    """Its reasons went to another case."""
    device_mended = "device_mended"
    false_alarm = "false_alarm"
    """Nothing had happened: a press by mistake, a television."""
    other = "other"


class Party(StrEnum):
    """Who does, or is asked to do, a step of a ladder."""

    resident = "resident"
    """A member of staff phones the resident."""
    family_contact = "family_contact"
    helper = "helper"
    welfare_commissioner = "welfare_commissioner"
    office = "office"
    """The desk itself: look, decide, send a technician."""
    visit = "visit"
    """Somebody goes there. The last step."""


class DueKind(StrEnum):
    """What happens when a row of the due table falls due. The subject is named in brackets."""

    slot_deadline = "slot_deadline"
    """[resident/day/name] The slot must end now."""
    late_silence = "late_silence"
    """[resident/day/name] A flush told of askings nobody answered; if no answer followed, it was a miss."""
    unanswered = "unanswered"
    """[resident] Silent for as long as the policy allows."""
    ladder_step = "ladder_step"
    """[case] The step had its time; climb."""
    acknowledgement = "acknowledgement"
    """[case] The owner wrote nothing down for too long; the climb goes on."""
    device_lost = "device_lost"
    """[device] The line did not come back; it is down."""
    device_settle = "device_settle"
    """[device] The line held since it came back; what its loss caused is settled."""
    area_check = "area_check"
    """[district] Speakers were lost a moment ago: are they many?"""
    absence_end = "absence_end"
    """[absence] The person is expected home."""
    trend = "trend"
    """[resident] Once a day: is this person lately other than usual?"""
    hub_sight = "hub_sight"
    """[hub] The hub lost or regained its sight: the office is told of the hub, not of its people."""
    policy_change = "policy_change"
    """[version] Another policy comes into force: what has not opened yet is planned anew."""
    rollup = "rollup"
    """[office date/speaker] Once a day: hours of telemetry become days, after this speaker."""
    retention = "retention"
    """[kind of record] Every night: what is older than the policy keeps goes, a batch at a time."""

    @property
    def speaks_of_silence(self) -> bool:
        """Whether its work may say that a person is silent; held back while the hub itself was blind (P6)."""
        return self in _OF_SILENCE


_OF_SILENCE = frozenset(
    {DueKind.slot_deadline, DueKind.late_silence, DueKind.unanswered, DueKind.ladder_step}
    | {DueKind.acknowledgement, DueKind.device_lost, DueKind.area_check}
)
