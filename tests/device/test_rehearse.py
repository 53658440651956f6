"""`mimamori device --rehearse`: a whole dialogue at a desk; nothing is sent and nothing is left behind."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from contract.envelope import Event
from contract.events import CheckIn, Intent, Outcome, Recall, Sos
from device.rehearsal import rehearse
from device.steps import Step
from device.talk import help_call
from device.talk.prompts import load_prompts
from mimamori.rehearsal_console import NoLoudspeaker, RehearsalConsole, SilentVoice, TypedEar
from tests.clock import TravellingClock, office
from tests.device.home import PhraseBook


def typed(lines: Iterable[str]) -> TypedEar:
    left = iter(lines)

    def read(_: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    return TypedEar(read)


def hold(*lines: str, extras: Iterable[str] = (), line_up: bool = True) -> tuple[list[Event], list[Step]]:
    steps: list[Step] = []
    console = RehearsalConsole()

    def watch(step: Step) -> None:
        steps.append(step)
        console(step)

    made = rehearse(
        ear=typed(lines),
        voice=SilentVoice(),
        loudspeaker=NoLoudspeaker(),
        understanding=PhraseBook(),
        prompts=load_prompts(),
        clock=TravellingClock(office("2026-11-24 08:00")),
        on_step=watch,
        call_name="佐藤さん",
        extras=extras,
        line_up=line_up,
    )
    return made, steps


def test_every_step_is_shown_with_what_was_heard_understood_and_would_be_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made, _ = hold("元気です", "", "はい", extras=["slept"])
    (check_in,) = [event.body for event in made]
    assert isinstance(check_in, CheckIn)
    assert (check_in.slot, check_in.intent) == ("2026-11-24/rehearsal", Intent.fine)
    shown = capsys.readouterr().out
    for words in (
        "スピーカー「佐藤さん、おはようございます。お変わりありませんか。」",
        "聞き取り「元気です」",
        "理解: 元気",
        "スピーカー「お元気、ということですね。」",
        "聞き取りなし: 物音がしない",
        "よく眠れましたか",
        "結果: 応答がありました・元気",
        "練習なので送りません",
    ):
        assert words in shown, words


@pytest.mark.parametrize(
    ("line", "outcome"), [("", "no_sound"), ("/音", "no_words"), ("/消音", "muted"), ("/故障", "mic_fault")]
)
def test_silence_noise_a_switch_and_a_broken_microphone_can_be_tried(line: str, outcome: str) -> None:
    made, _ = hold(line, line)
    check_in = made[-1].body
    assert isinstance(check_in, CheckIn)
    assert check_in.outcome is Outcome(outcome)


def test_a_call_for_help_and_its_recall_can_be_tried() -> None:
    made, _ = hold("助けて、倒れた", "まちがい", "はい")
    assert [type(event.body) for event in made] == [Sos, CheckIn, Recall]


def test_a_dead_line_is_not_said_to_have_delivered_anything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(help_call, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(help_call, "NEXT_WAIT_SECONDS", 0.01)
    hold("助けて、倒れた", "", line_up=False)
    shown = capsys.readouterr().out
    assert "まだ伝わっていません" in shown
    assert "「伝わりました" not in shown


def test_the_end_of_the_input_ends_the_rehearsal_without_an_outcome() -> None:
    assert hold()[0] == []


def test_the_command_needs_no_configuration_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mimamori", "device", "--rehearse", "--typed"],
        input="/消音\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "マイクが切ってあります" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_further_question_that_nobody_wrote_and_a_missing_configuration_are_refused() -> None:
    for arguments, code, words in (
        (["--rehearse", "--typed", "--extras", "sang"], 1, "slept"),
        ([], 2, "--rehearse"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "mimamori", "device", *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code
        assert words in done.stderr
        assert "Traceback" not in done.stderr
