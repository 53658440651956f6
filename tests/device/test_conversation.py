"""One asking, as the resident meets it."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.events import CheckIn, ExtraAnswer, Intent, Outcome, Recall, Sos
from device.talk.turns import Emit, ExtraQuestion, Keep, Listen, Meant, Nothing, Prompt, Say, Start
from tests.device.talk import (
    DEAF,
    FINE,
    HELP,
    LAST,
    MAYBE_FINE,
    MAYBE_HELP,
    MAYBE_UNWELL,
    MISTAKE,
    MORNING,
    MUMBLED_FINE,
    MUTED,
    NO,
    NOISE,
    REPEAT,
    SILENCE,
    TELEVISION,
    UNWELL,
    YES,
    hold,
    said,
)


def test_a_resident_is_greeted_asked_understood_read_back_and_thanked() -> None:
    talk = hold([FINE])
    assert talk.prompts == [Prompt.good_morning, "how_are_you", Prompt.read_back_fine, Prompt.thanks]
    assert talk.check_in == CheckIn(
        slot="2026-11-24/morning",
        outcome=Outcome.answered,
        intent=Intent.fine,
        confidence=0.9,
        attempts=1,
        answer_delay_ms=1500,
    )
    assert talk.finished


def test_words_stay_at_home_without_consent_and_go_out_with_it() -> None:
    assert hold([FINE]).check_in.text is None
    assert hold([HELP]).calls[0].text is None
    sharing = replace(MORNING, share_text=True)
    assert hold([FINE], start=sharing).check_in.text == "元気です"
    assert hold([HELP], start=sharing).calls[0].text == "助けて、倒れた"


def test_the_second_asking_says_so_and_carries_its_number() -> None:
    talk = hold([FINE], start=replace(MORNING, attempt=2))
    assert talk.prompts[0] == Prompt.ask_again
    assert talk.check_in.attempts == 2


def test_somebody_unwell_is_told_what_happens_now() -> None:
    talk = hold([UNWELL])
    assert talk.check_in.intent is Intent.unwell
    assert talk.prompts[-1] == Prompt.unwell_noted


def test_the_event_is_made_before_the_sentence_that_tells_of_it() -> None:
    talk = hold([UNWELL])
    kinds = [type(action) for action in talk.actions]
    assert kinds.index(Emit) < len(kinds) - 1 - kinds[::-1].index(Say)


def test_fine_counts_only_after_it_was_read_back_and_nobody_objected() -> None:
    talk = hold([FINE, SILENCE])
    read_back = talk.actions.index(Say((Prompt.read_back_fine,)))
    assert talk.actions[read_back + 1] == Listen(briefly=True)
    assert talk.actions[read_back + 2] == Emit(talk.check_in)
    for agreement in (SILENCE, NOISE, YES):
        assert hold([FINE, agreement]).check_in.intent is Intent.fine


def test_an_objection_to_the_read_back_is_asked_about_and_counts() -> None:
    talk = hold([FINE, NO, YES])
    assert talk.prompts[-3:] == [Prompt.sorry_misheard, Prompt.confirm_unwell, Prompt.unwell_noted]
    assert talk.check_in.intent is Intent.unwell
    assert hold([FINE, NO, SILENCE]).check_in.intent is Intent.unwell
    assert hold([FINE, NO, NO, YES]).check_in.intent is Intent.fine
    assert hold([FINE, UNWELL]).check_in.intent is Intent.unwell
    assert hold([FINE, MAYBE_UNWELL, SILENCE]).check_in.intent is Intent.unwell
    assert len(hold([FINE, HELP]).calls) == 1


def test_the_same_words_again_are_no_agreement_but_a_second_yes_is() -> None:
    """「大丈夫じゃない」 is heard as 「大丈夫」 as easily the second time."""
    again = said(Intent.fine, "大丈夫", yes=True)
    assert hold([again, again, NO]).check_in.intent is Intent.unwell
    assert hold([again, again, YES]).check_in.intent is Intent.fine
    assert hold([again, TELEVISION, SILENCE]).check_in.outcome is Outcome.not_understood
    assert Prompt.read_back_fine in hold([MAYBE_FINE, again]).prompts


def test_a_yes_that_may_be_a_no_without_its_end_is_read_back() -> None:
    """「そうや」 is all that is left of 「そうやない」 where a recognizer drops the end; nobody drops half of はい."""
    cut = replace(YES, text="そうや", may_be_cut=True)
    assert Prompt.read_back_fine not in hold([MAYBE_FINE, YES]).prompts
    assert Prompt.read_back_fine in hold([MAYBE_FINE, cut]).prompts
    assert hold([MAYBE_FINE, cut, NO]).check_in.intent is Intent.unwell
    assert hold([MAYBE_FINE, cut, SILENCE]).check_in.intent is Intent.fine


def test_what_was_read_back_to_a_dead_microphone_or_not_at_all_does_not_count() -> None:
    for deaf, outcome in ((DEAF, Outcome.mic_fault), (MUTED, Outcome.muted)):
        assert hold([FINE, deaf]).check_in.outcome is outcome
    assert hold([FINE], plays=[True, False]).check_in.outcome is Outcome.not_played


def test_somebody_well_who_also_wants_to_talk_is_heard() -> None:
    assert hold([FINE, said(Intent.wants_talk, "ほんでも話がしたい")]).check_in.intent is Intent.wants_talk


def test_a_doubtful_fine_is_asked_with_yes_or_no_before_it_counts() -> None:
    for doubtful in (MAYBE_FINE, MUMBLED_FINE):
        talk = hold([doubtful, YES])
        assert Prompt.confirm_fine in talk.prompts
        assert talk.check_in.intent is Intent.fine
        assert hold([doubtful, SILENCE]).check_in.outcome is Outcome.not_understood


def test_no_to_are_you_well_is_a_bad_sign() -> None:
    assert hold([MAYBE_FINE, NO]).check_in.intent is Intent.unwell


def test_yes_but_it_hurts_is_not_fine() -> None:
    assert (
        hold([MAYBE_FINE, said(Intent.pain, "はい、でも腰が痛い", yes=True)]).check_in.intent is Intent.pain
    )


def test_no_i_am_well_is_asked_once_more() -> None:
    both = said(Intent.fine, "いいえ、元気です", yes=False)
    talk = hold([MAYBE_FINE, both, YES])
    assert talk.prompts.count(Prompt.confirm_fine) == 2
    assert talk.check_in.intent is Intent.fine


def test_a_doubtful_bad_sign_counts_unless_it_is_cleared_up() -> None:
    assert hold([MAYBE_UNWELL, YES]).check_in.intent is Intent.unwell
    assert hold([MAYBE_UNWELL, SILENCE]).check_in.intent is Intent.unwell
    assert hold([MAYBE_UNWELL, NO, YES]).check_in.intent is Intent.fine
    assert hold([MAYBE_UNWELL, NO, SILENCE]).check_in.outcome is Outcome.not_understood


def test_a_mumbled_yes_does_not_make_anybody_fine() -> None:
    talk = hold([MAYBE_FINE, replace(YES, clear=False), SILENCE])
    assert talk.check_in.outcome is Outcome.not_understood


def test_what_is_not_understood_is_asked_again_twice_and_then_said_to_be_so() -> None:
    talk = hold([TELEVISION, TELEVISION, TELEVISION])
    assert talk.prompts.count(Prompt.say_again) == 2
    assert Prompt.confirm_fine in talk.prompts
    assert talk.check_in.outcome is Outcome.not_understood
    assert talk.prompts[-1] == Prompt.later


def test_silence_and_noise_are_typed_and_not_asked_again_within_the_dialogue() -> None:
    for nothing, outcome in ((SILENCE, Outcome.no_sound), (NOISE, Outcome.no_words)):
        talk = hold([nothing])
        assert talk.check_in.outcome is outcome
        assert talk.actions.count(Listen()) == 1
        assert talk.prompts[-1] == Prompt.later


def test_the_last_asking_does_not_promise_another_one() -> None:
    assert hold([SILENCE], start=LAST).prompts[-1] == Prompt.no_answer


def test_a_dead_or_muted_microphone_is_never_a_silent_person() -> None:
    for nothing, outcome in ((DEAF, Outcome.mic_fault), (MUTED, Outcome.muted)):
        talk = hold([nothing])
        assert talk.check_in.outcome is outcome
        assert not outcome.was_asked
        assert hold([TELEVISION, nothing]).check_in.outcome is outcome


def test_a_question_that_did_not_leave_the_loudspeaker_is_not_played_and_nobody_listens() -> None:
    talk = hold([], plays=[False])
    assert talk.check_in.outcome is Outcome.not_played
    assert Listen() not in talk.actions
    assert talk.finished


def test_a_sign_that_something_is_wrong_outlives_a_loudspeaker_that_breaks() -> None:
    talk = hold([MAYBE_UNWELL], plays=[True, False])
    assert talk.check_in.intent is Intent.unwell
    assert hold([FINE, NO], plays=[True, True, False]).check_in.intent is Intent.unwell


def test_repeat_says_it_again_more_plainly() -> None:
    talk = hold([REPEAT, FINE])
    again = [action for action in talk.actions if isinstance(action, Say)][1]
    assert again == Say((Prompt.good_morning, "how_are_you"), plainly=True)
    assert talk.check_in.intent is Intent.fine


def test_repeat_does_not_go_on_for_ever() -> None:
    assert hold([REPEAT] * 50).check_in.outcome is Outcome.not_understood


def test_a_refusal_is_respected() -> None:
    talk = hold([said(Intent.declined, "今はええわ")])
    assert talk.check_in.intent is Intent.declined
    assert talk.prompts[-1] == Prompt.declined_noted


def test_a_call_for_help_goes_out_before_a_word_is_said_and_settles_the_slot() -> None:
    talk = hold([HELP])
    heard = talk.actions.index(Listen())
    assert talk.actions[heard + 1] == Emit(Sos(trigger="voice", slot=MORNING.slot))
    assert talk.actions[heard + 2] == Emit(talk.check_in)
    assert (talk.check_in.outcome, talk.check_in.intent) == (Outcome.answered, Intent.emergency)


def test_it_got_through_is_said_only_after_the_hubs_own_word() -> None:
    assert Prompt.help_delivered in hold([HELP], delivered=[True]).prompts
    late = hold([HELP], delivered=[False, True])
    assert late.prompts.index(Prompt.help_not_delivered) < late.prompts.index(Prompt.help_delivered)
    never = hold([HELP], delivered=[False] * 9)
    assert Prompt.help_delivered not in never.prompts
    assert Prompt.help_goes_on in never.prompts
    assert never.finished


def test_distress_counts_although_it_was_mumbled_and_late() -> None:
    mumbled = replace(HELP, clear=False)
    for before in ([], [MAYBE_FINE], [TELEVISION], [REPEAT], [MAYBE_UNWELL, NO]):
        assert len(hold([*before, mumbled]).calls) == 1


UNWELL_AND_NO = replace(UNWELL, yes=False)
ALL_RIGHT = said(Intent.fine, "だいじょうぶ", yes=True)


@pytest.mark.parametrize(
    "replies",
    [[SILENCE], [DEAF], [YES], [HELP], [MAYBE_HELP], [TELEVISION, SILENCE], [TELEVISION] * 2, [ALL_RIGHT]],
)
def test_what_may_be_distress_is_asked_about_at_once_and_goes_out_unless_a_plain_no_comes(
    replies: list[Meant | Nothing],
) -> None:
    talk = hold([MAYBE_HELP, *replies])
    assert talk.prompts[2] == Prompt.confirm_help
    assert len(talk.calls) == 1
    assert talk.check_in.intent is Intent.emergency


def test_a_question_about_help_that_could_not_be_said_sends_the_call() -> None:
    assert len(hold([MAYBE_HELP], plays=[True, False]).calls) == 1


def test_the_emergency_is_written_down_before_it_is_asked_about() -> None:
    talk = hold([MAYBE_HELP, NO, YES])
    (kept,) = [each.check_in for each in talk.actions if isinstance(each, Keep)]
    assert kept.intent is Intent.emergency
    asked = talk.actions.index(Say((Prompt.confirm_help,)))
    assert isinstance(talk.actions[asked - 1], Keep)


@pytest.mark.parametrize("replies", [[NO], [TELEVISION, NO], [ALL_RIGHT, ALL_RIGHT]])
def test_a_plain_no_lets_the_call_go_and_asks_whether_one_is_well(replies: list[Meant | Nothing]) -> None:
    talk = hold([MAYBE_HELP, *replies, YES])
    assert talk.calls == []
    assert Prompt.confirm_fine in talk.prompts
    assert talk.check_in.intent is Intent.fine


def test_whoever_needs_no_help_and_says_no_more_is_told_of_as_unwell() -> None:
    assert hold([MAYBE_HELP, NO, SILENCE]).check_in.intent is Intent.unwell
    assert hold([MAYBE_HELP, UNWELL_AND_NO]).check_in.intent is Intent.unwell


def test_a_no_with_words_as_doubtful_as_before_has_to_come_twice() -> None:
    no_and_doubtful = replace(MAYBE_HELP, yes=False)
    assert len(hold([MAYBE_HELP, no_and_doubtful]).calls) == 1
    assert hold([MAYBE_HELP, no_and_doubtful, no_and_doubtful]).calls == []
    assert len(hold([MAYBE_HELP, replace(HELP, yes=False)]).calls) == 1


def test_a_second_sign_of_distress_goes_out_without_another_question() -> None:
    assert len(hold([MAYBE_HELP, NO, MAYBE_HELP]).calls) == 1


def test_doubtful_distress_among_the_further_questions_is_asked_about_and_a_no_leaves_the_good_answer() -> (
    None
):
    assert len(hold([FINE, SILENCE, MAYBE_HELP], start=CURIOUS).calls) == 1
    talk = hold([FINE, SILENCE, MAYBE_HELP, NO], start=CURIOUS)
    assert talk.calls == []
    assert talk.check_in.intent is Intent.fine


def test_a_mistake_is_taken_back_after_one_more_question() -> None:
    talk = hold([HELP, MISTAKE, YES])
    sent = talk.actions.index(Emit(talk.calls[0]))
    assert talk.recalls == [Recall(event=f"id-{sent + 1}")]
    assert talk.prompts[-1] == Prompt.recalled


def test_a_mistake_that_is_not_confirmed_takes_nothing_back() -> None:
    for reply in (NO, SILENCE, TELEVISION, HELP, replace(YES, clear=False)):
        talk = hold([HELP, MISTAKE, reply])
        assert talk.recalls == []
        assert talk.prompts[-1] == Prompt.help_stays


def test_a_broken_loudspeaker_does_not_stop_a_call_for_help() -> None:
    talk = hold([HELP], plays=[True, False, False, False], delivered=[False, False, True])
    assert len(talk.calls) == 1
    assert talk.finished


SLEPT, TROUBLED = ExtraQuestion("slept", worrying=False), ExtraQuestion("troubled", worrying=True)
EXTRAS = (SLEPT, TROUBLED)
CURIOUS = replace(MORNING, extras=EXTRAS)
WELL = (Intent.fine, Intent.as_usual)


def test_further_questions_are_asked_of_somebody_well_and_come_with_the_check_in() -> None:
    talk = hold([FINE, SILENCE, YES, YES], start=CURIOUS)
    assert talk.prompts[3:] == [Prompt.extras_intro, "slept", "troubled", Prompt.thanks]
    assert talk.check_in.extras == [
        ExtraAnswer(question="slept", answer="yes"),
        ExtraAnswer(question="troubled", answer="yes", worrying=True),
    ]
    assert hold([FINE, SILENCE, NO, NO], start=CURIOUS).check_in.extras == [
        ExtraAnswer(question="slept", answer="no", worrying=True),
        ExtraAnswer(question="troubled", answer="no"),
    ]
    for not_well in ([UNWELL], [SILENCE], [said(Intent.declined, "今はええわ")]):
        assert hold(not_well, start=CURIOUS).check_in.extras == []


def test_the_good_answer_is_kept_before_the_further_questions_begin() -> None:
    talk = hold([FINE, SILENCE, YES, YES], start=CURIOUS)
    kept = talk.actions.index(Keep(replace_extras(talk.check_in)))
    assert kept < talk.actions.index(Say((Prompt.extras_intro, "slept")))


def replace_extras(check_in: CheckIn) -> CheckIn:
    return msgspec.structs.replace(check_in, extras=[])


def test_a_further_question_is_asked_twice_at_most_and_silence_ends_them() -> None:
    talk = hold([FINE, SILENCE, TELEVISION, TELEVISION, SILENCE], start=CURIOUS)
    assert talk.prompts.count("slept") == 2
    assert [each.answer for each in talk.check_in.extras] == ["unclear", "no_answer"]
    silent = hold([FINE, SILENCE, SILENCE], start=CURIOUS)
    assert [each.answer for each in silent.check_in.extras] == ["no_answer"]
    refused = hold([FINE, SILENCE, said(Intent.declined, "もうええ")], start=CURIOUS)
    assert "troubled" not in refused.prompts
    assert refused.check_in.intent is Intent.fine


def test_a_microphone_that_dies_in_the_further_questions_says_nothing_about_the_person() -> None:
    for deaf in (DEAF, MUTED):
        talk = hold([FINE, SILENCE, deaf], start=CURIOUS)
        assert (talk.check_in.intent, talk.check_in.extras) == (Intent.fine, [])
    assert hold([FINE], start=CURIOUS, plays=[True, True, False]).check_in.intent is Intent.fine


def test_what_is_wrong_after_all_outweighs_the_good_answer() -> None:
    talk = hold([FINE, SILENCE, said(Intent.pain, "痛うて眠れんかった", yes=False)], start=CURIOUS)
    assert talk.check_in.intent is Intent.pain
    assert talk.check_in.extras == [ExtraAnswer(question="slept", answer="no", worrying=True)]
    assert talk.prompts[-1] == Prompt.pain_noted
    assert len(hold([FINE, SILENCE, HELP], start=CURIOUS).calls) == 1


REPLIES = st.one_of(
    st.builds(Nothing, st.sampled_from(["no_sound", "no_words", "muted", "mic_fault"])),
    st.builds(
        Meant,
        intent=st.sampled_from(Intent),
        confidence=st.floats(0, 1),
        certain=st.booleans(),
        text=st.text(max_size=8),
        clear=st.booleans(),
        yes=st.sampled_from([True, False, None]),
        takes_back=st.booleans(),
        delay_ms=st.none() | st.integers(0, 9000),
    ),
)
STARTS = st.builds(
    Start,
    slot=st.just("2026-11-24/morning"),
    attempt=st.integers(1, 4),
    greeting=st.just(Prompt.good_day),
    question=st.just("how_are_you"),
    last=st.booleans(),
    share_text=st.booleans(),
    extras=st.sampled_from([(), EXTRAS]),
)
LONG = st.lists(REPLIES, max_size=30)
BITS = st.lists(st.booleans(), max_size=30)


@settings(deadline=None)
@given(LONG, STARTS, BITS, BITS)
def test_every_asking_ends_with_exactly_one_check_in(
    replies: list[Meant | Nothing], start: Start, plays: list[bool], delivered: list[bool]
) -> None:
    talk = hold(replies, start=start, plays=plays, delivered=delivered)
    assert talk.finished
    assert talk.check_in.slot == start.slot
    assert talk.check_in.attempts == start.attempt


@settings(deadline=None)
@given(LONG, STARTS, BITS, BITS)
def test_nobody_is_fine_without_an_understood_fine(
    replies: list[Meant | Nothing], start: Start, plays: list[bool], delivered: list[bool]
) -> None:
    talk = hold(replies, start=start, plays=plays, delivered=delivered)
    if talk.check_in.intent not in (Intent.fine, Intent.as_usual):
        return
    asking = talk.actions[: next(n for n, each in enumerate(talk.actions) if isinstance(each, Emit))]
    # What was said before the further questions, each with the sentence it answered.
    turns: list[tuple[tuple[str, ...], Meant | Nothing]] = []
    said_last: tuple[str, ...] = ()
    remaining = iter([*replies, *[SILENCE] * 30])
    for action in asking:
        if isinstance(action, Say):
            said_last = action.prompts
        elif isinstance(action, Listen) and action.extra is None:
            turns.append((said_last, next(remaining)))
    prompts, reply = turns[-1]
    plainly_fine = [
        each
        for _, each in turns
        if isinstance(each, Meant) and each.certain and each.clear and each.intent in WELL
    ]
    if isinstance(reply, Nothing):
        assert prompts == (Prompt.read_back_fine,)
        assert reply.kind in ("no_sound", "no_words")
        assert plainly_fine
    elif prompts[-1] == Prompt.confirm_fine:
        assert reply.clear
        assert reply.yes or len(plainly_fine) >= 2
    elif prompts == (Prompt.read_back_fine,):
        assert reply.yes
        assert reply.clear
    else:
        assert len(plainly_fine) >= 2, "a fine of its own words was never read back"


@settings(deadline=None)
@given(LONG, STARTS, BITS, BITS)
def test_distress_at_any_point_goes_out_or_is_asked_about_before_anything_else(
    replies: list[Meant | Nothing], start: Start, plays: list[bool], delivered: list[bool]
) -> None:
    talk = hold(replies, start=start, plays=plays, delivered=delivered)
    listens = [position for position, action in enumerate(talk.actions) if isinstance(action, Listen)]
    asked = Say((Prompt.confirm_help,))
    for position, reply in zip(listens, replies, strict=False):
        if isinstance(reply, Meant) and reply.intent is Intent.emergency:
            following = talk.actions[position + 1]
            if reply.certain or (asked in talk.actions[:position] and reply.yes is not False):
                assert isinstance(following, Emit)
                assert isinstance(following.body, Sos)
                break
            if asked not in talk.actions[:position]:
                assert isinstance(following, Keep)
                assert talk.actions[position + 2] == asked
    else:
        if asked not in talk.actions:
            assert talk.calls == []


@settings(deadline=None)
@given(st.lists(REPLIES, max_size=8), STARTS, BITS, BITS)
def test_only_a_plain_no_after_the_question_about_help_lets_a_call_go(
    replies: list[Meant | Nothing], start: Start, plays: list[bool], delivered: list[bool]
) -> None:
    talk = hold([MAYBE_HELP, *replies], start=start, plays=[True, *plays], delivered=delivered)
    if not talk.calls:
        clear = [each for each in replies if isinstance(each, Meant) and each.clear]
        assert any(each.yes is False or each.certain for each in clear)


@settings(deadline=None)
@given(LONG, STARTS, BITS, BITS)
def test_without_consent_no_word_leaves_the_home(
    replies: list[Meant | Nothing], start: Start, plays: list[bool], delivered: list[bool]
) -> None:
    talk = hold(replies, start=replace(start, share_text=False), plays=plays, delivered=delivered)
    assert talk.check_in.text is None
    assert all(call.text is None for call in talk.calls)
