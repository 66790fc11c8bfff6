import os

import pytest
from hypothesis import settings

from mathbench.baselines.recipe import apply_overrides, read_recipe
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.dataset.data import Data
from mathbench.families import task

settings.register_profile("baselines", deadline=None)  # a shared machine has slow moments
settings.load_profile("baselines")


@pytest.fixture(scope="session", autouse=True)
def keras_home(tmp_path_factory):
    os.environ["KERAS_HOME"] = str(tmp_path_factory.mktemp("keras"))


@pytest.fixture
def in_a_fresh_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def sums():
    return Data.generate(
        task("addition", digits=2), {"train": 600, "validation": 80, "interpolate": 90, "extrapolate": 90}
    )


@pytest.fixture(scope="session")
def multiples():
    return Data.generate(
        task("divisible", k=3, digits=4),
        {"train": 600, "validation": 80, "interpolate": 90, "extrapolate": 90},
    )


@pytest.fixture
def tiny():
    """A spec of a tiny network; keyword arguments override settings."""

    def make(name="lstm-seq2seq", framework="torch", seed=0, **overrides):
        entry = baseline(name)
        values = {"hidden": 12, "batch": 32, "steps": 12, "evaluate": 4, **overrides}
        settings, choices = apply_overrides(
            read_recipe(name), entry, framework, {k: str(v) for k, v in values.items()}
        )
        return RunSpec(entry, framework, name, seed, settings, choices)

    return make
