"""Residents who say anything at all: never many questions, always an end, and every sentence true when it is said."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.events import CheckIn, Intent, Outcome, Recall, Sos
from device.talk.conversation import Conversation
from device.talk.dialogue import Machine
from device.talk.help_call import HelpCall
from device.talk.help_offer import HelpOffer
from device.talk.manners import Manner
from device.talk.turns import (
    Action,
    AwaitDelivery,
    Delivered,
    Emit,
    ExtraQuestion,
    Finish,
    HelpPressed,
    Input,
    Listen,
    Made,
    Meant,
    Nothing,
    Prompt,
    Say,
    SpeakFailed,
    Spoken,
    Start,
    Tick,
)

QUESTIONS = 9
"""More than so many nobody is asked in one check-in, further questions and a call for help apart."""
SENTENCES_OF_A_CALL = 9
"""A call for help says no more than so many sentences, then the box is still and goes on sending."""

ANSWERS = st.one_of(
    st.builds(Nothing, st.sampled_from(["no_sound", "no_sound", "no_words", "muted", "mic_fault"])),
    st.builds(
        Meant,
        intent=st.sampled_from(Intent),
        confidence=st.floats(0, 1),
        certain=st.booleans(),
        text=st.sampled_from(["", "ことば"]),
        clear=st.booleans(),
        yes=st.sampled_from([True, False, None]),
        may_be_cut=st.booleans(),
        pressed=st.booleans(),
        manner=st.sampled_from([None, None, *Manner]),
        takes_back=st.booleans(),
    ),
)
TALKATIVE = st.lists(
    st.builds(
        Meant,
        intent=st.sampled_from([Intent.repeat, Intent.unrelated, Intent.fine, Intent.emergency]),
        confidence=st.just(0.5),
        certain=st.booleans(),
        text=st.just("ことば"),
        clear=st.booleans(),
        yes=st.sampled_from([True, False, None]),
        may_be_cut=st.booleans(),
        manner=st.sampled_from([None, None, *Manner]),
    )
    | st.just(Nothing("no_sound")),
    min_size=10,
    max_size=20,
)
"""Somebody who answers and answers, and never plainly."""
STARTS = st.builds(
    Start,
    slot=st.just("2026-11-24/morning"),
    attempt=st.integers(1, 4),
    greeting=st.just(Prompt.good_day),
    question=st.just("how_are_you"),
    last=st.booleans(),
    share_text=st.booleans(),
    extras=st.sampled_from([(), (ExtraQuestion("slept", worrying=False),)]),
)
LUCK = st.lists(st.booleans(), max_size=40)
PRESSES = st.none() | st.integers(0, 25)
"""At which action the button is held, if at all."""


class Played:
    """One dialogue with everything that was said, heard, made and delivered, in order."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.story: list[Action | Input] = []

    def play(
        self, first: Sequence[Action], answers: list[Meant | Nothing], luck: list[bool], press: int | None
    ) -> None:
        """Carry it out; what runs out is silence and good luck."""
        answer, lucky = iter(answers), iter(luck)
        waiting = list(first)
        done = 0
        while waiting:
            assert done < 200, "it never ends"
            if done == press:
                self._happens(HelpPressed("button"), waiting)
            if not waiting:
                break
            action = waiting.pop(0)
            self.story.append(action)
            done += 1
            match action:
                case Say():
                    self._happens(Spoken() if next(lucky, True) else SpeakFailed(), waiting)
                case Listen():
                    self._happens(next(answer, Nothing("no_sound")), waiting)
                case Emit(body):
                    self._happens(Made(f"id-{done}", body), waiting)
                case AwaitDelivery(event_id):
                    self._happens(Delivered(event_id) if next(lucky, True) else Tick(), waiting)

    def _happens(self, event: Input, waiting: list[Action]) -> None:
        self.story.append(event)
        next_steps = self.machine.step(event)
        if isinstance(event, HelpPressed) and next_steps:
            waiting[:] = [each for each in waiting if isinstance(each, Emit)]
        waiting.extend(next_steps)

    def emitted(self, kind: type) -> list[CheckIn | Sos | Recall]:
        return [each.body for each in self.story if isinstance(each, Emit) and isinstance(each.body, kind)]  # type: ignore[misc]


def conversation(
    start: Start, answers: list[Meant | Nothing], luck: list[bool], press: int | None = None
) -> Played:
    machine = Conversation()
    played = Played(machine)
    played.play(machine.step(start), answers, luck, press)
    return played


def sentences(played: Played) -> Iterator[tuple[str, list[Action | Input]]]:
    """Every prompt that was said, with all that had happened before it."""
    for number, each in enumerate(played.story):
        if isinstance(each, Say):
            for prompt in each.prompts:
                yield prompt, played.story[:number]


def check_in_of(before: list[Action | Input]) -> CheckIn | None:
    found = [each.body for each in before if isinstance(each, Emit) and isinstance(each.body, CheckIn)]
    return found[0] if found else None


def counted(*intents: Intent) -> Callable[[list[Action | Input], Start], bool]:
    """The check-in is made, and says one of these."""
    return lambda before, _: (made := check_in_of(before)) is not None and made.intent in intents


def ended(*outcomes: Outcome) -> Callable[[list[Action | Input], Start], bool]:
    return lambda before, _: (made := check_in_of(before)) is not None and made.outcome in outcomes


def called(before: list[Action | Input]) -> bool:
    return any(
        isinstance(each, HelpPressed) or (isinstance(each, Emit) and isinstance(each.body, Sos))
        for each in before
    )


def delivered(before: list[Action | Input]) -> bool:
    return any(isinstance(each, Delivered) for each in before)


def last_words(before: list[Action | Input]) -> Meant | Nothing:
    return next(each for each in reversed(before) if isinstance(each, Meant | Nothing))


NO_ANSWER = (Outcome.no_sound, Outcome.no_words, Outcome.not_understood)
TRUE_WHEN: dict[str, Callable[[list[Action | Input], Start], bool]] = {
    Prompt.thanks: counted(Intent.fine, Intent.as_usual),
    Prompt.unwell_noted: counted(Intent.unwell),
    Prompt.pain_noted: counted(Intent.pain),
    Prompt.talk_noted: counted(Intent.wants_talk),
    Prompt.going_out_noted: counted(Intent.going_out),
    Prompt.declined_noted: counted(Intent.declined),
    Prompt.later: lambda before, start: ended(*NO_ANSWER)(before, start) and not start.last,
    Prompt.no_answer: lambda before, start: ended(*NO_ANSWER)(before, start) and start.last,
    Prompt.cannot_hear: ended(Outcome.mic_fault),
    Prompt.muted: ended(Outcome.muted),
    Prompt.say_again: lambda before, _: isinstance(last := last_words(before), Meant) and not last.manner,
    Prompt.will_wait: lambda before, _: (
        isinstance(last := last_words(before), Meant) and last.manner is Manner.waits
    ),
    Prompt.read_back_fine: lambda before, _: any(
        isinstance(each, Meant) and (each.intent in (Intent.fine, Intent.as_usual) or each.yes)
        for each in before
    ),
    Prompt.help_delivered: lambda before, _: called(before) and delivered(before),
    Prompt.help_not_delivered: lambda before, _: called(before) and not delivered(before),
    Prompt.help_goes_on: lambda before, _: called(before) and not delivered(before),
    Prompt.recall_hint: lambda before, _: called(before),
    Prompt.confirm_recall: lambda before, _: called(before),
    Prompt.help_stays: lambda before, _: (
        called(before)
        and not any(isinstance(each, Emit) and isinstance(each.body, Recall) for each in before)
    ),
    Prompt.recalled: lambda before, _: any(
        isinstance(each, Emit) and isinstance(each.body, Recall) for each in before
    ),
    Prompt.confirm_help: lambda before, _: not called(before),
    Prompt.help_not_needed: lambda before, _: not called(before),
    Prompt.help_if_needed: lambda before, _: not called(before),
}


@settings(deadline=None, max_examples=400)
@given(STARTS, st.lists(ANSWERS, max_size=25), LUCK, PRESSES)
def test_every_sentence_is_true_at_the_moment_it_is_said(
    start: Start, answers: list[Meant | Nothing], luck: list[bool], press: int | None
) -> None:
    played = conversation(start, answers, luck, press)
    for prompt, before in sentences(played):
        holds = TRUE_WHEN.get(prompt)
        assert holds is None or holds(before, start), f"{prompt} is not true here"


@settings(deadline=None, max_examples=400)
@given(STARTS, TALKATIVE | st.lists(ANSWERS, max_size=25), LUCK, PRESSES)
def test_a_check_in_asks_few_questions_and_ends_in_one_typed_outcome(
    start: Start, answers: list[Meant | Nothing], luck: list[bool], press: int | None
) -> None:
    played = conversation(start, answers, luck, press)
    assert len(played.emitted(CheckIn)) == 1
    assert played.story[-1] == Finish() or isinstance(played.story[-1], HelpPressed)
    until_help = list(played.story)
    for number, each in enumerate(played.story):
        if isinstance(each, HelpPressed) or (isinstance(each, Emit) and isinstance(each.body, Sos)):
            until_help = played.story[:number]
            break
    questions = [each for each in until_help if isinstance(each, Listen) and each.extra is None]
    assert len(questions) <= QUESTIONS
    after = [each for each in played.story[len(until_help) :] if isinstance(each, Say)]
    assert len(after) <= SENTENCES_OF_A_CALL


@settings(deadline=None, max_examples=400)
@given(STARTS, st.lists(ANSWERS, max_size=12), LUCK, PRESSES)
def test_distress_always_gets_out_or_is_let_go_by_words_of_the_residents_own(
    start: Start, answers: list[Meant | Nothing], luck: list[bool], press: int | None
) -> None:
    played = conversation(start, answers, luck, press)
    heard = [each for each in played.story if isinstance(each, Meant)]
    if any(each.intent is Intent.emergency and each.certain for each in heard):
        assert called(played.story)
    if any(isinstance(each, HelpPressed) for each in played.story[:-1]):
        assert called(played.story)
    for number, each in enumerate(played.story):
        if isinstance(each, Meant) and each.intent is Intent.emergency and not called(played.story):
            later = [one for one in played.story[number + 1 :] if isinstance(one, Meant)]
            assert any(one.yes is False or one.certain or one.pressed for one in later)


@settings(deadline=None, max_examples=300)
@given(st.lists(ANSWERS, max_size=12), LUCK, PRESSES)
def test_an_offer_of_help_asks_twice_at_most_and_says_nothing_untrue(
    answers: list[Meant | Nothing], luck: list[bool], press: int | None
) -> None:
    offer = HelpOffer()
    played = Played(offer)
    played.play(offer.start(), answers, luck, press)
    said = [prompt for prompt, _ in sentences(played)]
    assert said.count(Prompt.offer_help) <= 2
    for prompt, before in sentences(played):
        holds = TRUE_WHEN.get(prompt)
        assert holds is None or holds(before, LAST)
    if Prompt.help_not_needed in said:
        last = last_words(played.story)
        assert isinstance(last, Meant)
        assert last.yes is False or last.certain or last.pressed


@settings(deadline=None, max_examples=300)
@given(st.lists(ANSWERS, max_size=12), LUCK)
def test_a_call_by_the_button_tells_how_it_stands_and_ends(
    answers: list[Meant | Nothing], luck: list[bool]
) -> None:
    call = HelpCall("button")
    played = Played(call)
    pressed = HelpPressed("button")
    played.story.append(pressed)
    played.play(call.step(pressed), answers, luck, None)
    assert played.story[-1] == Finish()
    for prompt, before in sentences(played):
        holds = TRUE_WHEN.get(prompt)
        assert holds is None or holds(before, LAST)
    assert len([each for each in played.story if isinstance(each, Say)]) <= SENTENCES_OF_A_CALL


LAST = Start(
    slot="2026-11-24/morning",
    attempt=3,
    greeting=Prompt.good_day,
    question="how_are_you",
    last=True,
    share_text=False,
)


def spoken(intent: Intent, *, certain: bool = True, yes: bool | None = None) -> Meant:
    return Meant(intent, 0.9, certain, "ことば", yes=yes)


TELEPHONE = [
    Meant(Intent.wants_talk, 0.4, certain=False, text="ちょっとまって、電話や", manner=Manner.waits),
    spoken(Intent.unrelated),
    spoken(Intent.fine),
    Nothing("no_sound"),
]
ANSWERED_TWICE = [spoken(Intent.fine), spoken(Intent.fine), spoken(Intent.unrelated, certain=False, yes=True)]
ANSWERED_TOO_EARLY = [Nothing("no_sound"), spoken(Intent.fine), Nothing("no_sound")]
NOBODY_THERE = [Nothing("no_sound"), Nothing("no_words")]
COUGHED = [
    Meant(Intent.unrelated, 0.5, certain=False, text="ごほごほ", manner=Manner.not_yet),
    spoken(Intent.fine),
    Nothing("no_words"),
]


@pytest.mark.parametrize(
    ("answers", "outcome", "intent"),
    [
        (TELEPHONE, Outcome.answered, Intent.fine),
        (ANSWERED_TWICE, Outcome.answered, Intent.fine),
        (ANSWERED_TOO_EARLY, Outcome.answered, Intent.fine),
        (NOBODY_THERE, Outcome.no_words, None),
        (COUGHED, Outcome.answered, Intent.fine),
    ],
    ids=["the telephone rings", "answered twice", "answered before the tone", "nobody there", "coughed"],
)
def test_an_ordinary_morning_with_something_in_between(
    answers: list[Meant | Nothing], outcome: Outcome, intent: Intent | None
) -> None:
    [check_in] = conversation(LAST, answers, []).emitted(CheckIn)
    assert isinstance(check_in, CheckIn)
    assert (check_in.outcome, check_in.intent) == (outcome, intent)
