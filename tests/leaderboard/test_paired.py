"""Paired tests between models: exact values, properties, and error rates of simulated boards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from mathbench.errors import InputError
from mathbench.leaderboard.ranking.detectable import detectable_difference, detectable_season_difference
from mathbench.leaderboard.ranking.paired import compare_models, compare_over_tasks
from mathbench.leaderboard.ranking.row_moments import row_moments
from mathbench.leaderboard.ranking.shared_ranks import shared_ranks

BOARDS = 400
# a rate of 5 % gives more wrong boards than this in one of a thousand tests
MOST_WRONG = int(stats.binom.ppf(0.999, BOARDS, 0.05))

BOARD = hnp.arrays(bool, st.tuples(st.integers(2, 6), st.integers(1, 40)))


@settings(max_examples=50, deadline=None)
@given(BOARD)
def test_one_seed_is_mcnemar_for_every_pair(right):
    tests = compare_models(list(right))
    for i, first in enumerate(right):
        for j, second in enumerate(right):
            one, two = int((first & ~second).sum()), int((second & ~first).sum())
            expected = stats.binomtest(one, one + two).pvalue if one + two else 1.0
            assert tests.p[i, j] == pytest.approx(expected, rel=1e-9)
            assert tests.difference[i, j] == pytest.approx((one - two) / len(first))


@settings(max_examples=50, deadline=None)
@given(BOARD, st.randoms(use_true_random=False))
def test_orders_of_rows_and_models_change_nothing(right, random):
    tests = compare_models(list(right))
    rows = random.sample(range(right.shape[1]), right.shape[1])
    models = random.sample(range(len(right)), len(right))
    other = compare_models(list(right[np.ix_(models, rows)]))
    for name in ("p", "corrected", "difference", "difference_low", "difference_high"):
        assert getattr(other, name) == pytest.approx(getattr(tests, name)[np.ix_(models, models)], abs=1e-9)
    assert other.low == pytest.approx(tests.low[models])
    assert np.array_equal(tests.p, tests.p.T) and np.array_equal(tests.difference, -tests.difference.T)
    assert tests.difference_low == pytest.approx(-tests.difference_high.T)
    ranks = [shared_ranks(t.shares, t.better(0.3)) for t in (tests, other)]
    assert list(ranks[1]) == [ranks[0][model] for model in models]


@settings(max_examples=50, deadline=None)
@given(BOARD, st.integers(1, 30), st.booleans())
def test_rows_that_all_answer_alike_change_no_p_value(right, rows, value):
    more = np.hstack([right, np.full((len(right), rows), value)])
    assert compare_models(list(more)).p == pytest.approx(compare_models(list(right)).p, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(hnp.arrays(bool, st.tuples(st.integers(1, 4), st.just(30))), min_size=2, max_size=5))
def test_seeds_in_any_order(models):
    tests = compare_models(models)
    assert compare_models([m[::-1] for m in models]).p == pytest.approx(tests.p, rel=1e-9)
    assert np.all((tests.p >= 0) & (tests.p <= 1) & (tests.corrected >= tests.p))
    shares = np.array([m.mean() for m in models])
    assert tests.shares == pytest.approx(shares)
    assert np.all((tests.low <= shares) & (shares <= tests.high) & (tests.low >= 0) & (tests.high <= 1))
    inside = (tests.difference_low <= tests.difference) & (tests.difference <= tests.difference_high)
    assert inside.all()


def test_the_parts_of_seeds_by_hand():
    """Two models with 2 and 3 seeds, and one with a single one."""
    n = 100
    counts = ([60, 70], [50, 54, 58], [40])
    tasks = row_moments([np.arange(n) < np.array(right)[:, None] for right in counts])
    one, two = np.var([0.6, 0.7], ddof=1), np.var([0.5, 0.54, 0.58], ddof=1)
    part = tasks.pair_seeds()
    assert part.variance[0, 1] == part.variance[1, 0] == pytest.approx(one / 2 + two / 3)
    assert part.degrees[0, 1] == 1  # twice the smaller number less one
    assert part.variance[2, 1] == pytest.approx(two + two / 3) and part.degrees[2, 1] == 2
    assert part.variance[0, 2] == pytest.approx(one + one / 2) and part.degrees[0, 2] == 1
    assert part.variance[2, 2] == 0
    first, third = (np.arange(n) < np.array(counts[k])[:, None] for k in (0, 2))
    difference = first.mean(axis=0) - third.mean(axis=0)
    rows = ((difference**2).sum() + 1 - difference.sum() ** 2 / (n + 2)) / (n + 2) ** 2
    assert tasks.pair_rows().variance[0, 2] == pytest.approx(rows)
    expected = np.sqrt(1.96**2 * rows + 12.706**2 * one * 1.5)
    tests = compare_over_tasks([tasks])
    assert tests.difference_high[0, 2] == pytest.approx(min(1, 0.25 + expected), rel=1e-4)


def test_welch_counts_between_the_bounds():
    """Three seeds on both sides: equal spreads would have 4 degrees of freedom, and 3 are given at most."""
    even = row_moments([np.arange(100) < np.array(r)[:, None] for r in ([50, 54, 58], [60, 64, 68])])
    uneven = row_moments([np.arange(100) < np.array(r)[:, None] for r in ([50, 54, 58], [60, 61, 62])])
    assert even.pair_seeds().degrees[0, 1] == 3
    assert uneven.pair_seeds().degrees[0, 1] == pytest.approx((16 + 1) ** 2 / (16**2 / 2 + 1 / 2))


def test_rows_in_blocks(monkeypatch):
    models = [np.random.default_rng(0).random((2, 500)) < 0.5 for _ in range(3)]
    whole = row_moments(models).both
    monkeypatch.setattr("mathbench.leaderboard.ranking.row_moments.BLOCK_ROWS", 64)
    assert row_moments(models).both == pytest.approx(whole)


@pytest.mark.parametrize("rights", [[], [np.zeros(0, bool)], [np.ones(3, bool), np.ones(4, bool)]])
def test_rows_are_the_same_and_not_none(rights):
    with pytest.raises(InputError, match=r"on the same rows\. Received: "):
        row_moments(rights)


def test_one_model_alone():
    tests = compare_models([np.arange(10) < 5])
    assert tests.p.tolist() == tests.corrected.tolist() == [[1.0]]
    assert [model.rank for model in shared_ranks(tests.shares, tests.better())] == [1]


def normal(rng, seeds):
    return rng.normal(size=seeds)


def two_kinds(rng, seeds):
    """Seeds that succeed or fail, as often one as the other."""
    return rng.choice([-1.0, 1.0], seeds) * rng.uniform(0.5, 1.3, seeds)


def boards(models, seeds, spread, n=300, accuracy=0.7, boards=BOARDS, agree=0.5, deviation=normal):
    """Boards of models whose expected accuracies are equal.

    Args:
        seeds: per model.
        spread: per model, the standard deviation of the accuracy between seeds.
        deviation: draws the deviations of seeds, of mean 0 and standard deviation about 1.
        agree: the share of rows that all models answer alike.
    """
    rng = np.random.default_rng(0)
    for _ in range(boards):
        common = rng.random(n)
        shared = rng.random(n) < agree
        rights = []
        for m in range(models):
            own = accuracy + spread[m] * deviation(rng, seeds[m])
            level = np.where(shared, common, rng.random((seeds[m], n)))
            rights.append(level < own[:, None])
        yield rights


def wrong_boards(simulated):
    return sum(bool(compare_models(rights).better().any()) for rights in simulated)


@pytest.mark.parametrize(
    ("seeds", "spread"),
    [
        ((1,) * 6, (0.0,) * 6),
        ((3,) * 6, (0.0,) * 6),
        ((3,) * 6, (0.05,) * 6),
        ((1, 1, 2, 2, 3, 5), (0.0, 0.0, 0.03, 0.03, 0.03, 0.03)),
        ((2, 2, 3, 3, 5, 5), (0.0, 0.1, 0.0, 0.1, 0.0, 0.1)),
    ],
)
def test_equal_models_share_a_rank(seeds, spread):
    """The probability of any wrong statement in a table of 15 pairs stays below 5 %."""
    wrong = wrong_boards(boards(6, seeds, spread))
    assert wrong <= MOST_WRONG, wrong / BOARDS


@pytest.mark.parametrize(
    ("seeds", "spread"), [((1, 2), 0.02), ((1, 3), 0.05), ((2, 2), 0.05), ((3, 5), 0.02)]
)
def test_one_comparison_with_seeds_keeps_5_percent(seeds, spread):
    wrong = wrong_boards(boards(2, seeds, (spread, spread)))
    assert wrong <= MOST_WRONG, wrong / BOARDS


def test_seeds_of_two_kinds_exceed_5_percent_a_little():
    """A limit of few seeds: five that all succeed by chance look certain. docs/ranks.md has the figure."""
    wrong = wrong_boards(boards(2, (5, 5), (0.1, 0.0), deviation=two_kinds))
    assert MOST_WRONG / 2 < wrong < 0.1 * BOARDS, wrong / BOARDS


def test_seeds_that_differ_are_not_ignored():
    """Rows alone would call most of these equal models different."""
    ignored = sum(
        compare_models([right[:1] for right in rights]).p[0, 1] < 0.05
        for rights in boards(2, (3, 3), (0.1, 0.1), n=2000, boards=100)
    )
    assert ignored > 50


def test_a_true_order_is_found():
    rng = np.random.default_rng(0)
    shares = np.array([0.95, 0.9, 0.85, 0.8, 0.8, 0.6])
    found = []
    for _ in range(50):
        order = rng.permutation(6)
        tests = compare_models([rng.random(5_000) < share for share in shares[order]])
        ranks = np.empty(6, int)
        ranks[order] = [model.rank for model in shared_ranks(tests.shares, tests.better())]
        found.append(ranks.tolist() == [1, 2, 3, 4, 4, 6])
    assert sum(found) >= 45


def test_a_true_order_is_found_with_seeds():
    rng = np.random.default_rng(0)
    tests = compare_models(
        [
            rng.random((5, 5_000)) < share + rng.normal(0, 0.005, 5)[:, None]
            for share in (0.95, 0.85, 0.75, 0.5)
        ]
    )
    assert [model.rank for model in shared_ranks(tests.shares, tests.better())] == [1, 2, 3, 4]


def seasons(tasks, models, between, n=200, seasons=BOARDS):
    """Seasons of models that are equal on average: the differences of a task are random with mean 0."""
    rng = np.random.default_rng(0)
    for _ in range(seasons):
        yield [
            row_moments(list(rng.random((models, 1, n)) < 0.7 + between * rng.normal(size=(models, 1, 1))))
            for _ in range(tasks)
        ]


@pytest.mark.parametrize(("tasks", "between"), [(1, 0.0), (2, 0.05), (5, 0.0), (5, 0.05), (20, 0.05)])
def test_equal_models_share_a_rank_over_tasks(tasks, between):
    found = (compare_over_tasks(season) for season in seasons(tasks, 5, between))
    wrong = sum(bool(tests.better().any()) for tests in found)
    assert wrong <= MOST_WRONG, wrong / BOARDS


def test_one_task_is_that_task():
    rights = [np.random.default_rng(0).random((k, 200)) < 0.6 for k in (1, 1, 3)]
    one, two = compare_models(rights), compare_over_tasks([row_moments(rights)], [7])
    assert all(np.array_equal(value, vars(two)[name]) for name, value in vars(one).items())


def test_over_tasks_against_a_bootstrap_that_draws_tasks_and_rows():
    """Its variance is that of the tasks, times (T - 1) / T, and that of the rows within them."""
    rng = np.random.default_rng(0)
    tasks, n = 6, 300
    right = rng.random((tasks, 2, n)) < rng.uniform(0.5, 0.9, (tasks, 2, 1))
    drawn = np.empty(4_000)
    for k in range(len(drawn)):
        chosen = rng.integers(tasks, size=tasks)
        rows = rng.integers(n, size=(tasks, n))
        values = right[chosen[:, None], 0, rows].mean(axis=1) - right[chosen[:, None], 1, rows].mean(axis=1)
        drawn[k] = values.mean()
    tests = compare_over_tasks([row_moments(list(task)) for task in right])
    differences = right[:, 0].mean(axis=1) - right[:, 1].mean(axis=1)
    rows = sum(row_moments(list(task)).pair_rows().variance[0, 1] for task in right) / tasks**2
    spread = differences.var(ddof=1) / tasks
    assert drawn.var() == pytest.approx(rows + spread * (tasks - 1) / tasks, rel=0.1)
    half = np.sqrt(1.96**2 * rows + stats.t.isf(0.025, tasks - 1) ** 2 * spread)
    assert tests.difference_high[0, 1] - tests.difference[0, 1] == pytest.approx(half, rel=1e-3)
    assert tests.difference[0, 1] == pytest.approx(differences.mean())


def test_weights_count():
    rng = np.random.default_rng(0)
    tasks = [row_moments(list(rng.random((3, 100)) < share)) for share in (0.2, 0.6, 0.9)]
    tests = compare_over_tasks(tasks, [1, 2, 5])
    expected = (tasks[0].shares + 2 * tasks[1].shares + 5 * tasks[2].shares) / 8
    assert tests.shares == pytest.approx(expected)
    scaled = compare_over_tasks(tasks, [2, 4, 10])
    assert scaled.p == pytest.approx(tests.p) and scaled.low == pytest.approx(tests.low)
    assert compare_over_tasks(tasks[::-1], [5, 2, 1]).p == pytest.approx(tests.p)


@pytest.mark.parametrize("weights", [[1], [1, 0], [1, -1], [1, np.nan], [1, np.inf]])
def test_weights_are_positive(weights):
    task = row_moments([np.arange(9) < 4] * 2)
    with pytest.raises(InputError, match=r"each task requires a positive weight\. Received"):
        compare_over_tasks([task, task], weights)


def test_a_season_has_the_same_models_everywhere():
    with pytest.raises(InputError, match="same models in every task"):
        compare_over_tasks([])
    with pytest.raises(InputError, match="same models in every task"):
        compare_over_tasks([row_moments([np.arange(9) < 4] * k) for k in (2, 3)])


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 7).flatmap(
        lambda m: st.tuples(
            st.lists(st.integers(0, 4), min_size=m, max_size=m), hnp.arrays(bool, (m, m)), st.just(m)
        )
    )
)
def test_no_model_stands_behind_one_with_a_lower_mean(given_):
    means, significant, models = given_
    shares = np.array(means) / 10
    better = significant & (shares[:, None] > shares[None, :])
    found = shared_ranks(shares, better)
    for i in range(models):
        assert found[i].losses == sum(better[:, i]) and found[i].wins == sum(better[i])
        assert 1 + found[i].losses <= found[i].rank <= 1 + sum(shares > shares[i])
        for j in range(models):
            assert shares[i] <= shares[j] or found[i].rank <= found[j].rank
            assert (found[i].rank == found[j].rank) == (found[i].group == found[j].group)
    assert min(model.rank for model in found) == min(model.group for model in found) == 1


def test_an_uncertain_model_takes_nobody_up():
    """The last one lost against nobody; it stands beside those above it."""
    better = np.array([[0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=bool)
    found = shared_ranks(np.array([0.9, 0.8, 0.7, 0.6]), better)
    assert [(m.rank, m.wins, m.losses, m.group) for m in found] == [
        (1, 2, 0, 1),
        (2, 1, 1, 2),
        (3, 0, 2, 3),
        (3, 0, 0, 3),
    ]


@pytest.mark.parametrize(
    ("n", "accuracy", "discordant"),
    [(500, 0.9, None), (1000, 0.9, 0.05), (10_000, 0.9, None), (300, 0.5, None), (5000, 0.7, 0.3)],
)
def test_a_detectable_difference_is_detected_in_80_percent(n, accuracy, discordant):
    from mathbench.scores.distributions import sign_test

    difference = detectable_difference(n, accuracy, discordant)
    share = 2 * accuracy * (1 - accuracy) if discordant is None else discordant
    shares = [(share + difference) / 2, (share - difference) / 2, 1 - share]
    only = np.random.default_rng(0).multinomial(n, shares, size=20_000)[:, :2]
    found = (sign_test(only.min(axis=1), only.sum(axis=1)) <= 0.05).mean()
    assert 0.78 < found < 0.83


def test_what_makes_a_difference_detectable():
    base = detectable_difference(1000, 0.9)
    assert detectable_difference(4000, 0.9) < base / 1.9
    assert detectable_difference(1000, 0.9, 0.05) < base < detectable_difference(1000, 0.9, comparisons=45)
    assert detectable_difference(1000, 0.9, power=0.9) > base > detectable_difference(1000, 0.9, level=0.1)
    assert detectable_difference(20, 0.99) == np.inf == detectable_difference(1000, 1.0)
    assert detectable_season_difference([1000], 0.9) == base


@pytest.mark.parametrize(("tasks", "between"), [(5, 0.02), (20, 0.0), (30, 0.05)])
def test_a_detectable_difference_over_tasks(tasks, between):
    rows = 400
    difference = detectable_season_difference([rows] * tasks, 0.7, between_tasks=between)
    rng, found = np.random.default_rng(0), 0
    for _ in range(300):
        gaps = difference + between * rng.normal(size=tasks)
        season = [row_moments(list(rng.random((2, rows)) < [[0.7 + g / 2], [0.7 - g / 2]])) for g in gaps]
        found += bool(compare_over_tasks(season).p[0, 1] <= 0.05)
    assert 0.7 < found / 300 < 0.9


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        ((0, 0.9), {}),
        ((10, 1.1), {}),
        ((10, 0.9, -0.1), {}),
        ((10, 0.9), {"comparisons": 0}),
        ((10, 0.9), {"power": 1}),
        ((10, 0.9), {"level": 0}),
    ],
)
def test_what_is_not_detectable_is_said(arguments, changes):
    for function, rows in (
        (detectable_difference, arguments[0]),
        (detectable_season_difference, [9, arguments[0]]),
    ):
        with pytest.raises(InputError, match="Received"):
            function(rows, *arguments[1:], **changes)
