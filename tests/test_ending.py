"""A service ends when it is told to, at whatever instruction the signal finds it."""

import subprocess
import sys

MANY_SIGNALS = """
import random, signal
from mimamori.ending import Ending

ending = Ending([signal.SIGALRM])
for _ in range(50_000):
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-5))
    ending.wait()
"""
EARLY_SIGNALS = """
import os, signal
from mimamori.ending import Ending

ending = Ending()
for _ in range(100_000):  # more than a pipe holds
    os.kill(os.getpid(), signal.SIGTERM)
ending.wait()
"""


def ends(program: str) -> bool:
    return subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0


def test_a_signal_just_before_the_wait_is_heard() -> None:
    # With an Event, or a pipe that Python's handler writes to, it stood still within some thousand rounds.
    assert ends(MANY_SIGNALS)


def test_signals_that_come_before_the_wait_are_not_lost() -> None:
    assert ends(EARLY_SIGNALS)
