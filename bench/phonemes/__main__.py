"""`python -m bench.phonemes`: teaches the second ear anew and replaces `device/listen/phonemes/head.npz`.

Needs the packages of `pip install 'mimamori[training]'` (lock/training.txt). Sounds and lessons are drawn with seeds.
"""

import argparse
import os
import sys
from pathlib import Path

from bench.phonemes.saying import NATURAL, say
from bench.phonemes.teach import Course, fit
from device.listen.phonemes.head import FILE, PhonemeHead


def main() -> None:
    """Say, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plain", type=int, default=8000, help="sounds in Open JTalk's voice")
    parser.add_argument("--natural", type=int, default=3000, help="sounds in Kokoro's")
    parser.add_argument("--epochs", type=int, default=Course().epochs)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--to", type=Path, default=FILE)
    asked = parser.parse_args()
    seeds = [*range(asked.plain), *range(NATURAL, NATURAL + asked.natural)]
    lessons = list(say(seeds, asked.processes))
    weights = fit(lessons, Course(epochs=asked.epochs), lambda line: print(line, file=sys.stderr))
    PhonemeHead(weights).write(asked.to)


if __name__ == "__main__":
    main()
