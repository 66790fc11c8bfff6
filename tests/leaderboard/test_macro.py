"""Averages over the tasks of a season and of its groups, and ranks over several tasks."""

import numpy as np
import pytest

from mathbench.errors import InputError
from mathbench.leaderboard.ranking.macro import macro_averages
from mathbench.leaderboard.ranking.paired import compare_over_tasks
from mathbench.leaderboard.ranking.row_moments import row_moments
from mathbench.leaderboard.seasons.files import parse_season
from mathbench.scores.results import Score

from .season import GCDS, SUMS, TEXT, Filled, wrong


def averages(filled, *more, kind="model"):
    return [a for a in macro_averages(filled.board, *more) if a.kind == kind]


def both(filled, model, sums, gcds, **changes):
    filled.add(model, sums, SUMS, **changes)
    filled.add(model, gcds, GCDS, **changes)


def test_averages_rank_only_who_answered_everything():
    filled = Filled()
    both(filled, "a", 30, 90)
    both(filled, "c", 270, 267)
    filled.add("b", 0, SUMS)
    found = averages(filled)
    assert [(a.model, a.tasks, a.of, a.rank) for a in found] == [
        ("a", 2, 2, 1),
        ("c", 2, 2, 1),  # two tasks are few: that they differ so much is not yet shown for tasks in general
        ("b", 1, 2, None),
    ]
    assert [a.mean for a in found] == pytest.approx([0.8, (30 + 33) / 600, 1])


def many_tasks(n):
    head, _, _ = TEXT.partition("[[tasks]]")
    tasks = (f'[[tasks]]\nname = "t{i}"\ntask = "gcd-v1"\nseed = {i}\ndigits = 3\n' for i in range(n))
    return parse_season(head + "".join(tasks), "tiny.toml")


def test_a_difference_on_all_tasks_is_significant():
    season = many_tasks(8)
    filled = Filled(season)
    for model, errors in (("a", 3), ("b", 5), ("c", 40)):
        for i, task in enumerate(season.tasks):
            filled.add(model, errors + i % 2, task, data_seed=i)
    found = averages(filled)
    assert [(a.model, a.rank, a.wins, a.losses) for a in found] == [
        ("a", 1, 2, 0),
        ("b", 2, 1, 1),
        ("c", 3, 0, 2),
    ]


def test_one_row_on_a_new_task_changes_nothing():
    filled = Filled()
    both(filled, "a", 30, 90)
    before = averages(filled)
    filled.add("b", {"interpolate": wrong(0, 1), "extrapolate": wrong(0, 1)}, SUMS, data_seed=77)
    filled.add("c", {"interpolate": wrong(0, 1), "extrapolate": wrong(0, 1)}, SUMS)
    assert averages(filled) == before and before[0].rank == 1


def test_a_group_is_an_average_of_its_own():
    filled = Filled()
    filled.add("a", 30, SUMS)
    assert [(a.rank, a.tasks, a.of, a.mean) for a in averages(filled, "interpolate", "operations")] == [
        (1, 1, 1, 0.9)
    ]
    assert averages(filled)[0].rank is None and averages(filled, "interpolate", "more") == []
    with pytest.raises(InputError, match=r"no group 'mor'\. Did you mean 'more'"):
        macro_averages(filled.board, "interpolate", "mor")
    with pytest.raises(InputError, match="Did you mean 'interpolate'"):
        macro_averages(filled.board, "interpolat")


def test_tasks_count_by_their_weight():
    season = parse_season(TEXT.replace('name = "gcds"', 'name = "gcds"\nweight = 3'), "tiny.toml")
    filled = Filled(
        season, {"sums": {"interpolate": {"c": Score(10, 10)}}, "gcds": {"interpolate": {"c": Score(10, 0)}}}
    )
    filled.add("a", 0, season.tasks[0])
    filled.add("a", 300, season.tasks[1])
    assert averages(filled)[0].mean == pytest.approx(0.25)
    assert averages(filled, kind="floor")[0].mean == pytest.approx(0.25)


def test_only_one_attempt_of_a_model_counts():
    filled = Filled()
    both(filled, "a", 30, 90)
    filled.add("a", 0, SUMS, id="again")
    filled.add("a", 0, SUMS, recipe={"hidden": 9})
    found = averages(filled)
    assert [(a.mean, a.tasks) for a in found] == [(pytest.approx(0.8), 2)]


def test_frameworks_submitters_and_supervisions_are_not_mixed():
    filled = Filled()
    filled.add("a", 0, SUMS, framework="torch")
    filled.add("a", 0, GCDS, framework="keras")
    filled.add("b", 0, SUMS, submitter="ada")
    filled.add("b", 0, GCDS, submitter="eve")
    filled.add("c", 0, SUMS, supervision="dense")
    filled.add("c", 0, GCDS, supervision="examples")
    found = averages(filled)
    assert len(found) == 6 and {a.tasks for a in found} == {1}


def test_floors_and_solver_stand_beside_every_supervision():
    scores = {"exact-solver": Score(300, 300), "constant": Score(300, 150)}
    filled = Filled(
        references={
            "sums": {"interpolate": scores},
            "gcds": {"interpolate": {"exact-solver": Score(300, 300)}},
        }
    )
    both(filled, "a", 30, 90, supervision="dense")
    both(filled, "b", 30, 90, supervision="examples")
    floors = averages(filled, kind="floor")
    assert [(a.model, a.mean, a.tasks, a.of, a.rank, a.supervision) for a in floors] == [
        ("constant", 0.5, 1, 2, None, "examples"),
        ("constant", 0.5, 1, 2, None, "dense"),
    ]
    assert [a.mean for a in averages(filled, kind="solver")] == [1, 1]


def test_an_average_is_that_of_the_paired_tests():
    filled = Filled()
    both(filled, "a", 30, 90)
    both(filled, "b", 60, 90)
    rights = [[wrong(30, 300), wrong(60, 300)], [wrong(90, 300), wrong(90, 300)]]
    tests = compare_over_tasks([row_moments(same) for same in rights])
    found = averages(filled)
    assert np.allclose([a.mean for a in found], tests.shares)
    assert np.allclose([a.interval for a in found], np.stack([tests.low, tests.high], 1))
    assert found[0].to_json()["rank"] == 1 and found[0].to_json()["scope"] == ""


def test_an_empty_board_has_the_references_only():
    filled = Filled(references={"sums": {"interpolate": {"exact-solver": Score(300, 300)}}})
    assert [(a.kind, a.mean) for a in macro_averages(filled.board)] == [("solver", 1)]
    assert macro_averages(Filled().board) == []
