"""Entries, ranks and what stands beside them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.ranking.rank import assign_ranks, rank_tables
from mathbench.leaderboard.ranking.tables import Entry
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores.results import Score, SplitScore
from mathbench.scores.statistics import interval_bounds, wilson

from .conftest import manifest


def kept(task, correct, number=0, n=1000, withdrawn=None, **changes):
    document = manifest(task, **changes)
    total = Score(n, correct)
    checked = CheckResult(
        {"interpolate": SplitScore(total, {"all": total})}, {"interpolate": Score(200, 200)}, ()
    )
    return SubmissionRecord(
        f"{number:064x}",
        f"2026-01-01T00:00:{number:02d}Z",
        "re-scored",
        document,
        "0" * 64,
        checked,
        withdrawn,
    )


def models(table):
    return [(line.rank, line.model) for line in table.lines if line.kind == "model"]


def test_models_that_cannot_be_told_apart_share_a_rank(task):
    board = [
        kept(task, c, i, baseline=b)
        for i, (b, c) in enumerate(zip("abcd", (990, 985, 900, 899), strict=True))
    ]
    assert models(rank_tables(board)[0]) == [(1, "a"), (1, "b"), (3, "c"), (3, "d")]


def test_equal_scores_stand_in_the_order_of_time(task):
    board = [kept(task, 900, 5, baseline="late"), kept(task, 900, 2, baseline="early")]
    assert models(rank_tables(board)[0]) == [(1, "early"), (1, "late")]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=1, max_size=12))
def test_ranks_follow_their_rule(shares):
    lines = assign_ranks(
        Entry("model", "m", n, int(s * n) / n, *wilson(int(s * n), n), "re-scored") for n, s in shares
    )
    assert min(line.rank for line in lines) == 1
    for one in lines:
        assert one.rank == 1 + sum(other.low > one.high for other in lines)
        assert all(one.rank <= other.rank for other in lines if one.high >= other.high)


def test_training_seeds_are_one_entry(task):
    board = [kept(task, c, i, seed=i) for i, c in enumerate((900, 920, 940))]
    (line,) = [line for line in rank_tables(board)[0].lines if line.kind == "model"]
    assert line.seeds == 3 and line.exact_match == pytest.approx(0.92) and line.spread == pytest.approx(0.02)
    assert len(line.submissions) == 3 and line.low < wilson(920, 1000)[0]


def test_a_seed_in_words_is_the_same_seed(task):
    board = [kept(task, 900, 0, seed=0, data_seed=0), kept(task, 900, 1, seed="0", data_seed="0")]
    (line,) = [line for line in rank_tables(board)[0].lines if line.kind == "model"]
    assert line.seeds == 1


def test_a_seed_that_was_run_twice_counts_once(task):
    board = [kept(task, 900, 0, seed=0), kept(task, 900, 1, seed=0, id="again"), kept(task, 960, 2, seed=1)]
    (line,) = [line for line in rank_tables(board)[0].lines if line.kind == "model"]
    assert line.seeds == 2 and line.exact_match == pytest.approx(0.93)


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": {"hidden": 7}},
        {"encoding": {"name": "plain"}},
        {"framework": "keras"},
        {"baseline": "other"},
    ],
)
def test_other_recipes_are_other_entries(task, changes):
    assert len(models(rank_tables([kept(task, 900, 0), kept(task, 900, 1, **changes)])[0])) == 2


def test_more_seeds_never_pretend_more_rows():
    assert interval_bounds([0.9] * 10, 1000)[:2] == pytest.approx(wilson(900, 1000))


def test_floors_and_solver_are_lines_without_a_rank(task):
    high = {"constant": {"interpolate": Score(10, 7).to_json()}}
    board = [kept(task, 900, 0), kept(task, 300, 1, baseline="weak", floors=high)]
    (table,) = rank_tables(board)
    shown = {line.model: line for line in table.lines if line.kind != "model"}
    assert shown["constant"].exact_match == 0.7 and shown["constant"].badge == "self-reported"
    assert shown["exact-solver"].exact_match == 1 and shown["exact-solver"].badge == "re-scored"
    assert all(line.rank is None for line in shown.values())
    assert [line.model for line in table.lines] == ["exact-solver", "lstm-seq2seq", "constant", "weak"]


def test_a_floor_that_was_submitted_is_a_floor_and_re_scored(task):
    board = [
        kept(task, 5, 0, baseline="constant"),
        kept(task, 1000, 1, baseline="exact-solver"),
        kept(task, 900, 2),
    ]
    (table,) = rank_tables(board)
    shown = [(line.kind, line.model, line.rank, line.badge) for line in table.lines]
    assert shown == [
        ("solver", "exact-solver", None, "re-scored"),
        ("model", "lstm-seq2seq", 1, "re-scored"),
        ("floor", "constant", None, "re-scored"),
    ]
    assert len(rank_tables(board[:1])) == 1


def test_withdrawn_submissions_are_not_ranked(task):
    assert models(
        rank_tables([kept(task, 900, 0), kept(task, 999, 1, baseline="gone", withdrawn="a bug")])[0]
    ) == [(1, "lstm-seq2seq")]


def test_filters_and_orders(task):
    board = [kept(task, 900, 0), kept(task, 950, 1, framework="keras", baseline="b", parameters=7)]
    for name in ("addition", "addition-v1", task.name):
        assert len(rank_tables(board, task=name)) == 1
    assert models(rank_tables(board, framework="keras")[0]) == [(1, "b")]
    assert models(rank_tables(board, sort="parameters")[0])[0] == (1, "b")
    assert rank_tables(board, split="extrapolate") == []
    for wrong in ({"task": "gcd"}, {"framework": "jax"}, {"split": "test"}, {"sort": "luck"}):
        with pytest.raises(InputError):
            rank_tables(board, **wrong)
    assert rank_tables([]) == rank_tables([], task="gcd") == []
