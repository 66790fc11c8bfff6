"""Listed spaces: every problem once, the same whether asked for in order, at random or in part."""

import numpy as np
import pytest

from mathbench.families import task
from mathbench.reserve import TRAIN, fingerprints
from mathbench.sampling.domain import Domain
from mathbench.sampling.small_space import SmallSpace
from mathbench.stratum import Spaces

SPACE = 5  # digits=3+3 of sums: 405,450 points


@pytest.fixture(scope="module")
def domain():
    made = task("addition")
    return Domain(made, Spaces(made.inner()), TRAIN)


def operands(parts):
    return np.concatenate([operands for operands, _ in parts], axis=1)


@pytest.mark.parametrize("keep", [True, False])
def test_a_run_is_the_same_as_a_look_up(domain, keep):
    whole = SmallSpace(domain, SPACE, np.uint64(7), keep)
    ranks = np.array([60_000, 0, 4095, 4096, 33_333])
    looked_up, prints = SmallSpace(domain, SPACE, np.uint64(7), keep=True).take(ranks)
    runs = [operands(whole.range(0, 30_000)), operands(whole.range(20_000, 70_000))]
    assert (runs[0][:, 20_000:] == runs[1][:, :10_000]).all()
    assert (np.concatenate([runs[0], runs[1][:, 10_000:]], axis=1)[:, ranks] == looked_up).all()
    assert (prints == fingerprints("addition", -np.sort(-looked_up, axis=0))).all()


@pytest.mark.parametrize("first", [0, 3000, 4096, 30_000, 200_000])
def test_a_run_may_be_the_first_thing_that_is_asked_for(domain, first):
    listing, other = (SmallSpace(domain, SPACE, np.uint64(7), keep=True) for _ in range(2))
    looked_up, _ = other.take(np.arange(first, first + 20_000))
    assert operands(listing.range(first, first + 20_000)).tolist() == looked_up.tolist()


def test_it_holds_every_problem_of_the_reserve_once(domain):
    listing = SmallSpace(domain, SPACE, np.uint64(7), keep=True)
    many = listing.count()
    found = -np.sort(-operands(listing.range(0, many)), axis=0)
    a, b = np.triu_indices(900)
    everything = np.stack([b, a]) + 100
    held = TRAIN.contains(fingerprints("addition", everything)).sum()
    assert many == held == len(np.unique(found[0] * 1000 + found[1]))


def test_another_key_gives_another_order_of_the_same(domain):
    first, second = (SmallSpace(domain, SPACE, np.uint64(key), keep=True) for key in (1, 2))
    assert first.count() == second.count()
    assert (operands(first.range(0, 1000)) != operands(second.range(0, 1000))).any()


def test_more_than_there_is_cannot_be_asked_for(domain):
    listing = SmallSpace(domain, 0, np.uint64(7), keep=True)
    with pytest.raises(IndexError, match="contains only"):
        listing.take(np.array([listing.count()]))
