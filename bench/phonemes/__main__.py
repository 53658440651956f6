"""`python -m bench.phonemes`: teaches the second ear anew and replaces `device/listen/phonemes/head.npz`.

Sounds and lessons are drawn with seeds: the same command on the same machine writes the same file.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.phonemes.checking import error
from bench.phonemes.saying import FRESH, NATURAL, say
from bench.phonemes.teach import Course, fit
from contract.refusal import Refused
from device.listen.phonemes.head import FILE, PhonemeHead


def main(arguments: Sequence[str] | None = None) -> None:
    """Say, fit, write; raise `Refused` before anything is said if it would be for nothing."""
    parser = argparse.ArgumentParser(prog="python -m bench.phonemes", description=__doc__)
    parser.add_argument("--plain", type=int, default=8000, help="sounds in Open JTalk's voice")
    parser.add_argument("--natural", type=int, default=3000, help="sounds in Kokoro's")
    parser.add_argument("--epochs", type=int, default=Course().epochs)
    parser.add_argument(
        "--hidden", type=int, default=Course().hidden, help="numbers a frame has between the layers"
    )
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument(
        "--check", type=int, default=100, help="other sounds in Open JTalk's voice, to compare"
    )
    parser.add_argument("--to", type=Path, default=FILE)
    asked = parser.parse_args(arguments)
    if not asked.to.parent.is_dir():
        raise Refused(f"{asked.to.parent} というフォルダーがありません。")
    seeds = [*range(asked.plain), *range(NATURAL, NATURAL + asked.natural)]
    lessons = list(say(seeds, asked.processes))
    if not lessons:
        raise Refused("教える音がありません。--plain か --natural を増やしてください。")
    course = Course(epochs=asked.epochs, hidden=asked.hidden)
    weights = fit(lessons, course, lambda line: print(line, file=sys.stderr))
    taught, shipped = PhonemeHead(weights), PhonemeHead.read()
    taught.write(asked.to)
    if fresh := list(say([*range(FRESH, FRESH + asked.check)], asked.processes)):
        print(f"phonemes wrong in {len(fresh)} other sounds: {error(taught, fresh):.3f}", end="")
        print(f", with the head that was there {error(shipped, fresh):.3f}")


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(str(refused))
