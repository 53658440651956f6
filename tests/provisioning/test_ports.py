"""A port that is kept is nobody else's: not another server's of ours, nor the near end of anybody's connection."""

import os
import socket
import subprocess
import sys

import pytest

from provisioning import ports
from provisioning.ports import LOOPBACK, Port

BELOW_OURS = range(10_000, ports.LOWEST)
"""Where nobody who asks for a port of ours while a test runs gets one."""
PATIENCE = 30.0
ANOTHER_PROGRAM = """
import sys
from provisioning import ports
ports._range = lambda: range(int(sys.argv[1]), int(sys.argv[1]) + 1)
held = ports.Port()
print(held.number, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A few that are free, as the only ones there are."""
    monkeypatch.setattr(ports, "_range", lambda: BELOW_OURS)
    free = sorted(one.number for one in [Port() for _ in range(4)])
    monkeypatch.setattr(ports, "_range", lambda: free)
    return free


def test_no_two_have_the_same_though_nobody_listens_yet(few: list[int]) -> None:
    held = [Port() for _ in few]
    assert sorted(one.number for one in held) == few
    with pytest.raises(Exception, match="空いているポートがありません"):
        Port()


def test_one_given_back_is_the_next_ones(few: list[int]) -> None:
    held = [Port() for _ in few]
    held[0].give_back()
    held[0].give_back()
    assert Port().number == held[0].number


def test_one_that_nobody_remembers_is_the_next_ones(few: list[int]) -> None:
    numbers = [Port().number for _ in range(10 * len(few))]
    assert set(numbers) <= set(few)


def test_one_at_which_somebody_listens_is_passed_by(few: list[int]) -> None:
    with socket.create_server((LOOPBACK, few[0])):
        assert few[0] not in [Port().number for _ in few[1:]]


def test_another_program_passes_by_what_is_kept_here_and_takes_it_when_this_one_has_died(
    few: list[int],
) -> None:
    command = [sys.executable, "-c", ANOTHER_PROGRAM, str(few[0])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert int(other.stdout.readline()) == few[0]
        assert few[0] not in [Port().number for _ in few[1:]]
        other.kill()
        other.wait(PATIENCE)
    held = [Port() for _ in few]
    assert few[0] in [one.number for one in held]


def test_no_outgoing_connection_gets_one() -> None:
    """What the system gives away begins above ours, unless somebody has told it otherwise."""
    if not os.access(ports._GIVEN_AWAY, os.R_OK):
        pytest.skip("this system does not say which ports it gives away")
    first, last = map(int, ports._GIVEN_AWAY.read_text(encoding="ascii").split())
    if first <= ports.LOWEST + 1000:
        pytest.skip("this system gives away nearly all of its ports")
    assert not first <= Port().number <= last
