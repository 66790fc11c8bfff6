"""Splits of one's own: smaller shares of train, which are nested and leave all other splits alone."""

from itertools import pairwise

import numpy as np
import pytest

from mathbench.dataset import data
from mathbench.dataset.manifest import Config
from mathbench.dataset.read import open_dataset
from mathbench.dataset.shard import schema
from mathbench.dataset.split_audit import SplitAudit
from mathbench.dataset.verify import verify
from mathbench.dataset.write import generate
from mathbench.errors import InputError, SpaceExhausted
from mathbench.families import FAMILIES, task
from mathbench.reserve import fingerprint
from mathbench.rows import Rows
from tests.variants import SPLITS

SAMPLED = ("deepmind/numbers__gcd", "deepmind/comparison__pair_composed", "deepmind/measurement__time")


def prefix(made, split, rows=400, seed=0):
    source = Rows(made, split, seed)
    return source.batch(range(source.capacity_up_to(rows)))


def fingerprints(made, table):
    return [fingerprint(made.reserve_family, made.operands_of(q)) for q in table["question"].to_pylist()]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_smaller_share_of_train_is_a_part_of_it_and_other_splits_stay(family):
    whole, part = task(family), task(family, train_share=0.3)
    found = fingerprints(part, prefix(part, "train"))
    assert max(found) < 0.3 * 2**64 and len(set(found)) > 100
    # as many as that share of the problems, in a space that is counted
    assert len(Rows(part, "train")) < 0.45 * len(Rows(whole, "train"))
    for split in SPLITS[1:]:
        assert prefix(part, split).drop(["task"]).equals(prefix(whole, split).drop(["task"]))


def test_shares_are_nested_and_exact():
    shares = (0.1, 0.25, 0.5, 0.8)
    found = [
        set(fingerprints(t, prefix(t, "train", 10**5)))
        for t in (task("gcd", digits=2, train_share=s) for s in shares)
    ]
    assert all(small < large for small, large in pairwise(found))
    for share, some in zip(shares, found, strict=True):
        assert some == {f for f in found[-1] if f < share * 2**64}


@pytest.mark.parametrize("family", SAMPLED)
def test_a_smaller_share_of_school_mathematics(family):
    whole, part = task(family), task(family, train_share=0.2)
    found = part.source("train", 0).fingerprints(range(300))
    assert found.max() < np.uint64(0.2 * 2**64) and len(np.unique(found)) > 100
    for split in SPLITS[1:]:
        assert prefix(part, split, 40).drop(["task"]).equals(prefix(whole, split, 40).drop(["task"]))


def test_the_mixture_of_all_modules_has_the_share_in_every_module():
    mixture = task("deepmind/all", train_share=0.25)
    assert {part.train_share for part in mixture.parts.values()} == {0.25}
    rows = prefix(mixture, "train", len(mixture.parts) * 2)["question"].to_pylist()
    alone = prefix(task(f"deepmind/{next(iter(mixture.parts))}", train_share=0.25), "train", 2)
    assert rows[:: len(mixture.parts)] == alone["question"].to_pylist()


def test_a_share_is_part_of_the_configuration_only_where_it_is_given():
    for family in ("addition", "deepmind/numbers__gcd", "deepmind/all"):
        whole, part = task(family), task(family, train_share=0.3)
        assert "train_share" not in whole.parameters and part.parameters["train_share"] == 0.3
        assert part.name == f"{whole.name}-trainshare0.3"
        assert type(part).of(part.parameters) == part
    assert task("modular").parameters["train_share"] == 0.8
    assert task("addition", train_share=0.8) == task("addition")


@pytest.mark.parametrize(
    "family, share, most", [("addition", 0.9, 0.8), ("gcd", 0, 0.8), ("deepmind/all", 0.7, 0.6)]
)
def test_a_share_that_train_does_not_have(family, share, most):
    with pytest.raises(
        InputError, match=f"train_share must be a number from 0.01 to {most}. Received: {share}"
    ):
        task(family, train_share=share)


def test_a_stratum_that_has_no_problem_in_the_share_is_named(monkeypatch):
    from mathbench.sampling import rejection

    monkeypatch.setattr(rejection, "MAX_CANDIDATES", 1)
    with pytest.raises(SpaceExhausted, match=r"no problem within train_share=0.01. Give a larger share"):
        prefix(task("deepmind/numbers__gcd", train_share=0.01), "train")


def test_verify_finds_a_row_outside_the_share(tmp_path):
    """Rows of the whole of train, stored as those of a share of it."""
    whole, part = task("addition"), task("addition", train_share=0.3)
    generate([Config("sums", part, 0, {"train": 300, "interpolate": 100})], tmp_path)
    assert all(check.passed for check in verify(open_dataset(tmp_path)))
    audit = SplitAudit(Rows(part, "train"), np.arange(300), regenerate_all=False)
    audit.check_table(prefix(whole, "train", 300).cast(schema(part)), 0, "file")
    passed, detail = audit.results("")["problems in the train reserve"]
    assert not passed and "is outside the share of train, 0.3" in detail


def test_default_sizes_are_capped_at_the_share():
    part = task("addition", digits=2, train_share=0.1)
    assert data.all_sizes(part, {})["train"] == len(Rows(part, "train")) < 700
