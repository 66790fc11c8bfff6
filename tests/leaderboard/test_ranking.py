"""Entries, ranks and what stands beside them."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.ranking.rank import assign_ranks, rank_tables, settings_label
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
    assert interval_bounds([0.9] * 10, 1000)[:2] == pytest.approx((0.879847, 0.917091), abs=2e-6)


def test_floors_and_solver_are_lines_without_a_rank(task):
    high = {"constant": {"interpolate": Score(10, 7).to_json()}}
    board = [kept(task, 900, 0), kept(task, 300, 1, baseline="weak", floors=high)]
    (table,) = rank_tables(board)
    shown = {line.model: line for line in table.lines if line.kind != "model"}
    assert shown["constant"].exact_match == 0.7 and shown["constant"].badge == "claimed"
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


def scored(
    task, number=0, solver=200, differences=(), badge="re-scored", withdrawn=None, scores=None, **changes
):
    """A submission with scores of any splits, each of 1,000 rows."""
    checked = CheckResult(
        {split: SplitScore(Score(1000, n), {}) for split, n in scores.items()},
        {split: Score(200, solver) for split in scores},
        tuple(differences),
    )
    when = f"2026-01-01T00:00:{number:02d}Z"
    document = manifest(task, **changes)
    return SubmissionRecord(f"{number:064x}", when, badge, document, "0" * 64, checked, withdrawn)


def only_model(records, **filters):
    (line,) = [line for line in rank_tables(records, **filters)[0].lines if line.kind == "model"]
    return line


@pytest.mark.parametrize("seeds", [*range(2, 19), 40])
def test_the_interval_over_seeds_adds_students_t_to_the_rows(seeds):
    from scipy import stats

    shares = [0.47, 0.53] * (seeds // 2) + [0.5] * (seeds % 2)
    low, high, spread = interval_bounds(shares, 1000)
    wilson_of_rows = stats.binomtest(500, 1000).proportion_ci(0.95, "wilson")
    half = stats.t.ppf(0.975, min(seeds - 1, 16)) * spread / seeds**0.5
    assert spread == pytest.approx(stats.tstd(shares))
    # the table of Student's t has three decimals
    expected = ((0.5 - wilson_of_rows.low) ** 2 + half**2) ** 0.5
    assert low == pytest.approx(0.5 - expected, abs=2e-4) and 1 - high == pytest.approx(low, abs=1e-9)


def test_the_interval_over_seeds_stays_between_0_and_1():
    assert interval_bounds([1.0, 0.9], 10)[1] == 1 and interval_bounds([0.0, 0.1], 10)[0] == 0


def test_a_line_has_the_interval_and_no_more_than_it_is_given():
    line = Entry("floor", "m", 10, 0.5, 0.2, 0.8, "claimed")
    assert line.interval == (0.2, 0.8)
    assert (line.rank, line.seeds, line.attempts, line.differs) == (None, 0, 0, False)


def test_every_order_of_a_table(task):
    board = [
        kept(task, 900, 3, baseline="b", parameters=50, floors={}),
        kept(task, 100, 1, baseline="c", parameters=None, framework="torch", floors={}),
        kept(task, 500, 2, baseline="c", parameters=0, framework=None, floors={}),
        kept(task, 500, 4, baseline="a", parameters=50, floors={}),
    ]

    def order(sort):
        return [
            (line.model, line.framework)
            for line in rank_tables(board, sort=sort)[0].lines
            if line.kind == "model"
        ]

    a, b, c, bare = ("a", "torch"), ("b", "torch"), ("c", "torch"), ("c", None)
    assert order("score") == [b, bare, a, c]
    assert order("model") == [a, b, bare, c]
    assert order("parameters") == [bare, b, a, c]
    assert order("time") == [c, bare, b, a]


def test_a_solver_beside_a_model_of_the_same_score_comes_first(task):
    (table,) = rank_tables([kept(task, 1000, 0, floors={})])
    assert [line.kind for line in table.lines] == ["solver", "model"]


def test_only_submissions_with_a_badge(task):
    board = [
        scored(task, 1, badge="re-scored", scores={"interpolate": 900}, baseline="a"),
        scored(task, 2, badge="reproduced", scores={"interpolate": 800}, baseline="b"),
    ]
    assert models(rank_tables(board, badge="reproduced")[0]) == [(1, "b")]
    assert rank_tables(board, badge="claimed") == []
    with pytest.raises(InputError, match=r"unknown badge 'rescored'\. Did you mean 're-scored'"):
        rank_tables(board, badge="rescored")


def test_the_two_test_splits_are_shown_unless_one_is_named(task):
    board = [scored(task, 1, scores={"validation": 1, "extrapolate": 2, "interpolate": 3})]
    assert [table.split for table in rank_tables(board)] == ["interpolate", "extrapolate"]
    assert [table.split for table in rank_tables(board, split="validation")] == ["validation"]


def test_a_split_that_one_of_two_was_scored_on(task):
    board = [
        scored(task, 1, scores={"interpolate": 900}, baseline="a"),
        scored(task, 2, scores={"interpolate": 100, "extrapolate": 7}, baseline="b"),
    ]
    assert {table.split: models(table) for table in rank_tables(board)} == {
        "interpolate": [(1, "a"), (2, "b")],
        "extrapolate": [(1, "b")],
    }


def test_a_task_without_the_models_that_are_shown_has_no_table(task):
    other = make_task("addition", digits=3)
    board = [kept(task, 900, 1), kept(other, 900, 2, framework="keras", baseline="k")]
    assert [table.task for table in rank_tables(board, framework="keras")] == [other.name]


def test_a_line_has_the_weakest_badge_and_the_first_time_and_what_differs(task):
    claims = {"scores": {"interpolate": 900, "extrapolate": 800}}
    board = [
        scored(task, 4, badge="reproduced", seed=0, **claims),
        scored(
            task,
            3,
            badge="re-scored",
            seed=1,
            differences=["interpolate: claimed 1", "validation: claimed 2"],
            **claims,
        ),
    ]
    shown = {t.split: next(line for line in t.lines if line.kind == "model") for t in rank_tables(board)}
    assert {split: line.differs for split, line in shown.items()} == {
        "interpolate": True,
        "extrapolate": False,
    }
    line = shown["interpolate"]
    assert (line.badge, line.submitted, line.attempts) == ("re-scored", "2026-01-01T00:00:03Z", 2)
    assert line.submissions == (f"{4:064x}", f"{3:064x}")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_highest_floor_and_the_worst_solver_stand_beside_the_models(task, order):
    def record(i):
        floor = {"interpolate": Score(10, (4, 7, 5)[i]).to_json()}
        return scored(
            task,
            i,
            solver=(200, 180, 190)[i],
            seed=i,
            scores={"interpolate": 900},
            floors={"constant": floor},
        )

    (table,) = rank_tables([record(i) for i in order])
    shown = {line.kind: line.exact_match for line in table.lines}
    assert shown == {"model": 0.9, "floor": 0.7, "solver": 0.9}


def test_a_floor_of_another_split_is_not_shown(task):
    floors = {"constant": {"extrapolate": Score(10, 4).to_json()}}
    (table,) = rank_tables([scored(task, scores={"interpolate": 900}, floors=floors)])
    assert [line.kind for line in table.lines] == ["solver", "model"]


def test_of_equal_floors_the_first_stays(task):
    board = [
        scored(
            task,
            i,
            seed=i,
            scores={"interpolate": 1},
            floors={"c": {"interpolate": Score(n, n // 2).to_json()}},
        )
        for i, n in enumerate((10, 100))
    ]
    assert [line.n for line in rank_tables(board)[0].lines if line.kind == "floor"] == [10]


def test_settings_are_words_up_to_40_characters():
    assert settings_label({"a": "x" * 38}) == "a=" + "x" * 38
    # the first eight digits of the SHA-256 of the canonical JSON
    text = json.dumps({"a": "x" * 39}, separators=(",", ":"))
    assert settings_label({"a": "x" * 39}) == hashlib.sha256(text.encode()).hexdigest()[:8]
    assert settings_label({"name": 3, "z": 1}) == "name=3 z=1"


def test_no_parameters_are_fewer_than_one(task):
    board = [
        kept(task, 900, 1, baseline="one", parameters=1),
        kept(task, 100, 2, baseline="none", parameters=0),
    ]
    assert [name for _, name in models(rank_tables(board, sort="parameters")[0])] == ["none", "one"]


def test_a_solver_that_did_not_answer_a_split_does_not_count(task):
    board = [scored(task, i, seed=i, scores={"interpolate": 900}) for i in range(2)]
    object.__setattr__(board[0].checked, "solver", {})
    solver = next(line for line in rank_tables(board)[0].lines if line.kind == "solver")
    assert (solver.n, solver.exact_match) == (200, 1.0)
