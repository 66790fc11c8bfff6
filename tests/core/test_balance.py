"""Every allowed setting: balanced labels for any number of rows, no split lost without need, data that verifies."""

import warnings
from collections import Counter
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mathbench
from mathbench import families
from mathbench.dataset.read import open_dataset
from mathbench.dataset.verify import verify
from mathbench.errors import InputError, MissingSplit, SpaceExhausted
from mathbench.reserve import RESERVE_OF_SPLIT, reserve_of
from mathbench.rows import Rows
from tests.variants import SPLITS

ROWS = 4000
LABELLED = ("divisible", "prime", "correct-addition", "correct-multiplication")
VALUES = {
    "digits": (1, 2, 3, 4, 5, 6),
    "base": (2, 3, 7, 10, 16, 36),
    "k": (2, 3, 7, 10, 16, 29, 97, 100, 101, 128, 1000, 10**5),
    "modulus": (2, 13, 97, 1000),
    "shortest": (1, 2, 3),
    "errors": ("digit:1,carry:1,swap:1,congruent:1", "swap", "congruent:99,digit:1", "carry:5,digit:2"),
    "operands": (2, 3, 4),
    "places": (0, 1, 2),
    "zeros": (0.0, 0.5, 1.0),
    "kinds": ("random:1,prefix:1,places:1", "random", "length:2,prefix", "places,prefix:3"),
    "size": (3, 4, 5, 6),
    "depth": (0, 1, 2),
    "deeper": (0, 1, 2),
    "smallest": (-30, -1, 0, 1, 7),
    "largest": (-3, 0, 9, 55),
    "longer": (1, 2),
    "step": (1, 2),
    "more": (0, 1, 2),
    "train_share": (0.01, 0.3, 0.8),
}


@st.composite
def small_tasks(draw, names):
    """A task with a few parameters of small or awkward values."""
    cls = families.family(draw(st.sampled_from(names)))
    fields = {f.name: f.metadata["choices"] or VALUES.get(f.name) for f in cls.fields()}
    fields = {name: values for name, values in fields.items() if name not in ("format", "exclude")}
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), unique=True, max_size=5)) if fields else []
    try:
        return cls(**{name: draw(st.sampled_from(fields[name])) for name in chosen})
    except InputError:
        assume(False)


@settings(max_examples=60)
@given(small_tasks(LABELLED), st.sampled_from(SPLITS), st.integers(0, 99))
def test_labels_are_balanced_for_any_number_of_rows(task, split, seed):
    rows = Rows(task, split, seed)
    count = rows.capacity_up_to(ROWS)
    if not task.balanced_labels or not count:
        return
    signs = 2 * rows.batch(range(count))["label"].to_numpy() - 1
    assert 2 * np.abs(np.cumsum(signs)).max() <= rows.source.block
    if count < ROWS:
        assert signs.sum() == 0


@lru_cache(maxsize=64)
def numbers_of(base, split, longest):
    """The numbers of up to some digits that lie in the reserve of a split, by length; brute force."""
    found = {}
    for n in range(base**longest):
        length = len(np.base_repr(n, base))
        for family in ("divisible", "prime"):
            if reserve_of(family, (n,)) == RESERVE_OF_SPLIT[split].name:
                found.setdefault((family, length), []).append(n)
    return found


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("base, digits", [(2, 7), (3, 5), (10, 3), (16, 2)])
@pytest.mark.parametrize("k", [2, 3, 5, 7, 11, 16, 25])
def test_a_split_is_empty_only_if_a_label_has_no_number(base, digits, k, split):
    try:
        task = families.task("divisible", k=k, base=base, digits=digits, longer=1)
    except InputError:
        pytest.skip("fewer than ten multiples")
    lengths = [digits + 1] if split == "extrapolate" else range(1, digits + 1)
    numbers = numbers_of(base, split, digits + 1)
    labels = Counter(n % k == 0 for length in lengths for n in numbers.get(("divisible", length), []))
    rows = len(Rows(task, split))
    assert (rows > 0) == (min(labels[True], labels[False]) > 0)
    assert rows <= 2 * min(labels[True], labels[False])
    # residues: each length gives whole rounds of all residues or, where that is not possible, all numbers
    residues = Rows(
        families.task("divisible", k=k, base=base, digits=digits, longer=1, answer="residue"), split
    )
    assert (len(residues) > 0) == (labels.total() > 0)


@pytest.mark.parametrize(
    "task, smallest",
    [
        ({"k": 1000, "digits": 5}, {"train": 150, "validation": 10, "interpolate": 10, "extrapolate": 1500}),
        ({"k": 100}, {"train": 1500, "validation": 150, "interpolate": 150, "extrapolate": 15_000}),
        ({"k": 97, "digits": 4}, {"train": 150, "validation": 10, "interpolate": 10, "extrapolate": 1500}),
        (
            {"k": 100_000, "digits": 7},
            {"train": 150, "validation": 10, "interpolate": 10, "extrapolate": 1500},
        ),
        ({"k": 7, "distribution": "numbers"}, {"train": 2e4, "validation": 2e3, "interpolate": 2e3}),
        ({"k": 97, "digits": 4, "answer": "residue"}, {"train": 6000, "validation": 300, "interpolate": 300}),
    ],
)
def test_scarce_multiples_are_used_up(task, smallest):
    """Nearly twice as many rows as multiples: 80 of the 100 multiples of 1000 below 100,000 may appear in train."""
    for split, least in smallest.items():
        assert Rows(families.task("divisible", **task), split).capacity_up_to(10**5) >= least, split


def test_short_lengths_without_multiples_appear():
    table = Rows(families.task("divisible", k=1000, digits=5), "train").batch(range(160))
    lengths = Counter(len(question) for question in table["question"].to_pylist())
    assert sum(table["label"].to_pylist()) == 80 and set(lengths) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("name", families.FAMILIES)
@settings(max_examples=6, deadline=None)
@given(st.data())
def test_verify_accepts_what_generate_writes(name, tmp_path_factory, data):
    task = data.draw(small_tasks([name]))
    folder = tmp_path_factory.mktemp("data") / "set"
    sizes = {split: Rows(task, split).capacity_up_to(1500) for split in SPLITS}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingSplit)
            mathbench.generate(task.id, folder, **task.parameters, **sizes)
    except SpaceExhausted:
        assert not any(sizes.values())
    except InputError as error:
        assert "no rows were requested" in str(error) and not any(sizes.values())
    else:
        failed = [check for check in verify(open_dataset(folder)) if not check.passed]
        assert not failed


def test_a_missing_split_is_a_warning_or_an_error():
    setting = {"digits": 3, "base": 7, "negatives": "hard"}
    with pytest.warns(MissingSplit, match="prime-base7-digits3-hard: too few problems for validation"):
        loaded = mathbench.load("prime", **setting)
    assert set(loaded) == {"train", "interpolate", "extrapolate"}
    with pytest.raises(SpaceExhausted, match="too few problems for validation"):
        mathbench.load("prime", **setting, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "validation" not in mathbench.load("prime", **setting, validation=0, strict=True)
    with pytest.raises(SpaceExhausted, match="validation holds 0 different rows"):
        mathbench.stream("prime", "validation", **setting)
    with pytest.raises(
        SpaceExhausted, match="too few problems for train, validation, interpolate, extrapolate"
    ):
        mathbench.load("correct-addition", digits=1, base=2)
