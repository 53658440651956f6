"""One big button: short, long, long-long and held are told apart, and a call for help is never anything else."""

from hypothesis import given
from hypothesis import strategies as st

from device.panel.press import PressReader, Sign
from device.panel.settings import load_panel_settings

BUTTON = load_panel_settings().button
LONG = BUTTON.long_from.total_seconds()
HELP = BUTTON.help_from.total_seconds()
AGAIN = BUTTON.again_within.total_seconds()
IGNORED = BUTTON.ignore_below.total_seconds()

Signs = list[tuple[Sign, float]]


def press(*spans: tuple[float, float], until: float | None = None) -> Signs:
    """What presses of (pause before, held for) seconds come to mean, and when; looked at exactly when asked to."""
    reader = PressReader(BUTTON)
    signs: Signs = []

    def look_until(end: float) -> None:
        while (at := reader.look_at) is not None and at <= end:
            found = reader.tick(at)
            assert found, "asked to be looked at for nothing"
            signs.extend((sign, at) for sign in found)

    now = 0.0
    for pause, held in spans:
        look_until(now + pause)
        now += pause
        signs.extend((sign, now) for sign in reader.down(now))
        look_until(now + held)
        now += held
        signs.extend((sign, now) for sign in reader.up(now))
    look_until(now + 60.0 if until is None else until)
    assert until is not None or not reader.busy
    return signs


def meant(signs: Signs) -> list[Sign]:
    return [sign for sign, _ in signs if sign not in (Sign.hold_on, Sign.once_more)]


def test_a_short_press_is_fine_at_once() -> None:
    assert press((1.0, 0.3)) == [(Sign.fine, 1.3)]


def test_a_slow_finger_is_fine_too_once_no_second_press_follows() -> None:
    assert press((0.0, 2.0)) == [(Sign.hold_on, LONG), (Sign.once_more, 2.0), (Sign.fine, 2.0 + AGAIN)]


def test_holding_calls_for_help_while_the_button_is_still_down_and_says_so_before() -> None:
    assert press((0.0, 60.0)) == [(Sign.hold_on, LONG), (Sign.help, HELP)]


def test_two_long_presses_try_the_button_out_and_call_nobody() -> None:
    assert meant(press((0.0, 1.5), (1.0, 1.5))) == [Sign.test]


def test_a_long_press_and_a_held_one_are_help_and_no_test() -> None:
    assert meant(press((0.0, 1.5), (1.0, 20.0))) == [Sign.help]


def test_a_long_press_and_a_short_one_are_fine_once() -> None:
    assert meant(press((0.0, 1.5), (1.0, 0.2))) == [Sign.fine]


def test_two_long_presses_far_apart_are_fine_twice() -> None:
    assert meant(press((0.0, 1.5), (AGAIN + 1, 1.5))) == [Sign.fine, Sign.fine]


def test_hammering_with_a_hold_at_the_end_is_help() -> None:
    assert meant(press(*[(0.1, 0.2)] * 5, (0.1, 5.0)))[-1] is Sign.help


def test_a_bouncing_spring_is_nothing() -> None:
    assert press((0.0, IGNORED / 2)) == []


def test_a_panel_that_was_asleep_while_the_button_was_held_still_calls() -> None:
    reader = PressReader(BUTTON)
    reader.down(0.0)
    assert reader.up(HELP + 1) == [Sign.hold_on, Sign.help]


presses = st.lists(st.tuples(st.floats(0.0, 9.0), st.floats(0.0, 9.0)), max_size=8)


@given(presses)
def test_every_hold_calls_once_at_its_time_and_nothing_else_ever_calls(
    spans: list[tuple[float, float]],
) -> None:
    held_from, now = [], 0.0
    for pause, held in spans:
        if now + pause + held >= now + pause + HELP:
            held_from.append(now + pause)
        now = now + pause + held
    calls = [at for sign, at in press(*spans) if sign is Sign.help]
    assert calls == [at + HELP for at in held_from]


@given(presses)
def test_no_press_means_two_things_and_every_long_one_means_something(
    spans: list[tuple[float, float]],
) -> None:
    signs = meant(press(*spans))
    real = [held for _, held in spans if held >= IGNORED + 1e-6]
    tests = signs.count(Sign.test)
    assert len(signs) + tests <= len([held for _, held in spans if held > 0])
    # A test takes two presses, and a long press before a short or a held one is part of that.
    longs = sum(LONG - 1e-6 <= held < HELP + 1e-6 for held in real)
    assert len(signs) >= len(real) - longs
