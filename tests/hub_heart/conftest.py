"""The town of these tests."""

import pytest

from tests.hub_heart.town import Town


@pytest.fixture
def town() -> Town:
    """Monday noon, nobody lives here yet."""
    return Town()
