"""What a snapshot of a board picks out of its tables: floors, winners, the best models, and what none can do."""

import pytest

from mathbench.leaderboard.ranking.macro import WHOLE
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.best_models import best_models
from mathbench.leaderboard.site.heat_map import heat_map
from tests.leaderboard.conftest import SIZES

from .conftest import NAMED, made
from .records import record, snapshot, stated

TASKS = tuple(NAMED)
SHORT = SIZES | {"interpolate": 100}


def models(shares, tasks=TASKS, **changes):
    """Records of models with a number of right rows on every task."""
    return [
        record(made(task), right, 100 * i + j, baseline=name, **changes)
        for i, (name, right) in enumerate(shares.items())
        for j, task in enumerate(tasks)
    ]


def group(board, name="sums"):
    return board.groups[address.of_season_task(name)]


def test_the_floor_of_a_task_is_the_highest_of_the_season_whatever_was_reported():
    reported = {"forged": {"interpolate": {"n": 300, "correct": 299}}}
    board = snapshot(models({"a": 250}, floors=reported))
    best = group(board).floor("interpolate")
    assert (best.kind, best.model, best.exact_match) == ("floor", "copy", 0.4)


def test_a_season_without_references_has_no_floor():
    assert group(snapshot(models({"a": 250}), floors=False)).floor("interpolate") is None


def test_the_best_of_a_task_are_its_models_best_first():
    board = snapshot(models({"a": 30, "b": 290, "c": 150}))
    assert [line.model for line in group(board).best] == ["b", "c", "a"]


def test_other_tasks_are_open_and_in_no_average():
    board = snapshot([*models({"a": 250}), record(made("prime"), 300, 999, baseline="elsewhere")])
    assert [found.name for found in board.open_groups] == [made("prime").name]
    assert {m.first.model for m in board.season_models["interpolate"]} == {"a"}
    assert board.counts["open"] == 1 and board.counts["tasks"] == 3
    scopes = (WHOLE, *board.season.groups)
    assert not any(
        a.model == "elsewhere" for scope in scopes for a in board.averages_over("interpolate", scope)
    )


def test_winners_share_rank_one_and_stand_above_the_floor():
    board = snapshot(models({"a": 290, "b": 289, "c": 200, "d": 100}))
    (winners,) = group(board).winners("interpolate").values()
    assert [line.model for line in winners] == ["a", "b"]
    # the best of a task that nobody can do is no winner
    weak = snapshot(models({"a": 125, "b": 60}))
    assert group(weak).winners("interpolate") == {}


def test_the_heat_map_marks_winners_and_what_is_no_better_than_a_floor():
    found = heat_map(snapshot(models({"a": 290, "b": 289, "c": 200, "d": 121})), "interpolate")
    assert list(found.groups) == ["operations", "categories"]
    assert [row.task for row in found.groups["operations"]] == ["sums", "gcd"]
    cells = found.groups["operations"][0].cells
    places = [(m.first.model, c.place, c.above) for m, c in zip(found.models, cells, strict=True)]
    assert places == [("a", "best", True), ("b", "tied", True), ("c", "", True), ("d", "", False)]
    assert cells[0].note == "10 of 300 rows wrong, rank 1"
    assert cells[3].note.endswith("not above the best floor")


def test_incomplete_models_are_shown_without_rank_and_after_complete_ones():
    partly = [record(made("addition"), 100, 7_000, SHORT, baseline="partly")]
    found = heat_map(snapshot([*partly, *models({"a": 200})]), "interpolate")
    assert [m.first.model for m in found.models] == ["a", "partly"]
    cell = found.groups["operations"][0].cells[1]
    assert (cell.line.exact_match, cell.place, cell.line.complete) == (1, "", False)
    assert "incomplete" in cell.note and found.models[1].average is None


def test_the_best_models_have_paired_gaps_and_shared_ranks():
    found = best_models(snapshot(models({"a": 290, "b": 289, "c": 150})), "interpolate")
    (leaders,) = found.leaders
    assert leaders.scope == WHOLE and leaders.total == 3
    assert [(a.model, a.rank) for a in leaders.best] == [("a", 1), ("b", 1), ("c", 3)]
    first, second, last = (a.gap for a in leaders.best)
    assert last is None and not first.significant and second.significant
    assert first.difference == pytest.approx(1 / 300) and first.low < 0 < first.high
    assert second.low > 0.3 and second.p < 0.05


def test_at_most_five_of_a_supervision_and_none_of_another_among_them():
    many = models({f"m{i}": 290 - 10 * i for i in range(7)})
    other = [
        record(made(task), 299, 5_000 + i, baseline="d", supervision="dense") for i, task in enumerate(TASKS)
    ]
    first, second = best_models(snapshot([*many, *other]), "interpolate").leaders
    assert (first.supervision, [a.model for a in first.best], first.total) == ("dense", ["d"], 1)
    assert [a.model for a in second.best] == [f"m{i}" for i in range(5)] and second.total == 7


def test_where_nobody_is_complete_groups_have_their_best():
    board = snapshot(models({"a": 290}, tasks=("addition", "gcd")))
    found = best_models(board, "interpolate")
    assert [(leaders.scope, leaders.best[0].model) for leaders in found.leaders] == [("operations", "a")]
    assert [task.group.name for task in found.unanswered] == ["multiples-of-7"]


def test_what_no_model_can_do():
    records = [
        record(made("addition"), 299, 1, baseline="a"),
        record(made("divisible"), 280, 2, baseline="a"),
        record(made("gcd"), 240, 3, baseline="a"),
    ]
    found = best_models(snapshot(records), "interpolate")
    assert [(task.group.name, task.share) for task in found.unsolved] == [
        ("gcd", 0.8),
        ("multiples-of-7", 280 / 300),
    ]
    assert found.unanswered == []


def test_two_revisions_of_a_submitted_model_are_two_models():
    records = [
        record(made(task), right, 10 * right + i, document=stated(made(task), revision=name))
        for name, right in (("first", 200), ("second", 280))
        for i, task in enumerate(TASKS)
    ]
    found = heat_map(snapshot(records), "interpolate")
    assert [(m.key.revision, m.mean) for m in found.models] == [("second", 280 / 300), ("first", 200 / 300)]
    assert [c.line.exact_match for c in found.groups["operations"][0].cells] == [280 / 300, 200 / 300]


def test_of_several_runs_of_a_model_the_first_counts():
    records = [
        record(made(task), right, 10 * right + i, baseline="a", recipe={"name": name})
        for name, right in (("first", 200), ("second", 280))
        for i, task in enumerate(TASKS)
    ]
    found = heat_map(snapshot(records), "interpolate")
    assert [(m.key.revision, m.mean) for m in found.models] == [("", 200 / 300)]
    assert [c.line.attempt for c in found.groups["operations"][0].cells] == [1]
