"""Searches that change the number of training rows: only these rows differ, and every part of a study knows of it."""

import json

import pytest

from mathbench.baselines.jobs.source import open_rows_of
from mathbench.baselines.result import Result
from mathbench.baselines.run_directory import SPEC_FILE
from mathbench.errors import InputError
from mathbench.studies.archive import pack, unpack
from mathbench.studies.estimate import PROBES, estimate
from mathbench.studies.report.found import read_results
from mathbench.studies.report.tables import searches
from mathbench.studies.results import read_cells
from mathbench.studies.run_study import discard_changed, run_study
from mathbench.studies.search import tried_variants
from mathbench.studies.variant import parse_variant
from tests.baselines.commands import mathbench

ROWS = (
    'search = ["hidden=5", "rate=1e-2 hidden=6"]',
    'search = ["sizes.train=60", "rate=1e-2 sizes.train=90"]',
)
NEVER_SOLVED = ("seeds = 2", "seeds = 2\nsolved = 1.0")
CHOSEN = {"tasks": ("threes",), "learners": ("gru",)}


@pytest.fixture
def searched(planned):
    """The plan of the small study with searches over training rows, finished."""
    plan = planned(ROWS, NEVER_SOLVED, **CHOSEN)
    assert all(outcome.value for outcome in run_study(plan))
    return plan


def cells(plan):
    cell = next(plan.cells())
    return cell, *plan.variants(cell)


def test_only_the_training_rows_differ(planned):
    plan = planned(ROWS)
    cell, fewer, both = cells(plan)
    assert (fewer.overrides, both.overrides) == ({}, {"rate": "1e-2"})
    own, other = (open_rows_of(plan.rows(one)) for one in (cell, fewer))
    assert other.splits["train"].num_rows == 60
    assert other.splits["train"].equals(own.splits["train"].slice(0, 60))
    for split in ("validation", "interpolate", "extrapolate"):
        assert other.splits[split].equals(own.splits[split])
    assert plan.spec(fewer, 0) == plan.spec(cell, 0)


def test_runs_record_their_rows_in_a_folder_of_their_own(searched):
    folder = searched.out / "searches" / "threes" / "gru"
    assert {path.name for path in folder.iterdir()} == {"sizes.train=60", "rate=1e-2,sizes.train=90"}
    spec = json.loads((folder / "sizes.train=60" / "seed0" / SPEC_FILE).read_text())
    assert spec["data"]["sizes"] == {"train": 60, "validation": 40, "interpolate": 50, "extrapolate": 40}
    assert Result.load(folder / "rate=1e-2,sizes.train=90" / "seed0").data["sizes"]["train"] == 90


def test_they_go_on_and_are_refused_when_rows_have_changed(searched, planned):
    done = {path: path.stat().st_mtime_ns for path in searched.out.glob("**/result.json")}
    assert all(outcome.value for outcome in run_study(searched))
    assert {path: path.stat().st_mtime_ns for path in searched.out.glob("**/result.json")} == done
    changed = planned(ROWS, NEVER_SOLVED, ("train = 300", "train = 200"), **CHOSEN)
    with pytest.raises(InputError, match="contains another run"):
        next(run_study(changed))
    # of the searches, none has the rows of the task
    assert discard_changed(changed) == 2
    assert len(list(changed.out.glob("searches/**/result.json"))) == len(done) - 2


def test_reports_archives_and_boards_know_them(searched, tmp_path, capsys):
    table = "\n".join(searches(read_results(searched)))
    assert "sizes.train=60: " in table and "rate=1e-2 sizes.train=90: " in table
    count = pack(searched.out, tmp_path / "small.tar.xz")
    assert unpack(tmp_path / "small.tar.xz", tmp_path / "again") == count >= 4
    tried = [tried_variants(searched, results) for results in read_cells(searched)]
    assert [len(variants) for variants in tried] == [2]
    assert mathbench("study", "submit", searched.out, "--board", tmp_path / "board.sqlite") == 0
    capsys.readouterr()
    assert mathbench("leaderboard", "verify", "--board", tmp_path / "board.sqlite") == 0


def test_variants_that_change_no_row_are_left_out(planned):
    """Where the task has no more rows than the learner is trained on anyway."""
    many = (
        'search = ["hidden=5", "rate=1e-2 hidden=6"]',
        'search = ["sizes.train=900", "rate=1e-2 sizes.train=900"]',
    )
    names = [variant.variant for variant in cells(planned(many, ("train = 300", "train = 800")))[1:]]
    assert names == ["rate=1e-2 sizes.train=900"]
    assert len(cells(planned(many))) == 3


def test_probes_of_other_rows_are_others(planned):
    few, many = planned(**CHOSEN), planned(("train = 300", "train = 200"), **CHOSEN)
    estimate(few, seconds=0.01)
    estimate(many, seconds=0.01)
    assert len(list((few.out / PROBES).iterdir())) == 2


def test_variants_name_parameters_of_the_task_and_archives_take_their_names(planned, tmp_path):
    named = ('"hidden=5"', '"auxiliary=prefix-residue={k} hidden=5"')
    plan = planned(named, NEVER_SOLVED, ("examples = {}\n", ""), tasks=("threes",), learners=("gru",))
    assert plan.spec(cells(plan)[1], 0).settings.auxiliary == "prefix-residue=3"
    list(run_study(plan))
    assert len(list(plan.out.glob("searches/threes/gru/auxiliary=prefix-residue={k},hidden=5/seed0"))) == 1
    count = pack(plan.out, tmp_path / "named.tar.xz")
    assert unpack(tmp_path / "named.tar.xz", tmp_path / "new") == count


def test_words_of_a_variant():
    assert parse_variant("lr=1e-2  sizes.train=7").sizes == {"train": 7}
    for text, words in (
        ("sizes.train=0", "sizes.train must be an integer of 1 or more"),
        ("sizes.train=1e3", "sizes.train must be an integer"),
        ("sizes.train=" + "9" * 30, "sizes.train must be an integer"),
        ("sizes.validation=9", "may change the rows of train, sizes.train, and no others"),
        ("sizes.trian=9", "Did you mean 'sizes.train'"),
        ("sizes.train=8 sizes.train=9", "may be given once"),
        ("rate=1 lr=2", "rate may be given once"),
        ("=3", "a list of key=value"),
    ):
        with pytest.raises(InputError, match=words):
            parse_variant(text)
