"""Did the morning end as it should? What the office sees, compared with what the files of the demonstration expect."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from dashboard.words import INTENT, REASON, SLOT, STATUS
from demo.cast import Expected, Household
from demo.record import Record
from demo.townsfolk import Behaviour, Home
from hub.policy import Policy
from hub.views.rows import QueueRow, SlotRow
from hub.vocabulary import Lane, ReasonCode, SlotState


class Seen(Struct, frozen=True, kw_only=True):
    """What the API says, at one moment."""

    queue: Sequence[QueueRow]
    slots: Sequence[SlotRow]

    def slot_of(self, resident: str) -> SlotRow | None:
        """The slot of the demonstration, not tomorrow's: the one that came first."""
        mine = [row for row in self.slots if row.resident_id == resident]
        return min(mine, key=lambda row: row.opens_at, default=None)

    def case_of(self, household: str, lane: Lane | None = None) -> QueueRow | None:
        """The open case of a household, the person's before the box's."""
        mine = [row for row in self.queue if row.household_id == household]
        mine = [row for row in mine if lane is None or row.lane is lane]
        return min(mine, key=lambda row: row.lane is Lane.device, default=None)


def differences_of_household(household: Household, record: Record, seen: Seen, policy: Policy) -> list[str]:
    """What did not end as expected at one voiced household; empty when all did."""
    expected = household.expected
    slot = seen.slot_of(household.resident_id)
    case = seen.case_of(household.household_id)
    found: list[str] = []

    def differs(what: str, wanted: str, got: str) -> None:
        found.append(f"{household.name}: {what} が「{wanted}」のはずが「{got}」")

    if expected.slot and (slot is None or slot.state is not expected.slot):
        differs("声かけの結果", SLOT[expected.slot][2], SLOT[slot.state][2] if slot else "記録なし")
    if expected.intents and (slot is None or slot.intent not in expected.intents):
        got = INTENT.get(slot.intent, slot.intent) if slot and slot.intent else "なし"
        differs("理解", "・".join(INTENT[each] for each in expected.intents), got)
    if expected.away and (slot is None or slot.why is not ReasonCode.away):
        differs("たずねなかった理由", "不在", REASON[slot.why] if slot and slot.why else "なし")
    if expected.outbox and not record.made:
        differs("スピーカーに残った記録", "1 件以上", "0 件")
    if expected.queue is False and case is not None:
        differs("キュー", "載っていない", standing(case))
    if expected.queue and case is None:
        differs("キュー", "載っている", "載っていない")
    if case is not None:
        found += _differences_of_case(household.name, expected, case, policy, household.risk_class)
    return found


def _differences_of_case(
    name: str, expected: Expected, case: QueueRow, policy: Policy, risk_class: str
) -> list[str]:
    found = []
    if expected.lane and case.lane is not expected.lane:
        found.append(f"{name}: キューの列が {expected.lane} のはずが {case.lane}")
    if expected.severity and case.severity.rank < expected.severity.rank:
        found.append(
            f"{name}: 重さが「{STATUS[expected.severity][2]}」以上のはずが「{STATUS[case.severity][2]}」"
        )
    codes = [reason.code for reason in case.reasons]
    if expected.reason and expected.reason not in codes:
        listed = "・".join(REASON[code] for code in codes)
        found.append(f"{name}: 理由が「{REASON[expected.reason]}」のはずが「{listed}」")
    grounds = [each for each in case.reasons if each.code is expected.reason]
    if expected.climbs and grounds:
        ladder = policy.ladder_for(grounds[0].code, grounds[0].severity, risk_class)
        first = policy.ladders[ladder][0]
        if case.step == first.name:
            found.append(f"{name}: はしごが最初の段「{first.words}」から進んでいません")
    return found


_ANSWERING = frozenset({Behaviour.well, Behaviour.unclear, Behaviour.unwell, Behaviour.wants_talk})
_SLOT: Mapping[Behaviour, tuple[SlotState, ReasonCode | None]] = {
    **dict.fromkeys(_ANSWERING, (SlotState.answered, None)),
    Behaviour.silent: (SlotState.missed, None),
    Behaviour.never_seen: (SlotState.cannot_tell, ReasonCode.not_installed),
    Behaviour.away: (SlotState.cannot_tell, ReasonCode.away),
}
_CASE: Mapping[Behaviour, tuple[Lane, ReasonCode]] = {
    Behaviour.silent: (Lane.person, ReasonCode.missed),
    Behaviour.unwell: (Lane.person, ReasonCode.negative_response),
    Behaviour.wants_talk: (Lane.person, ReasonCode.talk_request),
    Behaviour.never_seen: (Lane.device, ReasonCode.not_installed),
}


def differences_of_town(homes: Sequence[Home], cast: Sequence[Household], seen: Seen) -> list[str]:
    """What did not end as expected in the town, and every notice that nobody gave a reason for."""
    found = []
    for home in homes:
        slot = seen.slot_of(home.resident)
        got = (slot.state, slot.why) if slot else None
        wanted = _SLOT[home.behaviour]
        if got != wanted:
            words = _slot_words(got)
            found.append(f"{home.name}({home.district}): 「{_slot_words(wanted)}」のはずが「{words}」")
        case = seen.case_of(home.household)
        standing_as = (case.lane, case.reasons[0].code) if case and case.reasons else None
        if standing_as != _CASE.get(home.behaviour):
            found.append(
                f"{home.name}({home.district}): キューで「{_case_words(_CASE.get(home.behaviour))}」の"
                f"はずが「{_case_words(standing_as)}」"
            )
    known = {home.household for home in homes} | {each.household_id for each in cast}
    found += [
        f"知らない世帯 {row.household_id} がキューにあります"
        for row in seen.queue
        if row.household_id not in known
    ]
    twice = Counter((row.household_id, row.lane) for row in seen.queue)
    found += [f"世帯 {key[0]} が同じ列に {count} 回あります" for key, count in twice.items() if count > 1]
    return found


def _slot_words(got: tuple[SlotState, ReasonCode | None] | None) -> str:
    if got is None:
        return "記録なし"
    state, why = got
    return SLOT[state][2] + (f"・{REASON[why]}" if why else "")


def _case_words(got: tuple[Lane, ReasonCode] | None) -> str:
    return REASON[got[1]] if got else "載っていない"


def standing(case: QueueRow | None) -> str:
    """Where a household stands in the queue, in a few words."""
    if case is None:
        return "—"
    _, shape, word = STATUS[case.severity]
    return f"{shape} {word}: {case.step_words or '…'}"


def changes(before: Seen, now: Seen) -> Iterator[tuple[str, str]]:
    """Who came into the queue or moved in it, and how that reads."""
    stood = {row.case_id: standing(row) for row in before.queue}
    for row in now.queue:
        if stood.get(row.case_id) == standing(row):
            continue
        name = row.residents[0].name if row.residents else row.household_id
        why = "" if row.case_id in stood else f" — {row.reasons[0].words}" if row.reasons else ""
        yield name, f"キュー {standing(row)}{why}"
    left = {row.case_id for row in before.queue} - {row.case_id for row in now.queue}
    for row in before.queue:
        if row.case_id in left and row.residents:
            yield row.residents[0].name, "キューから外れました"
