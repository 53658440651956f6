"""What a real box has beside its ear, voice and loudspeaker; a simulated one may have none of it."""

from dataclasses import dataclass, field

from device.health.vitals import Vitals
from device.listen.home_microphone import HomeMicrophone
from device.listen.kept_audio import AudioArchive
from device.listen.overhear import Overhearing
from device.listen.recognizer import Recognizer
from device.panel.panel import Panel
from device.panel.presses import Presses
from device.speak.last_resort import LastResort


@dataclass(frozen=True)
class Fittings:
    """Handed to the speaker by whoever assembles it."""

    presses: Presses = field(default_factory=Presses)
    vitals: Vitals = field(default_factory=Vitals)
    microphone: HomeMicrophone | None = None
    panel: Panel | None = None
    overhearing: Overhearing | None = None
    """To listen along for calls for help; needs a recognizer too."""
    recognizer: Recognizer | None = None
    voice: LastResort | None = None
    archive: AudioArchive | None = None
    """For answers kept with consent."""
