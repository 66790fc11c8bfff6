"""Settings of all tests."""

import os

import pytest
from hypothesis import settings

settings.register_profile("mathbench", deadline=None)  # a busy machine is no failure
settings.load_profile("mathbench")


def pytest_addoption(parser):
    parser.addoption(
        "--questions",
        default=6,
        type=int,
        help="school mathematics: questions per module, level and split that the independent solver answers; "
        "ten times as many rows of each split are compared",
    )


def absent(reason):
    """End a test that needs something which is not installed: skipped, or failed under MATHBENCH_SERVICES=1."""
    if os.environ.get("MATHBENCH_SERVICES") == "1":
        pytest.fail(f"{reason}; MATHBENCH_SERVICES=1 says that it is there.")
    pytest.skip(reason)
