"""The tables of a season: entries with their attempts, ranks, what stands beside them; and open submissions."""

import hashlib
import json

import numpy as np
import pytest

from mathbench.errors import InputError
from mathbench.leaderboard.ranking import rank, ranked_board
from mathbench.leaderboard.ranking.entries import entries
from mathbench.leaderboard.ranking.paired import compare_over_tasks
from mathbench.leaderboard.ranking.pairs import Comparisons
from mathbench.leaderboard.ranking.rank import TableFilters, open_tables, season_tables, settings_label
from mathbench.leaderboard.ranking.ranked_board import Latest
from mathbench.leaderboard.ranking.tables import Entry
from mathbench.scores.results import Score
from mathbench.scores.statistics import interval_bounds, wilson

from .season import GCDS, SEASON, SUMS, Filled, wrong


def tables(filled, **filters):
    return season_tables(filled.board, TableFilters(**filters))


def table(filled, split="interpolate", **filters):
    return next(t for t in tables(filled, **{"task": "sums", "split": split} | filters))


def models(found):
    return [(line.rank, line.model) for line in found.lines if line.kind == "model"]


def line(filled, model=None, **filters):
    lines = [x for x in table(filled, **filters).lines if x.kind == "model" and model in (None, x.model)]
    assert len(lines) == 1
    return lines[0]


def test_models_that_cannot_be_told_apart_share_a_rank():
    filled = Filled()
    for name, errors in (("a", 3), ("b", 5), ("c", 60), ("d", 62)):
        filled.add(name, errors)
    found = table(filled)
    assert models(found) == [(1, "a"), (1, "b"), (3, "c"), (3, "d")]
    assert [(x.wins, x.losses) for x in found.lines] == [(2, 0), (2, 0), (0, 2), (0, 2)]


def test_ranks_are_paired():
    """Ten more right on the same rows is significant; the same difference with other errors on both sides is not."""
    nested, crossed = Filled(), Filled()
    first = {"interpolate": wrong(100, 300), "extrapolate": wrong(0, 200)}
    second = {"interpolate": wrong(110, 300), "extrapolate": wrong(0, 200)}
    nested.add("a", first)
    nested.add("b", second)
    assert models(table(nested)) == [(1, "a"), (2, "b")]
    crossed.add("a", first)
    crossed.add("b", {**second, "interpolate": ~wrong(110, 300)[::-1] | wrong(190, 300)})
    crossed.rights[crossed.records[1].digest]["interpolate"] = np.roll(wrong(110, 300), 150)
    assert models(table(crossed)) == [(1, "a"), (1, "b")]


def test_equal_scores_stand_in_the_order_of_time():
    filled = Filled()
    filled.add("early", 30)
    filled.add("late", 30)
    assert models(table(filled)) == [(1, "early"), (1, "late")]


def test_the_rows_beyond_those_of_the_season_do_not_count():
    filled = Filled()
    more = {split: np.concatenate([wrong(n, n), wrong(0, 10_000)]) for split, n in SUMS.rows.items()}
    filled.add("a", more)
    found = line(filled)
    assert (found.exact_match, found.n, found.rank) == (0, 300, 1)


def test_training_seeds_are_one_entry():
    filled = Filled()
    for seed, errors in enumerate((30, 24, 18)):
        filled.add("a", errors, seed=seed)
    found = line(filled)
    assert (
        found.seeds == 3 and found.exact_match == pytest.approx(0.92) and found.spread == pytest.approx(0.02)
    )
    assert len(found.submissions) == 3 and found.low < wilson(276, 300)[0]
    assert (found.attempt, found.attempts) == (1, 1)


def test_a_seed_in_words_is_the_same_seed():
    filled = Filled()
    filled.add("a", 30, seed=0)
    filled.add("a", 0, seed="0")
    found = line(filled)
    assert (found.seeds, found.exact_match, found.attempt, found.attempts) == (1, 0.9, 1, 2)


def test_the_first_complete_attempt_counts():
    filled = Filled()
    short = {"interpolate": wrong(0, 299), "extrapolate": wrong(0, 200)}
    filled.add("a", short)
    filled.add("a", 60)
    filled.add("a", 0)
    found = line(filled)
    assert (found.exact_match, found.attempt, found.attempts, found.rank) == (0.8, 2, 3, 1)


def test_trying_again_under_another_case_is_an_attempt():
    filled = Filled()
    filled.add("My-Model", 60)
    filled.add("my_model", 0)
    found = line(filled)
    assert (found.exact_match, found.attempt, found.attempts) == (0.8, 1, 2)


def test_a_later_revision_is_an_entry_that_shows_how_many_came_before():
    filled = Filled()
    filled.add("a", 60, recipe={"hidden": 1})
    filled.add("a", 45, recipe={"hidden": 1})
    filled.add("a", 0, recipe={"hidden": 2})
    shown = [(x.exact_match, x.attempt, x.attempts) for x in table(filled).lines]
    assert shown == [(1.0, 3, 3), (0.8, 1, 3)]


def test_withdrawn_attempts_are_counted_and_not_ranked():
    filled = Filled()
    filled.add("a", 60, withdrawn="a bug")
    filled.add("a", 30)
    found = line(filled)
    assert (found.exact_match, found.attempt, found.attempts) == (0.9, 2, 2)
    filled.add("gone", 0, withdrawn="a bug")
    assert models(table(filled)) == [(1, "a")]


@pytest.mark.parametrize(
    "changes", [{"recipe": {"hidden": 7}}, {"encoding": {"name": "plain"}}, {"framework": "keras"}]
)
def test_other_settings_are_other_entries(changes):
    filled = Filled()
    filled.add("a", 30)
    filled.add("a", 30, **changes)
    assert len(models(table(filled))) == 2


def test_one_name_of_two_submitters_is_two_models():
    filled = Filled()
    filled.add("a", 0, submitter="ada")
    filled.add("a", 300, submitter="eve")
    assert [(x.submitter, x.rank, x.attempts) for x in table(filled).lines] == [("ada", 1, 1), ("eve", 2, 1)]


def test_other_training_data_is_another_revision():
    filled = Filled()
    filled.add("a", 30)
    record = filled.add("a", 0)
    record.manifest["data"]["sizes"]["train"] = 7
    found = entries(filled.records, SEASON)
    assert [(entry.attempt, entry.attempts) for entry in found] == [(1, 2), (2, 2)]


def test_incomplete_and_claimed_entries_are_shown_without_a_rank():
    filled = Filled()
    filled.add("whole", 100)
    filled.add("short", {"interpolate": wrong(0, 10), "extrapolate": wrong(0, 200)})
    filled.add("half", {"extrapolate": wrong(0, 200)})
    filled.add("claimed", 0, badge="claimed")
    shown = {x.model: (x.rank, x.complete) for x in table(filled).lines}
    assert shown == {
        "whole": (1, True),
        "short": (None, False),
        "half": (None, False),
        "claimed": (None, True),
    }
    assert [x.losses for x in table(filled).lines if x.model == "whole"] == [0]


def test_models_beyond_those_that_are_compared_share_the_last_rank(monkeypatch):
    monkeypatch.setattr(rank, "MAX_COMPARED", 2)
    filled = Filled()
    for name, errors in (("c", 200), ("a", 0), ("b", 100), ("d", 250)):
        filled.add(name, errors)
    assert models(table(filled)) == [(1, "a"), (2, "b"), (3, "c"), (3, "d")]


def test_floors_and_solver_are_those_of_the_season():
    scores = {"constant": Score(300, 150), "exact-solver": Score(300, 300)}
    filled = Filled(references={"sums": {"interpolate": scores}})
    reported = {
        "constant": {"interpolate": Score(10, 10).to_json()},
        "honest": {"interpolate": Score(9, 9).to_json()},
    }
    filled.add("honest", 60, floors=reported)
    shown = {x.model: (x.kind, x.exact_match, x.rank, x.badge) for x in table(filled).lines}
    assert shown == {
        "honest": ("model", 0.8, 1, "re-scored"),
        "constant": ("floor", 0.5, None, "computed"),
        "exact-solver": ("solver", 1.0, None, "computed"),
    }
    assert [x.model for x in table(filled).lines] == ["exact-solver", "honest", "constant"]
    assert [x.model for x in table(filled, split="extrapolate").lines] == ["honest"]


def test_every_task_of_the_season_has_a_table_per_split_and_supervision():
    filled = Filled()
    assert [(t.title, t.split) for t in tables(filled)] == [
        (task.name, split) for task in (SUMS, GCDS) for split in ("interpolate", "extrapolate")
    ]
    for supervision in ("dense", "examples"):
        filled.add(supervision, 0, supervision=supervision)
    shown = tables(filled, task="sums", split="interpolate")
    assert [(t.supervision, models(t)) for t in shown] == [
        ("examples", [(1, "examples")]),
        ("dense", [(1, "dense")]),
    ]
    assert {t.season for t in shown} == {"tiny"} and {t.group for t in shown} == {"operations"}


def test_filters_leave_ranks_as_they_are():
    filled = Filled()
    filled.add("a", 0)
    filled.add("b", 100, framework="keras", parameters=7)
    for name in ("sums", "addition", "addition-v1", SUMS.task.name, "operations"):
        assert models(table(filled, task=name)) == [(1, "a"), (2, "b")]
    assert models(table(filled, framework="keras")) == [(2, "b")]
    assert models(table(filled, sort="parameters"))[0] == (2, "b")
    assert models(table(filled, badge="reproduced")) == []
    for name, words in (
        ({"task": "gcd2"}, "no task 'gcd2'"),
        ({"framework": "jax"}, "no framework 'jax'"),
        ({"split": "test"}, "unknown split"),
        ({"sort": "luck"}, "unknown order"),
        ({"badge": "rescored"}, r"unknown badge 'rescored'\. Did you mean 're-scored'"),
    ):
        with pytest.raises(InputError, match=words):
            tables(filled, **name)


def test_external_data_and_missing_revisions_are_filtered():
    filled = Filled()
    filled.add("asked", 0, supervision="prompted", recipe={"name": "v1"})
    filled.add("run", 0, recipe={"hidden": 1})
    every = [
        (x.model, x.external, x.revision)
        for t in tables(filled, task="sums", split="interpolate")
        for x in t.lines
    ]
    assert sorted(every) == [("asked", True, "v1"), ("run", False, "")]
    shown = [
        x.model for t in tables(filled, task="sums", split="interpolate", internal=True) for x in t.lines
    ]
    assert shown == ["run"]
    shown = [x.model for t in tables(filled, task="sums", split="interpolate", revised=True) for x in t.lines]
    assert shown == ["asked"]


def test_every_order_of_a_table():
    filled = Filled()
    filled.add("c", 270, parameters=None)
    filled.add("c", 150, parameters=0, framework=None)
    filled.add("b", 30, parameters=50)
    filled.add("a", 150, parameters=50)

    def order(sort):
        return [(x.model, x.framework) for x in table(filled, sort=sort).lines]

    a, b, c, bare = ("a", "torch"), ("b", "torch"), ("c", "torch"), ("c", None)
    assert order("score") == [b, bare, a, c]
    assert order("model") == [a, b, bare, c]
    assert order("parameters") == [bare, b, a, c]
    assert order("time") == [c, bare, b, a]


def test_a_line_has_the_weakest_badge_the_first_time_and_what_differs():
    filled = Filled()
    later = filled.add("a", 0, seed=0, badge="reproduced")
    filled.add("a", 0, seed=1)
    object.__setattr__(
        filled.records[1].checked, "differences", ("interpolate: claimed 1", "validation: claimed 2")
    )
    shown = {split: line(filled, split=split) for split in SUMS.rows}
    assert {split: x.differs for split, x in shown.items()} == {"interpolate": True, "extrapolate": False}
    assert (shown["interpolate"].badge, shown["interpolate"].submitted) == ("re-scored", later.submitted)


def test_a_line_states_time_and_size_of_the_training():
    filled = Filled()
    filled.add("a", 0, timings={"fit_cpu_s": 2.5, "steps": 1})
    filled.add("a", 0, timings={"fit_cpu_s": 3.5, "steps": 1}, seed=1)
    assert (line(filled).cpu_seconds, line(filled).parameters) == (3.0, 12345)
    filled.add("a", 0, timings={"steps": 1}, seed=2)
    assert line(filled).cpu_seconds is None


def test_open_submissions_have_no_rank_and_no_floor():
    filled = Filled(references={"sums": {"interpolate": {"constant": Score(300, 150)}}})
    filled.add("a", 0, data_seed=5, floors={"constant": {"interpolate": Score(10, 7).to_json()}})
    filled.add("b", 0)
    assert models(table(filled)) == [(1, "b")]
    found = open_tables(filled.board.open)
    assert [(t.task, t.split, t.season) for t in found] == [
        (SUMS.task.name, split, "") for split in ("interpolate", "extrapolate")
    ]
    assert [(x.model, x.rank, x.kind) for x in found[0].lines] == [("a", None, "model")]
    with pytest.raises(InputError, match="no task 'gcd'"):
        open_tables(filled.board.open, TableFilters(task="gcd"))
    assert open_tables([]) == []


def test_open_seeds_are_one_line():
    filled = Filled()
    for seed, errors in enumerate((30, 24, 18)):
        filled.add("a", errors, seed=seed, data_seed=9)
    filled.add("a", 0, seed=0, data_seed=9, id="again")
    (found,) = open_tables(filled.records, TableFilters(split="interpolate"))
    assert (found.lines[0].seeds, found.lines[0].exact_match) == (3, pytest.approx((0.95 + 0.92 + 0.94) / 3))


def test_more_seeds_never_pretend_more_rows():
    assert interval_bounds([0.9] * 10, 1000)[:2] == pytest.approx((0.879847, 0.917091), abs=2e-6)


@pytest.mark.parametrize("seeds", [*range(2, 19), 40])
def test_the_interval_over_seeds_adds_students_t_to_the_rows(seeds):
    from scipy import stats

    shares = [0.47, 0.53] * (seeds // 2) + [0.5] * (seeds % 2)
    low, high, spread = interval_bounds(shares, 1000)
    wilson_of_rows = stats.binomtest(500, 1000).proportion_ci(0.95, "wilson")
    half = stats.t.ppf(0.975, seeds - 1) * spread / seeds**0.5
    assert spread == pytest.approx(stats.tstd(shares))
    expected = ((0.5 - wilson_of_rows.low) ** 2 + half**2) ** 0.5
    assert low == pytest.approx(0.5 - expected, abs=2e-4) and 1 - high == pytest.approx(low, abs=1e-9)


def test_the_interval_over_seeds_stays_between_0_and_1():
    assert interval_bounds([1.0, 0.9], 10)[1] == 1 and interval_bounds([0.0, 0.1], 10)[0] == 0


def test_a_line_has_the_interval_and_no_more_than_it_is_given():
    found = Entry("floor", "m", 10, 0.5, 0.2, 0.8, "computed")
    assert found.interval == (0.2, 0.8)
    assert (found.rank, found.seeds, found.attempts, found.differs) == (None, 0, 0, False)


def test_settings_are_words_up_to_40_characters():
    assert settings_label({"a": "x" * 38}) == "a=" + "x" * 38
    # the first eight digits of the SHA-256 of the canonical JSON
    text = json.dumps({"a": "x" * 39}, separators=(",", ":"))
    assert settings_label({"a": "x" * 39}) == hashlib.sha256(text.encode()).hexdigest()[:8]
    assert settings_label({"name": 3, "z": 1}) == "name=3 z=1"


def test_of_comparisons_the_latest_are_remembered():
    """A served board changes for as long as it is served, and its memory stays flat."""
    latest, made = Latest(2), []
    for key in ("a", "b", "a", "c", "a", "b"):
        assert latest.get(key, lambda key=key: made.append(key) or key) == key
    assert made == ["a", "b", "c", "b"]


def test_a_ranking_is_compared_once(monkeypatch):
    filled = Filled()
    for name, errors in (("a", 3), ("b", 60)):
        filled.add(name, errors)
    board, calls = filled.board, []
    monkeypatch.setattr(
        ranked_board, "compare_over_tasks", lambda tasks: calls.append(1) or compare_over_tasks(tasks)
    )
    for changed in (board, board.updated(board.records)):
        season_tables(changed, TableFilters(task="sums"))
        for split in SUMS.rows:
            Comparisons(changed).ranking("sums", split, None)
    assert len(calls) == 2
