"""Sounds made at test time: rooms, noises, and what is no speech though it sounds."""

import numpy as np
import numpy.typing as npt

from device.listen.microphone import RATE, Samples

Floats = npt.NDArray[np.float64]


def quiet_room(seconds: float, seed: int = 1, level: float = 20.0) -> Samples:
    """A room in which nobody is: a hiss of -64 dB of full scale."""
    hiss = np.random.default_rng(seed).normal(0.0, level, round(seconds * RATE))
    return np.rint(hiss).astype(np.int16)


def in_a_quiet_room(samples: Samples) -> Samples:
    """The same sound with a room's hiss under it."""
    return mixed(samples, quiet_room(samples.size / RATE))


def mixed(*sounds: Samples) -> Samples:
    """Sounds on top of each other, as long as the longest."""
    total = np.zeros(max(sound.size for sound in sounds), dtype=np.float64)
    for sound in sounds:
        total[: sound.size] += sound
    return np.clip(np.rint(total), -32768, 32767).astype(np.int16)


def scaled(sound: Floats, peak: float) -> Samples:
    """Floats of any size as int16 with the given peak, 0 to 1."""
    samples: Samples = np.rint(sound / np.abs(sound).max() * peak * 32767).astype(np.int16)
    return samples


def junk(seconds: float = 4.0) -> dict[str, Samples]:
    """What a living room sounds like when nobody speaks: name and sound, each `seconds` long."""
    count = round(seconds * RATE)
    time = np.arange(count) / RATE
    made: dict[str, Samples] = {}
    for level in (0.003, 0.03, 0.2):
        rng = np.random.default_rng(round(level * 1000))
        white = rng.normal(0.0, 1.0, count)
        made[f"hiss {level}"] = scaled(white, level)
        made[f"rumble {level}"] = scaled(np.cumsum(white) - np.linspace(0, white.sum(), count), level)
        made[f"mains hum {level}"] = scaled(
            np.sin(2 * np.pi * 60 * time) + 0.3 * np.sin(2 * np.pi * 180 * time), level
        )
        made[f"kettle {level}"] = scaled(
            np.sin(2 * np.pi * 2300 * time + np.sin(2 * np.pi * 5 * time)), level
        )
    made["knocks"] = _bursts(count, every=0.5, lasting=0.03, frequency=180)
    made["dishes"] = _bursts(count, every=0.3, lasting=0.05, frequency=3100)
    made["steps"] = _bursts(count, every=0.8, lasting=0.08, frequency=70)
    made["clock"] = _bursts(count, every=1.0, lasting=0.01, frequency=2000)
    made["door bell"] = _tones([784.0, 622.0], count)
    made["telephone"] = scaled(np.sin(2 * np.pi * 1000 * time) * (np.sin(2 * np.pi * 8 * time) > 0), 0.3)
    made["piano"] = _tones([261.6, 329.6, 392.0, 523.3, 392.0, 329.6], count)
    made["siren"] = scaled(
        np.sin(2 * np.pi * np.cumsum(700 + 250 * np.sin(2 * np.pi * 0.5 * time)) / RATE), 0.3
    )
    return made


def _bursts(count: int, every: float, lasting: float, frequency: float) -> Samples:
    """Short decaying knocks, loud."""
    knock_time = np.arange(round(lasting * RATE)) / RATE
    knock = np.exp(-knock_time / (lasting / 4)) * np.sin(2 * np.pi * frequency * knock_time)
    sound = np.zeros(count)
    for start in range(0, count - knock.size, round(every * RATE)):
        sound[start : start + knock.size] += knock
    return scaled(sound, 0.6)


def _tones(frequencies: list[float], count: int) -> Samples:
    """One struck tone after the other, half a second each."""
    note_time = np.arange(RATE // 2) / RATE
    notes = [
        np.exp(-note_time * 4)
        * (np.sin(2 * np.pi * each * note_time) + 0.4 * np.sin(4 * np.pi * each * note_time))
        for each in frequencies
    ]
    melody = np.concatenate(notes)
    return scaled(np.tile(melody, -(-count // melody.size))[:count], 0.4)
