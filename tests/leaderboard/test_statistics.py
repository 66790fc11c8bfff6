"""Two models on the same rows, and one model over all tasks."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.leaderboard.ranking.compare import compare, paired_test
from mathbench.leaderboard.ranking.macro import MacroAverage, bootstrap, macro_averages
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submit import submit_run
from mathbench.rows import Rows
from mathbench.scores.results import Score

from .conftest import replaced, right
from .test_ranking import kept


def columns(both, one, two, neither):
    first = np.repeat([True, True, False, False], [both, one, two, neither])
    second = np.repeat([True, False, True, False], [both, one, two, neither])
    order = np.random.default_rng(0).permutation(len(first))
    return first[order], second[order]


@settings(max_examples=60, deadline=None)
@given(both=st.integers(0, 50), one=st.integers(0, 600), two=st.integers(0, 400), neither=st.integers(1, 50))
def test_few_differences_are_tested_exactly(both, one, two, neither):
    from scipy.stats import binomtest

    found = paired_test(*columns(both, one, two, neither))
    assert (found.both, found.only_first, found.only_second, found.neither) == (both, one, two, neither)
    expected = binomtest(one, one + two).pvalue if one + two else 1.0
    assert found.p == pytest.approx(expected, rel=1e-9) and found.test == "exact binomial"


@pytest.mark.parametrize(
    ("one", "two"), [(600, 400), (600, 500), (5000, 4800), (9000, 1000), (30_000, 30_400)]
)
def test_many_differences_are_tested_exactly_too(one, two):
    from scipy.stats import binomtest

    found = paired_test(*columns(10, one, two, 10))
    assert found.test == "exact binomial"
    assert found.p == pytest.approx(binomtest(one, one + two).pvalue, rel=1e-9, abs=1e-300)


def test_a_difference_of_one_row_is_none():
    assert paired_test(*columns(0, 600, 600, 0)).p == 1
    assert paired_test(*columns(0, 601, 600, 0)).p == pytest.approx(1, abs=1e-12)


def counts_of(test):
    return test.both, test.only_first, test.only_second, test.neither


def pair_on(board, run, first, second):
    ids = [submit_run(path, board).digest for path in (first, second)]
    opened = Board(board)
    return compare(*([(opened.find(digest), opened.predictions_bytes(digest))] for digest in ids))


def test_two_submissions_are_compared_row_by_row(run, board, task):
    missing = right(task).filter(right(task)["row"].to_numpy() != 3)
    found = pair_on(board, run, run(wrong=10), run(predictions=replaced(missing, 2)))
    interpolate, extrapolate = found
    assert [found.split for found in found] == ["interpolate", "extrapolate"]
    total = interpolate.total
    assert (total.both, total.only_first, total.only_second, total.neither) == (290, 0, 7, 3)
    assert total.p == pytest.approx(2 * 0.5**7)
    assert sum(s.only_second for s in interpolate.strata.values()) == 7
    assert sum(s.both for s in extrapolate.strata.values()) == extrapolate.total.both == 190
    sample = interpolate.samples[0]
    assert (sample["row"], sample["second"], sample["first"]) == (2, sample["answer"], sample["answer"] + "x")
    assert len(interpolate.samples) == 5 and 3 not in [row["row"] for row in interpolate.samples]


def test_samples_and_strata_row_by_row(run, board, task):
    truth = right(task)
    split, row, answer = (truth[name].to_pylist() for name in ("split", "row", "prediction"))
    one, two = ([(s, r) not in wrong for s, r in zip(split, row, strict=True)] for wrong in (ONE, TWO))
    tables = []
    for good, spoilt in ((one, "x"), (two, "y")):
        said = [a if g else a + spoilt for a, g in zip(answer, good, strict=True)]
        tables.append(truth.set_column(2, "prediction", pa.array(said, pa.string())))
    tables[1] = tables[1].slice(0, 300)  # nothing for the second split
    found = pair_on(board, run, run(predictions=tables[0]), run(predictions=tables[1], baseline="other"))
    first, second = [compared.to_json() for compared in found]
    assert (first["task"], first["split"], second["split"]) == (task.name, "interpolate", "extrapolate")
    assert counts_of(found[0].total) == (280, 12, 7, 1) and found[0].total.test == "exact binomial"
    assert counts_of(found[1].total) == (0, 200, 0, 0) and found[1].total.difference == 1
    rows = Rows(task, "interpolate").batch(range(300)).to_pylist()
    assert first["samples"] == tuple(
        {
            "row": r,
            "question": rows[r]["question"],
            "answer": answer[r],
            "first": answer[r] + ("x" if r < 8 else ""),
            "second": answer[r] + ("y" if r > 8 else ""),
        }
        for r in (0, 1, 2, 3, 4, 20, 21, 22, 23, 24)
    )
    assert [s["row"] for s in second["samples"]] == [0, 1, 2, 3, 4]
    assert {s["second"] for s in second["samples"]} == {None}
    strata = [r["stratum"] for r in rows]
    assert list(first["strata"]) == list(dict.fromkeys(sorted(strata, key=order_of(task))))
    for name, counts in first["strata"].items():
        here = [(one[i], two[i]) for i in range(300) if strata[i] == name]
        kinds = ((True, True), (True, False), (False, True), (False, False))
        assert list(counts.values())[:4] == [here.count(kind) for kind in kinds]


ONE = {("interpolate", row) for row in range(8)}
TWO = {("interpolate", row) for row in (7, *range(20, 32))}


def order_of(task):
    return [stratum.name for stratum in task.strata("interpolate")].index


def test_other_rows_are_not_compared(run, board, task):
    sizes = {"train": 1, "interpolate": 300, "extrapolate": 200}
    other = run(data={"seed": 5, "sizes": sizes, "digest": None}, predictions=right(task, sizes, seed=5))
    described = "addition-base10-digits2, seed {}, interpolate 300, extrapolate 200"
    words = f"did not answer the same rows: {described.format(0)}; {described.format(5)}."
    with pytest.raises(InputError, match=rf"^[0-9a-f]{{8}} and [0-9a-f]{{8}} {words}$"):
        pair_on(board, run, run(), other)
    fewer = {"train": 1, "interpolate": 299, "extrapolate": 200}
    with pytest.raises(InputError, match=r"interpolate 300, extrapolate 200; .*interpolate 299"):
        shorter = right(task, fewer)
        pair_on(board, run, run(), run(data={"seed": 0, "sizes": fewer, "digest": None}, predictions=shorter))


def test_the_number_of_training_rows_does_not_matter(run, board):
    sizes = {"train": 9, "interpolate": 300, "extrapolate": 200}
    found = pair_on(board, run, run(), run(data={"seed": "0", "sizes": sizes, "digest": None}, wrong=1))
    assert found[0].total.only_first == 1


def test_the_bootstrap_is_seeded_and_covers(task):
    scores = [[Score(1000, 900)], [Score(1000, 500)], [Score(200, 20), Score(200, 60)]]
    assert bootstrap(scores, 1) == bootstrap(scores, 1) != bootstrap(scores, 2)
    low, high = bootstrap(scores)
    assert low < (0.9 + 0.5 + 0.2) / 3 < high


def test_one_task_leaves_the_interval_of_its_rows():
    low, high = bootstrap([[Score(1000, 900)]])
    half = 1.96 * (0.9 * 0.1 / 1000) ** 0.5
    assert low == pytest.approx(0.9 - half, abs=0.002) and high == pytest.approx(0.9 + half, abs=0.002)


def test_a_perfect_score_is_not_certain():
    assert 0.99 < bootstrap([[Score(1000, 1000)]])[0] < 1 and bootstrap([[Score(1000, 1000)]])[1] == 1


@pytest.mark.parametrize("tasks", [1, 3, 12])
def test_the_normal_draws_are_as_good_as_drawing_every_row(tasks):
    """Against the bootstrap that draws tasks and rows one by one."""
    source = np.random.default_rng(1)
    scores = [Score(500, int(n)) for n in source.integers(50, 450, tasks)]
    chosen = source.integers(tasks, size=(200_000, tasks))
    right = np.array([score.correct for score in scores])[chosen]
    drawn = np.quantile((source.binomial(500, right / 500) / 500).mean(axis=1), (0.025, 0.975))
    found = bootstrap([[score] for score in scores], draws=200_000)
    assert found == pytest.approx(tuple(drawn), abs=0.003)


def test_equal_tasks_have_an_interval_that_shrinks_with_their_number():
    """Nothing differs between the tasks, so only rows are uncertain: the interval is that of all rows."""
    wide, narrow = (bootstrap([[Score(100, 50)]] * n) for n in (1, 16))
    assert (wide[1] - wide[0]) / (narrow[1] - narrow[0]) == pytest.approx(4, rel=0.15)


@pytest.fixture
def tasks():
    from mathbench.families import task as make_task

    return [make_task("addition", digits=d) for d in (2, 3)]


def test_averages_rank_only_who_answered_everything(tasks):
    board = [
        kept(tasks[0], 900, 1, baseline="a"),
        kept(tasks[1], 700, 2, baseline="a"),
        kept(tasks[0], 999, 3, baseline="b"),
        kept(tasks[0], 100, 4, baseline="c"),
        kept(tasks[1], 110, 5, baseline="c"),
        kept(tasks[1], 1000, 6, baseline="c", withdrawn="a mistake"),
    ]
    found = [a for a in macro_averages(board) if a.kind == "model"]
    assert [(a.model, a.tasks, a.of, a.rank) for a in found] == [
        ("a", 2, 2, 1),
        ("c", 2, 2, 2),
        ("b", 1, 2, None),
    ]
    assert found[0].mean == pytest.approx(0.8) and found[1].mean == pytest.approx(0.105)


def test_many_attempts_count_with_their_mean(tasks):
    board = [kept(tasks[0], n, i, baseline="a", recipe={"i": i}) for i, n in enumerate((100, 200, 900))]
    found = {a.model: a for a in macro_averages(board)}
    assert found["a"].mean == pytest.approx(0.4)
    assert (found["constant"].kind, found["constant"].mean, found["constant"].rank) == ("floor", 0.4, None)
    assert (found["exact-solver"].kind, found["exact-solver"].mean) == ("solver", 1)


def test_a_floor_that_was_submitted_stands_in_for_the_reported_one(tasks):
    found = macro_averages([kept(tasks[0], 900, 1), kept(tasks[0], 10, 2, baseline="constant")])
    assert [(a.model, a.kind, a.mean) for a in found if a.kind == "floor"] == [("constant", "floor", 0.01)]


def test_an_unknown_split_is_refused(tasks):
    with pytest.raises(InputError, match="Did you mean 'interpolate'"):
        macro_averages([], "interpolat")


def test_few_rows_are_as_uncertain_as_agresti_and_coull_say():
    """3 of 10 count like 4.9207 of 13.8415: a variance of 0.016554."""
    low, high = bootstrap([[Score(10, 3)]])
    assert low == pytest.approx(0.3 - 1.96 * 0.016554**0.5, abs=0.006)
    assert high == pytest.approx(0.3 + 1.96 * 0.016554**0.5, abs=0.006)


def test_submissions_to_a_task_are_drawn_again():
    """Two that differ by 0.4 have a variance of 0.04, and their mean half of it."""
    low, high = bootstrap([[Score(1_000_000, 300_000), Score(1_000_000, 700_000)]])
    assert (low, high) == pytest.approx((0.5 - 1.96 * 0.02**0.5, 0.5 + 1.96 * 0.02**0.5), abs=0.006)


def test_an_interval_stays_between_0_and_1():
    low, high = bootstrap([[Score(2, 0)], [Score(2, 2)]])
    assert (low, high) == (0, 1)


def test_an_average_as_plain_values(tasks):
    (found,) = [a for a in macro_averages([kept(tasks[0], 900, n=1000, baseline="a")]) if a.kind == "model"]
    low, high = bootstrap([[Score(1000, 900)]])
    expected = {"kind": "model", "model": "a", "framework": "torch", "split": "interpolate", "mean": 0.9}
    assert found.to_json() == expected | {
        "low": low,
        "high": high,
        "tasks": 1,
        "of": 1,
        "rank": 1,
        "supervision": None,
    }


def test_averages_are_of_one_split_and_one_seed(tasks):
    board = [kept(tasks[0], 900, 1, baseline="a")]
    assert macro_averages(board, "extrapolate") == []
    one, other = (macro_averages(board, seed=seed)[1] for seed in (1, 2))
    assert one.model == other.model == "a"
    assert one.interval == bootstrap([[Score(1000, 900)]], 1) != other.interval


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_averages_take_the_highest_floor_and_the_worst_solver(tasks, order):
    from .test_ranking import scored

    def record(i):
        floor = {"interpolate": Score(10, (4, 7)[i]).to_json(), "extrapolate": Score(10, 9).to_json()}
        return scored(
            tasks[0], i, solver=(200, 180)[i], scores={"interpolate": 900}, seed=i, floors={"constant": floor}
        )

    found = {a.model: (a.kind, a.mean, a.tasks) for a in macro_averages([record(i) for i in order])}
    assert found == {
        "lstm-seq2seq": ("model", 0.9, 1),
        "constant": ("floor", 0.7, 1),
        "exact-solver": ("solver", 0.9, 1),
    }


def test_a_floor_that_only_another_split_has_is_no_average(tasks):
    floors = {"constant": {"extrapolate": Score(10, 9).to_json()}}
    found = macro_averages([kept(tasks[0], 900, 1, floors=floors)])
    assert [a.kind for a in found] == ["solver", "model"]


def test_the_solver_that_was_submitted_stands_in_for_the_reported_one(tasks):
    found = macro_averages([kept(tasks[0], 990, 1, baseline="exact-solver", floors={})])
    assert [(a.kind, a.mean, a.rank) for a in found] == [("solver", 0.99, None)]


def test_averages_stand_by_tasks_then_mean_then_name(tasks):
    board = [
        kept(tasks[0], 500, 1, baseline="b", floors={}),
        kept(tasks[1], 500, 2, baseline="b", floors={}),
        kept(tasks[0], 500, 3, baseline="a", framework="torch", floors={}),
        kept(tasks[1], 500, 4, baseline="a", framework="torch", floors={}),
        kept(tasks[0], 500, 5, baseline="a", framework=None, floors={}),
        kept(tasks[1], 500, 6, baseline="a", framework=None, floors={}),
        kept(tasks[0], 999, 7, baseline="c", floors={}),
    ]
    found = [(a.model, a.framework, a.rank) for a in macro_averages(board) if a.kind == "model"]
    assert found == [("a", None, 1), ("a", "torch", 1), ("b", "torch", 1), ("c", "torch", None)]


def test_the_bootstrap_by_its_formula():
    """Per draw how often each task came, then one normal deviation; both from one generator, in this order."""
    source = np.random.default_rng(7)
    times = source.multinomial(2, [0.5, 0.5], size=500)
    noise = source.standard_normal(500)
    total, z2 = 0.0, 1.959963984540054**2
    for n, correct, column in ((100, 90, times[:, 0]), (50, 10, times[:, 1])):
        share = (correct + z2 / 2) / (n + z2)
        total = total + np.stack([correct / n * column, share * (1 - share) / (n + z2) * column])
    drawn = total[0] / 2 + np.sqrt(total[1]) / 2 * noise
    found = bootstrap([[Score(100, 90)], [Score(50, 10)]], seed=7, draws=500)
    assert found == pytest.approx(tuple(np.quantile(drawn, (0.025, 0.975))), abs=1e-12)


def test_an_interval_is_of_10_000_draws_under_seed_0():
    scores = ((Score(100, 90),), (Score(50, 10),))
    expected = bootstrap(scores, 0, 10_000)
    assert (
        MacroAverage("model", "m", None, "interpolate", scores, 2).interval == bootstrap(scores) == expected
    )
