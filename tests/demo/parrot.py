"""A recognizer for tests of everything around the words: whenever somebody speaks, it hears 「はい、元気です」."""

from device.listen.microphone import Samples
from device.listen.recognizer import Decoder, Recognizer, Words


class Parrot(Recognizer):
    def _decoder(self) -> Decoder:
        return _ParrotDecoder()


class _ParrotDecoder:
    def accept(self, samples: Samples) -> None: ...

    def pause(self) -> None: ...

    def finish(self) -> Words:
        return Words("はい、元気です", 0.9)
