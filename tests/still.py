"""The packaged policy with every home asked in the very minute that was agreed: tests name instants."""

from datetime import timedelta

import msgspec

from hub import policy as policies
from hub.policy import Policy


def still() -> Policy:
    """`policy.load()` without the shift of each home."""
    policy = policies.load()
    return msgspec.structs.replace(policy, watch=msgspec.structs.replace(policy.watch, jitter=timedelta()))
