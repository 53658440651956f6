"""Another ladder on what really happened: how many calls and visits it would have caused, whom it would have kept waiting.

`history.read` takes the records of people out of the store and `boxes.read` those of their speakers. `replay.replay` walks
one home through the first under one policy, `repairs.replay_repairs` the town's speakers through the second, and
`compare.try_out` sets two policies side by side. Nothing is written.
"""

from hub.trial.compare import BoxComparison, Comparison, Delay, Tally, Trial, try_out
from hub.trial.telling import told

__all__ = ["BoxComparison", "Comparison", "Delay", "Tally", "Trial", "told", "try_out"]
