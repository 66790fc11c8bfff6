"""How many questions the checks against the solver look at."""

import pytest


@pytest.fixture
def questions(request) -> int:
    """Questions per module, level and split."""
    return int(request.config.getoption("--questions"))
