"""What a snapshot of a board picks out of its tables."""

import pytest

from mathbench.families import task as make_task
from mathbench.leaderboard.site.snapshot import Snapshot
from mathbench.scores.results import Score
from tests.leaderboard.test_ranking import kept

TASK = make_task("addition", digits=2)


def group(*records):
    (found,) = Snapshot.from_records("b", records).groups.values()
    return found


def floors(**correct):
    return {name: {"interpolate": Score(100, n).to_json()} for name, n in correct.items()}


@pytest.mark.parametrize("names", [("constant", "copy"), ("copy", "constant")])
def test_the_floor_of_a_task_is_the_highest_and_no_model(names):
    reported = floors(**dict(zip(names, (30, 70), strict=True)))
    found = group(kept(TASK, 900, 1, floors=reported), kept(TASK, 10, 2, baseline="weak", floors=reported))
    best = found.floor("interpolate")
    assert (best.kind, best.model, best.exact_match) == ("floor", names[1], 0.7)


def test_a_task_without_floors_has_none():
    assert group(kept(TASK, 900, floors={})).floor("interpolate") is None


def test_the_best_of_a_task_are_its_models_best_first():
    records = [kept(TASK, n, n, baseline=name) for n, name in ((3, "a"), (9, "b"), (5, "constant"))]
    assert [line.model for line in group(*records).best] == ["b", "a"]
