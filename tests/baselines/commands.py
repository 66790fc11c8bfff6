"""Command lines as a user types them, on a dataset that is made in a moment."""

import pytest

from mathbench.cli import main

SMALL = [
    *("--digits", "2", "--train", "300", "--validation", "40", "--interpolate", "50", "--extrapolate", "50"),
]


def mathbench(*words):
    """Runs a command; returns its exit code."""
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


def trained(*words):
    """Trains, and neither submits nor draws; returns the exit code."""
    return mathbench("run-baseline", *words, "--no-submit", "--no-plots")
