"""The light shows what matters most, each state differently, and files that would confuse are refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.refusal import Refused
from device.panel.lights import PATIENCE_SECONDS, BoxFacts, LightState, light_for
from device.panel.settings import PACKAGED, load_panel_settings

FACTS = st.builds(
    BoxFacts,
    help_under_way=st.booleans(),
    listening=st.booleans(),
    asking=st.booleans(),
    muted=st.booleans(),
    fault=st.booleans(),
    waiting_seconds=st.floats(0, 1000),
    delivered_seconds=st.none() | st.floats(0, 1000),
    attentive=st.booleans(),
)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (BoxFacts(), LightState.idle),
        (BoxFacts(help_under_way=True, listening=True, muted=True), LightState.help_under_way),
        (BoxFacts(listening=True, asking=True), LightState.listening),
        (BoxFacts(asking=True, fault=True), LightState.asking),
        (BoxFacts(muted=True, fault=True), LightState.muted),
        (BoxFacts(fault=True, waiting_seconds=90), LightState.fault),
        (BoxFacts(waiting_seconds=90, delivered_seconds=2), LightState.not_delivered),
        (BoxFacts(waiting_seconds=5, delivered_seconds=2), LightState.delivered),
        (BoxFacts(delivered_seconds=60), LightState.idle),
        (BoxFacts(attentive=True), LightState.attentive),
    ],
)
def test_what_matters_most_is_shown(facts: BoxFacts, state: LightState) -> None:
    assert light_for(facts) is state


@given(FACTS)
def test_a_call_that_is_not_confirmed_never_looks_like_anything_else(facts: BoxFacts) -> None:
    assert (light_for(facts) is LightState.help_under_way) == facts.help_under_way


@given(FACTS)
def test_idle_means_that_nothing_is_wrong(facts: BoxFacts) -> None:
    if light_for(facts) is LightState.idle:
        assert facts.waiting_seconds < PATIENCE_SECONDS
        assert not any((facts.fault, facts.muted, facts.help_under_way, facts.listening))


def test_every_state_has_a_light_of_its_own() -> None:
    lights = load_panel_settings().lights
    assert {getattr(lights, state) for state in LightState} == {
        getattr(lights, name) for name in lights.__struct_fields__
    }


def test_whoever_cannot_tell_red_yellow_and_green_apart_sees_different_rhythms() -> None:
    lights = [getattr(load_panel_settings().lights, state) for state in LightState]
    rhythms = [(light.on, light.off) for light in lights if light.color in ("red", "yellow", "green")]
    assert len(set(rhythms)) == len(rhythms)


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        (('help_from = "3 s"', 'help_from = "500 ms"'), "[button]", "この順に長く"),
        (('color = "red"', 'color = "pink"'), 'color = "pink"', "pink"),
        (('off = "300 ms"', ""), "[lights.asking]", "両方そろえて"),
        (('"30 min"', '"30 apples"'), "at_most_every", "30 apples"),
    ],
)
def test_a_wrong_panel_file_is_refused_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: str, what: str
) -> None:
    text = PACKAGED.read_text(encoding="utf-8").replace(*change)
    path = tmp_path / "panel.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=what) as refusal:
        load_panel_settings(path)
    numbers = [number for number, each in enumerate(text.splitlines(), 1) if each.startswith(line)]
    assert any(f" {number} 行目" in str(refusal.value) for number in numbers)


def test_two_states_that_look_alike_are_refused_by_name(tmp_path: Path) -> None:
    text = PACKAGED.read_text(encoding="utf-8").replace(
        '[lights.delivered]\ncolor = "green"', '[lights.delivered]\ncolor = "blue"'
    )
    path = tmp_path / "panel.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=r"\[lights.listening\] と \[lights.delivered\] が同じ光です"):
        load_panel_settings(path)
