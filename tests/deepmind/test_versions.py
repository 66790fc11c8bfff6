"""Versions: rows of version 1 keep its wordings, in the question and in the sentences of modules inside it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mathbench.errors import InputError
from mathbench.families import earlier, family, task
from mathbench.generators.deepmind import MODULES, TASKS
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.hashing import mix64
from mathbench.rows import Rows

PUBLISHED = json.loads(Path(__file__).with_name("published_words.json").read_text())["words"]


def test_modules_with_new_wordings_are_version_2():
    assert sum(MODULES[name].version == 2 for name in PUBLISHED) == 43
    for name, module in MODULES.items():
        assert family(f"deepmind/{name}").version == module.version
        assert earlier(f"deepmind/{name}", module.version) == [
            f"deepmind/{name}-v{version}" for version in range(1, module.version)
        ]


@pytest.mark.parametrize("name", ["numbers__gcd_composed", "polynomials__add", "algebra__linear_2d_composed"])
def test_modules_inside_a_question_have_its_version(name):
    old, new = (
        " ".join(Rows(task(f"deepmind/{name}-v{version}"), "train").batch(range(400))["question"].to_pylist())
        for version in (1, 2)
    )
    assert "Suppose" not in old and len(re.findall("Suppose", new)) > 60


def test_earlier_versions_of_all_modules():
    mixture, current = task("deepmind/all-v1"), task("deepmind/all")
    names = [name for name in MODULES if name in PUBLISHED]
    assert [part.id for part in mixture.parts.values()] == [f"deepmind/{name}-v1" for name in names]
    assert [part.id for part in current.parts.values()] == [
        TASKS[f"deepmind/{name}"]().id for name in MODULES
    ]
    (row,) = Rows(mixture, "train").batch([names.index("numbers__gcd")]).to_pylist()
    (alone,) = Rows(task("deepmind/numbers__gcd-v1"), "train").batch([0]).to_pylist()
    assert (row["question"], row["answer"]) == (alone["question"], alone["answer"])


@pytest.mark.parametrize("name", ["numbers__is_factor", "polynomials__evaluate"])
def test_train_of_one_version_has_no_problem_of_a_test_of_the_other(name):
    old, new = (task(f"deepmind/{name}-v{version}") for version in (1, 2))
    for train, test in ((old, new), (new, old)):
        seen = set(Rows(train, "train").source.fingerprints(range(3000)).tolist())
        for split in ("validation", "interpolate", "extrapolate"):
            assert not seen & set(Rows(test, split).source.fingerprints(range(3000)).tolist())


def test_published_extrapolation_has_the_version_of_its_module():
    assert task("deepmind/arithmetic__mul_big").id == "deepmind/arithmetic__mul_big-v2"
    assert task("deepmind/arithmetic__mul_big-v1").id == "deepmind/arithmetic__mul_big-v1"


@pytest.mark.parametrize(
    ("id", "allowed"),
    [
        ("deepmind/numbers__gcd-v3", "deepmind/numbers__gcd-v1, deepmind/numbers__gcd-v2."),
        ("deepmind/numbers__is_prime-v2", "deepmind/numbers__is_prime-v1."),
        (
            "deepmind/arithmetic__mul_big-v0",
            "deepmind/arithmetic__mul_big-v1, deepmind/arithmetic__mul_big-v2.",
        ),
        ("deepmind/all-v" + "9" * 5000, "deepmind/all-v1, deepmind/all-v2"),
    ],
)
def test_other_versions_are_refused(id, allowed):
    with pytest.raises(InputError, match=re.escape(f"unknown version '{id}'. Allowed: {allowed}")):
        family(id)


def test_sentences_without_a_wording_of_their_own_are_equally_likely():
    count = 6000
    columns = [np.zeros(count, np.int64)] * 4
    words = mix64(np.arange(count, dtype=np.uint64))
    scope = Scope(*columns, word=words, letters=columns[0], level=columns[0])
    for templates in (1, 2, 3):
        shares = np.bincount(scope.pick(templates)) / count
        assert len(shares) == templates and np.abs(shares - 1 / templates).max() < 0.03
