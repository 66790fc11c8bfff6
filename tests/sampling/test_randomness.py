"""Rows look random where they should. Everything is seeded by the project's own hash: nothing here is flaky."""

import numpy as np
import pytest
from scipy import stats

from mathbench.families import task
from mathbench.hashing import U64, key_of, mix64, mix64_int, to_range
from mathbench.reserve import TEST, TRAIN, fingerprints
from mathbench.rows import Rows
from mathbench.sampling import permute
from mathbench.sampling.enumerated import EnumeratedSource, Problems

LEVEL = 1e-4


def problems(rows: Rows, many: int) -> Problems:
    """The first problems of an enumerated task."""
    source = rows.source
    assert isinstance(source, EnumeratedSource)
    return source.problems(np.arange(many))


def uniform(counts) -> float:
    return stats.chisquare(counts).pvalue


def image(size: int, key: int, count: int) -> U64:
    parts = permute.feistel_halves(size)
    index = np.arange(count, dtype=np.uint64)
    return permute.keyed_permutation(
        index, np.uint64(parts.shift), np.uint64(parts.high_size), np.uint64(key)
    )


def test_mix_is_a_bijection_and_matches_the_integer_version():
    words = np.arange(1 << 16, dtype=np.uint64)
    mixed = mix64(words)
    assert len(np.unique(mixed)) == len(words)
    assert [mix64_int(int(w)) for w in words[:100]] == mixed[:100].tolist()


@pytest.mark.parametrize("size", [1, 2, 3, 10, 97, 1000, 65_536, 100_003])
def test_permute_is_a_bijection(size):
    parts = permute.feistel_halves(size)
    assert size <= parts.covered < size + 2 * max(size, 4) ** 0.5 + 4
    assert sorted(image(size, 5, parts.covered).tolist()) == list(range(parts.covered))


@pytest.mark.parametrize("size", [2_000, 1 << 20, 405_450, 81 * 10**10, (1 << 62) - 1])
@pytest.mark.parametrize("key", [0, 1, key_of("x")])
def test_first_images_are_uniform(size, key):
    """The first positions of a large space, which are what a small dataset shows."""
    parts = permute.feistel_halves(size)
    values = image(size, key, min(20_000, parts.covered // 2)).astype(np.float64) / parts.covered
    assert uniform(np.bincount((values * 32).astype(int), minlength=32)) > LEVEL


@pytest.mark.parametrize("size", [1 << 20, 81 * 10**10])
def test_low_bits_residues_and_neighbours_are_uniform(size):
    values = image(size, 3, 30_000)
    for modulus in (2, 3, 7, 10, 11, 64):
        assert uniform(np.bincount((values % np.uint64(modulus)).astype(int), minlength=modulus)) > LEVEL
    parts = permute.feistel_halves(size)
    bins = (values.astype(np.float64) / parts.covered * 8).astype(int)
    pairs = np.bincount(bins[:-1] * 8 + bins[1:], minlength=64)
    assert uniform(pairs) > LEVEL
    assert (
        abs(np.corrcoef(values[:-1].astype(float), values[1:].astype(float))[0, 1]) < 4 / len(values) ** 0.5
    )


def test_neighbouring_keys_are_unrelated():
    first, second = image(1 << 20, 8, 30_000), image(1 << 20, 9, 30_000)
    assert abs(np.corrcoef(first.astype(float), second.astype(float))[0, 1]) < 4 / len(first) ** 0.5
    assert (first == second).sum() < 8


def test_scale_is_uniform_and_stays_below_its_size():
    words = mix64(np.arange(50_000, dtype=np.uint64))
    for size in (1, 7, 10**6, 10**18, 1 << 63):
        scaled = to_range(words, np.uint64(size))
        assert int(scaled.max()) < size
        if size > 1:
            bins = min(size, 16)
            assert (
                uniform(np.bincount((scaled.astype(float) / size * bins).astype(int), minlength=bins)) > LEVEL
            )


def test_reserves_have_their_shares_and_ignore_residues():
    numbers = np.arange(1, 200_001)
    prints = fingerprints("divisible", numbers[None, :])
    train, test = TRAIN.contains(prints), TEST.contains(prints)
    assert abs(train.mean() - 0.8) < 0.004 and abs(test.mean() - 0.1) < 0.003
    for modulus in (2, 3, 7, 10):
        assert uniform(np.bincount(numbers[test] % modulus, minlength=modulus)) > LEVEL


@pytest.fixture(scope="module", params=["train", "interpolate"])
def sums(request) -> np.ndarray:
    """Operands of 20,000 six-digit sums (windowed spaces), int64 (2, n)."""
    rows = Rows(task("addition", digits=6, shortest=6), request.param, seed=1)
    return problems(rows, 20_000).operands


def test_operands_are_uniform_in_size_digits_and_residues(sums):
    for operand in sums:
        assert uniform(np.bincount((operand - 100_000) // 50_000, minlength=18)) > LEVEL
        for place in range(5):
            assert uniform(np.bincount(operand // 10**place % 10, minlength=10)) > LEVEL
        for modulus in (3, 7, 11):
            assert uniform(np.bincount(operand % modulus, minlength=modulus)) > LEVEL


def test_operands_are_independent_of_each_other_and_of_the_row_before(sums):
    a, b = (sums - 100_000) // 112_500  # eighths
    assert uniform(np.bincount(a * 8 + b, minlength=64)) > LEVEL
    assert uniform(np.bincount(a[:-1] * 8 + a[1:], minlength=64)) > LEVEL
    assert uniform(np.bincount(a[:-1] * 8 + b[1:], minlength=64)) > LEVEL
    correlation = np.corrcoef(sums.sum(axis=0)[:-1], sums.sum(axis=0)[1:])[0, 1]
    assert abs(correlation) < 4 / sums.shape[1] ** 0.5


def test_neighbouring_seeds_are_unrelated():
    made = [problems(Rows(task("addition", digits=6, shortest=6), "train", s), 20_000) for s in (1, 2)]
    a, b = ((p.operands[0] - 100_000) // 112_500 for p in made)
    assert uniform(np.bincount(a * 8 + b, minlength=64)) > LEVEL


@pytest.mark.parametrize("seeds", [(1, 2), (0, "winter"), (-1, (1 << 64) - 1)])
def test_two_seeds_share_no_more_rows_than_chance(seeds):
    made = task("addition", shortest=3)
    n, held = 20_000, len(Rows(made, "train"))
    first, second = (unordered(problems(Rows(made, "train", s), n).operands) for s in seeds)
    chance = n * n / held
    assert abs(len(first & second) - chance) < 5 * chance**0.5


def unordered(operands) -> set[tuple[int, int]]:
    return {(max(a, b), min(a, b)) for a, b in operands.T.tolist()}


def test_lengths_follow_the_plan_and_their_order_is_random():
    rows = Rows(task("addition", digits=6), "train")
    names = [s.name for s in rows.strata]
    strata, _ = rows.source.plan.locate(np.arange(360, 36_360))
    counts = np.bincount(strata, minlength=len(names))
    weights = np.array([s.weight for s in rows.strata])
    turns = (counts / weights)[counts > 1000]  # the smallest strata are used up on the way
    assert len(turns) == len(names) - 2 and counts.sum() == 36_000
    assert np.ptp(turns) < 1024 / weights.sum()  # a block is about 29 turns
    largest = np.flatnonzero(weights == 2)[-6:]
    shown = strata[np.isin(strata, largest)]
    order = np.searchsorted(largest, shown)
    pairs = np.bincount(order[:-1] * 6 + order[1:], minlength=36)
    assert uniform(pairs) > LEVEL


def test_labels_do_not_follow_the_row_before():
    labels = Rows(task("prime"), "train").batch(range(20_000))["label"].to_numpy()
    assert uniform(np.bincount(labels[:-1] * 2 + labels[1:], minlength=4)) > LEVEL


def test_order_of_operands_is_even():
    a, b = problems(Rows(task("addition", digits=6, shortest=6), "train"), 20_000).operands
    assert uniform([(a > b).sum(), (a < b).sum()]) > LEVEL


@pytest.mark.parametrize("size", [1_216_350, 81 * 10**6, 81 * 10**10])
def test_windows_look_random_under_many_keys(size):
    """Both halves of consecutive positions, in pairs some way apart, under 40 keys: p-values must be uniform."""
    parts, pvalues = permute.feistel_halves(size), []
    for k in range(40):
        start = np.uint64(k * 8192 % (parts.covered - 8192))
        index = np.arange(8192, dtype=np.uint64) + start
        values = permute.keyed_permutation(
            index, np.uint64(parts.shift), np.uint64(parts.high_size), np.uint64(key_of("serial", k))
        )
        halves = (
            (values >> np.uint64(parts.shift)) / parts.high_size,
            (values % (1 << parts.shift)) / (1 << parts.shift),
        )
        for half in halves:
            bins = (half * 8).astype(int)
            pvalues += [
                uniform(np.bincount(bins[:-lag] * 8 + bins[lag:], minlength=64)) for lag in (1, 4, 16)
            ]
    assert stats.kstest(pvalues, "uniform").pvalue > LEVEL
