"""P1 on a cluster: a worker and the node that leads the log are killed, and nothing acknowledged is missing."""

import pytest

from bench import cluster


@pytest.mark.timeout(600)
def test_nothing_is_lost_and_nothing_happens_twice_while_a_worker_and_the_leader_are_killed() -> None:
    figures = cluster.measure(events=2400, workers=2).figures
    assert figures["unacknowledged"] == 0
    assert (figures["lost"], figures["duplicated"], figures["missing_effects"]) == (0, 0, 0)
