"""The small world for tests of pages, rolled back after each."""

import pytest
from tests.support.world import World, build


@pytest.fixture
def world(db: None) -> World:
    """Two schools, and an account for each role."""
    return build()
