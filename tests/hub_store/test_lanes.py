"""Calls for help overtake; whoever brings too much waits."""

import threading

from hub.lanes import Lanes

PATIENCE = 10.0


def test_calls_for_help_are_taken_first_and_never_mixed() -> None:
    lanes: Lanes[str] = Lanes(10)
    for word in ("a", "b", "c"):
        lanes.put(word)
    lanes.put("help", urgent=True)
    assert lanes.take(2, 0) == (["help"], True)
    assert lanes.take(2, 0) == (["a", "b"], False)
    assert lanes.take(2, 0) == (["c"], False)
    assert lanes.take(2, 0) == ([], False)


def test_more_is_taken_until_it_is_enough_or_somebody_calls_for_help() -> None:
    lanes: Lanes[str] = Lanes(10)
    for word in ("a", "b", "c"):
        lanes.put(word)
    assert lanes.take_more(2, lambda: False) == ["a", "b"]
    assert lanes.take_more(2, lambda: True) == []
    lanes.put("help", urgent=True)
    assert lanes.take_more(2, lambda: False) == []
    assert lanes.take(2, 0) == (["help"], True)
    assert lanes.take_more(2, lambda: False) == ["c"]


def test_who_waits_for_more_is_told_that_it_is_enough() -> None:
    lanes: Lanes[str] = Lanes(10)
    enough = threading.Event()
    answers: list[list[str]] = []
    waiting = threading.Thread(target=lambda: answers.append(lanes.take_more(2, enough.is_set)))
    waiting.start()
    enough.set()
    lanes.ring()
    waiting.join(PATIENCE)
    assert answers == [[]]


def test_what_could_not_be_worked_off_goes_back_to_the_head() -> None:
    lanes: Lanes[str] = Lanes(10)
    for word in ("a", "b", "c"):
        lanes.put(word)
    taken, urgent = lanes.take(2, 0)
    lanes.put_back(taken, urgent=urgent)
    assert lanes.take(9, 0) == (["a", "b", "c"], False)


def test_a_full_lane_makes_wait_but_not_a_call_for_help() -> None:
    lanes: Lanes[int] = Lanes(2)
    lanes.put(1)
    lanes.put(2)
    assert lanes.offer(3) is False
    assert lanes.put(99, urgent=True)
    in_time = threading.Event()

    def bring() -> None:
        lanes.put(3)
        in_time.set()

    waiting = threading.Thread(target=bring)
    waiting.start()
    assert not in_time.is_set()
    assert lanes.take(9, PATIENCE) == ([99], True)
    assert lanes.take(9, PATIENCE) == ([1, 2], False)
    assert in_time.wait(PATIENCE)
    waiting.join()
    assert len(lanes) == 1


def test_closing_lets_everybody_go() -> None:
    lanes: Lanes[int] = Lanes(1)
    lanes.put(1)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(lanes.put(2)))
    waiting.start()
    lanes.close()
    waiting.join(PATIENCE)
    assert answers == [False]
    assert lanes.put(3, urgent=True) is False
