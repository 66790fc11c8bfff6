"""A study whose networks are trained in a moment."""

from pathlib import Path

import pytest

from mathbench.studies.plan import StudyPlan
from mathbench.studies.study_file import parse_study

SMALL = """
name = "small"
title = "A small study"
seeds = 2

[sizes]
train = 300
validation = 40
interpolate = 50
extrapolate = 40

[[tasks]]
name = "threes"
task = "divisible"
k = 3
digits = 3
long = [6, 9]
group = "multiples"

[[tasks]]
name = "sums"
task = "addition"
digits = 2

[[learners]]
name = "gru"
baseline = "gru-classifier"
tasks = "threes"
settings = { steps = 8, evaluate = 4, hidden = 4 }
search = ["hidden=5", "rate=1e-2 hidden=6"]
[learners.supervision]
examples = {}
dense = { auxiliary = "prefix-residue={k}" }

[[learners]]
baseline = "mlp"
tasks = "sums"
supervision = "aligned"
settings = { steps = 6, evaluate = 3, hidden = 8 }
wave = 2

[[learners]]
baseline = ["constant", "last-digit", "exact-solver"]
"""


@pytest.fixture
def small():
    """Make the small study, with some of its text replaced."""

    def make(*changes):
        text = SMALL
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return parse_study(text, Path("small.toml"))

    return make


@pytest.fixture
def planned(small, tmp_path):
    """Make the plan of the small study in a folder of its own."""
    return lambda *changes, **options: StudyPlan(small(*changes), tmp_path / "out", "small.toml", **options)
