"""What one sound may have said: words proposed by a recognizer, sounds proposed by the second ear, weighed together."""

from collections.abc import Iterable

import numpy as np

from device.listen.phonemes.head import Encoded, PhonemeHead, fits, heard

SOUNDED = 5
"""So many spellings by sound are proposed."""
WORDS_GAIN = 6.0
"""A proposal in words counts e^6 times as likely as its sounds alone: words were said, not syllables, and a person
reads them better. Measured beside 0, 3 and 10; decision 0114."""
TEMPERATURE = 4.0
"""What log likelihoods are divided by: neighbouring frames hear the same thing, so that they overstate a difference."""


def weigh(head: PhonemeHead, encoded: Encoded, spelled: Iterable[str]) -> dict[str, float]:
    """All that may have been said, likeliest first, with its likelihood beside the first one's, 0 to 1.

    `encoded` is the encoder's output for the answer alone, without the padding; `spelled` are the recognizer's words.
    """
    frames = head.listen(encoded)
    chances = dict(heard(frames, SOUNDED))
    for text in spelled:
        chances[text] = fits(frames, text) + WORDS_GAIN
    chances.pop("", None)
    likeliest = sorted(chances, key=lambda text: -chances[text])
    if not likeliest:
        return {}
    best = chances[likeliest[0]]
    return {text: float(np.exp((chances[text] - best) / TEMPERATURE)) for text in likeliest}
