"""Another ladder on what really happened: how many calls and visits it would have caused, whom it would have kept waiting.

`history.read` takes the records out of the store, `replay.replay` walks one home through them under one policy, and
`compare.try_out` sets two policies side by side. Nothing is written.
"""

from hub.trial.compare import Delay, Tally, Trial, try_out
from hub.trial.telling import told

__all__ = ["Delay", "Tally", "Trial", "told", "try_out"]
