"""Levels of difficulty: the published one has the train rows of all, and the entropy of the published interpolate."""

import numpy as np
import pytest

from mathbench.families import task
from mathbench.generators.deepmind import MODULES
from mathbench.generators.deepmind.kernel.entropy import entropy_units
from mathbench.hashing import mix64
from mathbench.rows import Rows

WITHOUT_LEVELS = (
    "measurement__conversion",
    "measurement__time",
    "probability__swr_p_sequence",
    "probability__swr_p_level_set",
)
SOME = ("arithmetic__add_or_sub", "numbers__gcd_composed", "polynomials__add")


def scopes(name: str, level: str):
    module = MODULES[name]
    position = [each.name for each in module.all_levels].index(level)
    return module.root_scopes(np.full(500, position), mix64(np.arange(500, dtype=np.uint64)))


@pytest.mark.parametrize("name", MODULES)
def test_published_interpolate_has_one_entropy(name):
    made = task(f"deepmind/{name}", difficulty="published")
    strata = [stratum.name for stratum in made.strata("interpolate")]
    if name in WITHOUT_LEVELS:
        assert strata == ["difficulty=easy", "difficulty=medium", "difficulty=hard"]
        return
    assert strata == ["difficulty=published"]
    scope, train = scopes(name, strata[0]), scopes(name, "difficulty=hard")
    expected = 12 if name == "arithmetic__add_or_sub" else 8
    assert (scope.entropy == entropy_units(expected)).all()
    assert set(scope.modules.tolist()) == set(train.modules.tolist())


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("split", ["train", "validation", "extrapolate"])
def test_other_splits_are_those_of_all_difficulties(name, split):
    rows = [Rows(task(f"deepmind/{name}", difficulty=each), split) for each in ("all", "published")]
    every, published = (each.batch(range(60)).drop_columns("task") for each in rows)
    assert every.equals(published)


@pytest.mark.parametrize("name", [*SOME, "measurement__time"])
def test_published_interpolate_shares_no_problem_with_another_split(name):
    published = task(f"deepmind/{name}", difficulty="published")
    test = Rows(published, "interpolate").source.fingerprints(range(400)).tolist()
    assert len(set(test)) == 400
    for split in ("train", "validation", "extrapolate"):
        assert not set(test) & set(Rows(published, split).source.fingerprints(range(400)).tolist())


@pytest.mark.parametrize("name", SOME)
def test_answers_at_the_published_difficulty(name):
    published = task(f"deepmind/{name}", difficulty="published")
    for row in Rows(published, "interpolate").batch(range(20)).to_pylist():
        assert published.oracle(row["question"]) == row["answer"], row


def test_an_extrapolation_set_has_no_interpolate_at_any_difficulty():
    made = task("deepmind/arithmetic__mul_big", difficulty="published")
    assert not made.strata("interpolate") and len(made.strata("extrapolate")) == 1


def test_names_state_the_difficulty():
    names = [task(id, difficulty="published").name for id in ("deepmind/numbers__gcd", "deepmind/all")]
    assert names == ["numbers__gcd-published", "deepmind-all-published"]
