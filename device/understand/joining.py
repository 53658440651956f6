"""What an answer means that may have been one of several: the shares of each, weighed by how likely it was said."""

from collections.abc import Mapping, Sequence

from contract.events import Intent

Shares = Mapping[Intent, float]


def join(shares: Sequence[Shares], likelihoods: Sequence[float]) -> dict[Intent, float]:
    """The mean share of every intent, adding up to 1 if each of `shares` does; at least one likelihood above 0."""
    whole = sum(likelihoods)
    return {
        intent: sum(one[intent] * likely for one, likely in zip(shares, likelihoods, strict=True)) / whole
        for intent in Intent
    }
