"""Sentences reach the loudspeaker at the resident's own pace and volume, or are known not to have."""

import numpy as np
import pytest

from contract.commands import Command, CommandKind
from contract.events import Outcome
from device.speak.loudspeaker import SpeakerFault
from device.speak.openjtalk import OpenJTalkVoice
from device.steps import AskingEnded, Connected, NotPlayed, Said
from device.talk.mouth import Mouth, Unspeakable
from tests.device.conftest import Box
from tests.device.home import Beeper, Loudspeaker
from tests.device.hub_stand_in import HubStandIn, changed
from tests.device.test_speaker import MORNING


def test_plainly_is_slower_and_louder() -> None:
    voice, loudspeaker = Beeper(), Loudspeaker()
    mouth = Mouth(voice, loudspeaker)
    mouth.rate, mouth.volume = 1.0, 0.5
    mouth.say(["はい"])
    assert (voice.rates["はい"], int(loudspeaker.clips[-1].samples[0])) == (1.0, 5000)
    mouth.say(["はい"], plainly=True)
    assert (voice.rates["はい"], int(loudspeaker.clips[-1].samples[0])) == (0.8, 6250)


def test_louder_never_wraps_round() -> None:
    voice, loudspeaker = Beeper(), Loudspeaker()
    mouth = Mouth(voice, loudspeaker)
    mouth.volume = 1.0
    mouth.say(["はい"], plainly=True)
    assert np.all(loudspeaker.clips[-1].samples == 10_000)


def test_a_volume_nobody_can_hear_is_not_played() -> None:
    loudspeaker = Loudspeaker()
    mouth = Mouth(Beeper(), loudspeaker)
    mouth.volume = 0.0
    with pytest.raises(SpeakerFault, match="volume"):
        mouth.say(["はい"])
    assert loudspeaker.clips == []


def test_signs_alone_are_unspeakable_for_the_real_voice() -> None:
    mouth = Mouth(OpenJTalkVoice(), Loudspeaker())
    for text in ("・・・", "!!!", "😀"):
        with pytest.raises(Unspeakable):
            mouth.say([text])
        mouth.prepare(text)


def test_an_announcement_of_signs_alone_ends_nothing(hub: HubStandIn, box: Box) -> None:
    box.voice = OpenJTalkVoice()
    box.switch_on()
    box.watcher.wait_for(Connected)
    hub.order("sato-1", Command(id="c1", kind=CommandKind.say, text="・・・"))
    hub.order("sato-1", Command(id="c2", kind=CommandKind.say, text="はい。"))
    assert box.watcher.wait_for(Said).text == "はい。"
    assert box.watcher.all(NotPlayed) == [NotPlayed("・・・")]


def test_a_configured_volume_of_nothing_is_not_played(hub: HubStandIn, box: Box) -> None:
    hub.configure("sato-1", changed(MORNING, volume=0.0))
    box.switch_on()
    box.watcher.wait_for(Connected)
    hub.order("sato-1", Command(id="c1", kind=CommandKind.ask_now))
    assert box.watcher.wait_for(AskingEnded).check_in.outcome is Outcome.not_played
