"""What people say to a voice that greets them: greeting back, coughing, "wait a moment", "what did you say?"."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import Intent, Outcome
from contract.refusal import Refused
from device.listen.recognizer import Heard
from device.talk.help_call import HelpCall
from device.talk.help_offer import HelpOffer
from device.talk.interpreter import Interpreter
from device.talk.manners import Manner, load_manners
from device.talk.prompts import load_prompts
from device.talk.recall import load_recall_words
from device.talk.turns import HelpPressed, Listen, Meant, Nothing, Prompt, Say
from device.understand.meaning import Meaning
from tests.device.talk import (
    DEAF,
    FINE,
    GOOD_MORNING,
    HELP,
    LAST,
    MAYBE_FINE,
    MAYBE_HELP,
    MAYBE_UNWELL,
    MISTAKE,
    NO,
    PAIN,
    REPEAT,
    SILENCE,
    TELEVISION,
    UNWELL,
    WAIT,
    YES,
    Talk,
    carry_out,
    hold,
    said,
)

MANNERS = load_manners()


@pytest.mark.parametrize(
    "text",
    [
        "おはよう。",
        "はい、おはようございます。",
        "ああ、おはようさん",
        "もしもし",
        "ご苦労さまです",
        "ゴホッ、ゴホゴホ",
    ],
)
def test_a_greeting_or_a_cough_alone_is_no_answer_yet(text: str) -> None:
    assert MANNERS.of(text) is Manner.not_yet


@pytest.mark.parametrize(
    "text", ["ちょっと待って", "ちょっとまってよ", "待っとって、今行くで", "あ、電話が鳴っとるわ"]
)
def test_whoever_asks_for_a_moment_is_heard(text: str) -> None:
    assert MANNERS.of(text) is Manner.waits


@pytest.mark.parametrize(
    "text",
    [
        "はい",
        "おはよう、元気やよ",
        "おはよう、助けて",
        "どもない",
        "待っとるに、だれも来ん",
        "こまっとる",
        "しまってまった",
        "元気です",
        "",
    ],
)
def test_what_says_more_is_an_answer(text: str) -> None:
    assert MANNERS.of(text) is None


class Says:
    """An understanding that always finds the same."""

    def __init__(self, intent: Intent, *, certain: bool) -> None:
        self._meaning = Meaning(intent=intent, confidence=0.4, certain=certain, reading="", because=[])

    def understand(self, text: str, others: Mapping[str, float] | None = None, /) -> Meaning:
        return self._meaning

    def yes_or_no(self, text: str) -> bool | None:
        return None

    def may_be_cut(self, text: str) -> bool:
        return False


def meant(text: str, intent: Intent, *, certain: bool) -> Meant:
    interpreter = Interpreter(Says(intent, certain=certain), load_prompts(), load_recall_words())
    found, _ = interpreter.meant(Heard(text=text, confidence=0.9, milliseconds=1.0, engine="test"))
    return found


def test_a_bare_good_morning_never_raises_an_alarm_and_a_sure_call_for_help_always_does() -> None:
    assert meant("おはよう", Intent.emergency, certain=False).intent is Intent.unrelated
    assert meant("ごほごほ", Intent.unwell, certain=True).intent is Intent.unrelated
    assert meant("おはよう", Intent.emergency, certain=True).intent is Intent.emergency
    assert meant("待って、動けん", Intent.emergency, certain=False).intent is Intent.emergency


def test_whoever_greets_back_is_asked_again_without_an_apology() -> None:
    talk = hold([GOOD_MORNING, FINE])
    assert talk.prompts[:4] == [Prompt.good_morning, "how_are_you", "how_are_you", Prompt.read_back_fine]
    assert talk.check_in.intent is Intent.fine
    assert Prompt.say_again not in hold([MAYBE_UNWELL, GOOD_MORNING, SILENCE]).prompts


def test_greeting_for_ever_ends() -> None:
    assert hold([GOOD_MORNING] * 20).check_in.outcome is Outcome.not_understood


def test_a_moment_is_granted_and_then_the_same_is_asked_again() -> None:
    comes_back: list[Meant | Nothing] = [SILENCE, YES, TELEVISION, REPEAT, GOOD_MORNING]
    for back in comes_back:
        answers: list[Meant | Nothing] = [WAIT, back, FINE]
        talk = hold(answers)
        assert talk.prompts[:5] == [
            Prompt.good_morning,
            "how_are_you",
            Prompt.will_wait,
            Prompt.good_morning,
            "how_are_you",
        ]
        assert talk.check_in.intent is Intent.fine
    assert hold([WAIT, FINE]).prompts[2:] == [Prompt.will_wait, Prompt.read_back_fine, Prompt.thanks]


def test_silence_after_a_moment_is_no_agreement_to_what_was_read_back() -> None:
    talk = hold([FINE, WAIT, SILENCE, NO, SILENCE])
    assert talk.prompts.count(Prompt.read_back_fine) == 2
    assert Listen(briefly=True) not in talk.actions[talk.actions.index(Say((Prompt.will_wait,))) :][:2]
    assert talk.check_in.intent is Intent.unwell


def test_a_second_moment_is_the_next_asking_and_a_worry_outlives_the_wait() -> None:
    talk = hold([WAIT, SILENCE, WAIT])
    assert talk.check_in.outcome is Outcome.not_understood
    assert talk.prompts[-1] is Prompt.later
    assert hold([WAIT, SILENCE, WAIT], start=LAST).prompts[-1] is Prompt.no_answer
    worried: list[list[Meant | Nothing]] = [
        [WAIT, MAYBE_UNWELL, SILENCE],
        [MAYBE_UNWELL, WAIT, *[SILENCE] * 2],
    ]
    for replies in worried:
        assert hold(replies).check_in.intent is Intent.unwell


@pytest.mark.parametrize("ill", [UNWELL, PAIN, HELP])
def test_wait_i_am_in_pain_is_not_a_wait(ill: Meant) -> None:
    talk = hold([replace(ill, manner=Manner.waits)])
    assert Prompt.will_wait not in talk.prompts
    assert talk.check_in.intent is ill.intent


def test_a_question_about_help_that_was_not_caught_is_said_again_more_plainly() -> None:
    assert Say((Prompt.confirm_help,), plainly=True) in hold([MAYBE_HELP, REPEAT, NO, YES]).actions


def test_whoever_asks_again_after_a_call_for_help_hears_how_it_stands() -> None:
    talk = hold([HELP, REPEAT, SILENCE])
    assert talk.prompts.count(Prompt.help_delivered) == 2
    assert talk.actions[-3] == Say((Prompt.help_delivered, Prompt.recall_hint), plainly=True)
    for speaks_on in (HELP, PAIN, said(Intent.wants_talk, "いつ来てくれるの")):
        assert hold([HELP, speaks_on]).prompts.count(Prompt.help_delivered) == 2
        endless = hold([HELP, *[speaks_on] * 50])
        assert endless.finished
        assert len(endless.calls) == 1


def test_what_got_through_meanwhile_is_said_to_have_got_through() -> None:
    talk = hold([HELP, HELP], delivered=[False, False, False, True])
    assert talk.prompts.index(Prompt.help_goes_on) < talk.prompts.index(Prompt.help_delivered)
    still_not = hold([HELP, HELP], delivered=[False] * 4)
    assert still_not.prompts.count(Prompt.help_goes_on) == 2
    assert Prompt.help_delivered not in still_not.prompts


def test_a_question_about_a_mistake_that_was_not_caught_is_said_again() -> None:
    talk = hold([HELP, MISTAKE, REPEAT, YES])
    assert len(talk.recalls) == 1
    assert Say((Prompt.confirm_recall,), plainly=True) in talk.actions


def offered(*replies: Meant | Nothing) -> Talk:
    offer = HelpOffer()
    return carry_out(offer, offer.start(), replies)


def test_an_offer_of_help_that_was_not_caught_is_made_again() -> None:
    talk = offered(REPEAT, YES)
    assert talk.actions[2] == Say((Prompt.offer_help,), plainly=True)
    assert len(talk.calls) == 1


def test_pain_after_what_may_have_been_a_cry_is_never_answered_with_nothing_will_be_told() -> None:
    for words in (PAIN, UNWELL, MAYBE_UNWELL, MAYBE_FINE):
        assert Prompt.help_not_needed not in offered(words, SILENCE).prompts
    assert len(offered(PAIN, PAIN).calls) == 1
    assert len(offered(replace(PAIN, yes=False), PAIN).calls) == 1


def test_only_whoever_says_so_needs_no_help() -> None:
    for words in (NO, FINE, said(Intent.declined, "ほっといて"), replace(FINE, yes=True)):
        assert offered(words).prompts == [Prompt.offer_help, Prompt.help_not_needed]
        assert offered(words).calls == []
    for unclear in ([TELEVISION, TELEVISION], [replace(TELEVISION, certain=True)]):
        talk = offered(*unclear)
        assert talk.prompts[-1] is Prompt.help_if_needed
        assert talk.calls == []
    assert offered(SILENCE).prompts == [Prompt.offer_help]


def test_a_button_during_an_offer_is_a_call() -> None:
    offer = HelpOffer()
    offer.start()
    talk = carry_out(offer, offer.step(HelpPressed("id")), [])
    assert Prompt.help_delivered in talk.prompts
    assert carry_out(HelpCall("button"), HelpCall("button").step(HelpPressed("id")), []).calls == []


def test_a_manners_file_with_a_mistake_is_refused_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "manners.toml"
    path.write_text('greetings = ["おはよう"]\ncoughs = []\n', encoding="utf-8")
    with pytest.raises(Refused, match=r"manners\.toml"):
        load_manners(path)


def test_after_six_listenings_it_lets_the_resident_be_whatever_they_were_for() -> None:
    talk = hold([REPEAT, REPEAT, WAIT, YES, TELEVISION, TELEVISION, FINE])
    assert len([each for each in talk.actions if isinstance(each, Listen)]) == 6
    assert talk.check_in.outcome is Outcome.not_understood
    assert talk.prompts[-1] is Prompt.later


def test_before_the_last_silence_counts_the_question_is_said_once_more_louder_and_slower() -> None:
    """Whoever spoke over the question, or only during the last sentence, was not heard."""
    talk = hold([SILENCE, FINE], start=LAST)
    assert Say(("how_are_you",), plainly=True) in talk.actions
    assert talk.check_in.intent is Intent.fine
    silent = hold([SILENCE], start=LAST)
    assert silent.prompts.count("how_are_you") == 2
    assert silent.check_in.outcome is Outcome.no_sound
    assert silent.prompts[-1] is Prompt.no_answer
    assert hold([SILENCE]).prompts.count("how_are_you") == 1
    assert hold([DEAF], start=LAST).prompts.count("how_are_you") == 1
