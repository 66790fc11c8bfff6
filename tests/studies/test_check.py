"""What cannot be run is refused before anything is: by one line that names the cell, and without a training."""

import json
import shutil
import subprocess
import sys

import pytest

from mathbench.baselines.jobs import run_job
from mathbench.baselines.jobs import source as sources
from mathbench.errors import InputError
from mathbench.studies import check
from mathbench.studies.check import check_cells
from mathbench.studies.run_study import discard_changed, run_study
from tests.baselines.commands import mathbench
from tests.studies.conftest import SMALL

GRU = 'tasks = "threes"\nsettings'


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        # what shows in the rows
        ([('tasks = "threes"', 'tasks = "sums"'), ("train = 300", "train = 4000"), ("digits = 2", "digits = 4"),
          ('dense = { auxiliary = "prefix-residue={k}" }', "")],
         "sums / gru: a classifier supports at most 1,000 different answers"),
        ([("hidden = 8 }", 'hidden = 8, padding = "columns" }')], "sums / mlp: mlp requires padding=right, left or"),
        ([(GRU, 'tasks = "threes"\nformat = "backwards"\nsettings')], "threes / gru: divisible: unknown format"),
        ([("validation = 40", "validation = 0")], "threes / gru: a run needs rows of validation, but sizes says"),
        ([("train = 300", "train = 0")], "threes / gru: a run needs rows of train, but sizes says train = 0"),
        # what shows in the lengths
        ([("long = [6, 9]", "long = [6, 9999]")], "threes / gru: divisible: digits must be an integer from 1 to 4096"),
        ([("digits = 2", "digits = 2\nlong = [9999]")], "sums / mlp: addition: digits must be an integer from 1 to"),
        # what only the shape of a network shows
        ([("hidden = 4 }", 'hidden = 4, output = "sigmoid" }'), ("digits = 3", 'digits = 3\nanswer = "residue"')],
         "threes / gru: output=sigmoid requires two different answers. Received: 3."),
        # variants are run last, and are checked first
        ([('"hidden=5"', '"padding=columns"')], "threes / gru / padding=columns: "),
        ([('"hidden=5"', '"source=stream sizes.train=20"')], "sizes.train changes nothing where source=stream"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_before_anything_is(changes, words, planned):
    plan = planned(*changes)
    with pytest.raises(InputError) as refused:
        next(run_study(plan))
    assert words in str(refused.value) and "\n" not in str(refused.value)
    assert not plan.out.exists()


def test_what_the_first_rows_lack_is_looked_for_in_all(planned, monkeypatch):
    """A kind of problem, or an answer, may come late."""
    monkeypatch.setattr(check, "FIRST_ROWS", {split: 1 for split in check.FIRST_ROWS})
    check._first_rows.cache_clear()
    opened = []
    real = check.open_rows_of
    monkeypatch.setattr(check, "open_rows_of", lambda rows: opened.append(rows) or real(rows))
    sigmoid = ("hidden = 4 }", 'hidden = 4, output = "sigmoid" }')
    check_cells(planned(sigmoid, ('search = ["hidden=5", "rate=1e-2 hidden=6"]\n', ""), learners=("gru",)))
    assert len(opened) == 1 and dict(opened[0].sizes)["train"] == 300


def test_checks_generate_few_rows_and_train_nothing(planned, monkeypatch):
    generated = []
    real = sources.Data.generate
    monkeypatch.setattr(
        sources.Data, "generate", lambda task, sizes, seed: generated.append(sizes) or real(task, sizes, seed)
    )
    check._first_rows.cache_clear()
    check_cells(planned(("train = 300", "train = 50000"), ("digits = 3", "digits = 6")))
    assert generated and all(sizes["train"] <= 2000 for sizes in generated)


def test_studies_of_shortcuts_load_no_framework(planned):
    code = (
        "import sys; from pathlib import Path; from mathbench.studies.study_file import parse_study;"
        "from mathbench.studies.plan import StudyPlan; from mathbench.studies.check import check_cells;"
        f"study = parse_study({SMALL!r}, Path('small.toml'));"
        "check_cells(StudyPlan(study, Path('out'), learners=('constant', 'exact-solver')));"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_force_discards_nothing_where_the_study_cannot_be_run(planned):
    chosen = {"tasks": ("threes",), "learners": ("gru",)}
    solved = ("seeds = 2", "seeds = 2\nsolved = 0.0")
    list(run_study(planned(solved, **chosen)))
    broken = planned(
        solved, ("hidden = 4 }", 'hidden = 4, padding = "columns" }'), ("examples = {}\n", ""), **chosen
    )
    before = sorted(broken.out.glob("**/result.json"))
    with pytest.raises(InputError):
        discard_changed(broken)
    assert len(before) == 2 and sorted(broken.out.glob("**/result.json")) == before


def test_a_dry_run_refuses_what_a_run_refuses(planned, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    list(run_study(planned(tasks=("threes",), learners=("gru",), seeds=(0,))))
    words = ("study", "small.toml", "--out", "out", "--dry-run", "--probe", "0")
    for text, line in (
        (
            SMALL.replace("hidden = 8 }", 'hidden = 8, padding = "columns" }'),
            "sums / mlp: mlp requires padding=",
        ),
        (SMALL.replace("hidden = 4", "hidden = 3"), "contains another run (different recipe)"),
        (SMALL.replace('"small"', '"other"'), "out is the folder of the study small"),
    ):
        (tmp_path / "small.toml").write_text(text)
        assert mathbench(*words) == 2
        shown = capsys.readouterr()
        assert line in shown.err and len(shown.err.strip().splitlines()) == 1 and not shown.out
    # where the directories of a search alone are left
    shutil.rmtree(tmp_path / "out" / "runs")
    (tmp_path / "small.toml").write_text(SMALL.replace("steps = 8", "steps = 7"))
    assert mathbench(*words) == 2
    assert "out/searches/threes/gru/hidden=5/seed0 contains another run" in capsys.readouterr().err
    (tmp_path / "small.toml").write_text(SMALL)
    assert mathbench("study", "small.toml", "--out", "small.toml", "--dry-run", "--probe", "0") == 2
    assert "small.toml is a file, not the folder of a study" in capsys.readouterr().err


def test_fewer_rows_than_asked_are_told_once_for_each_task(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = SMALL.replace("train = 300", "train = 1000").replace('"hidden=5"', '"hidden=5 sizes.train=5000"')
    (tmp_path / "small.toml").write_text(text)
    words = ("study", "small.toml", "--task", "threes", "--learner", "gru", "--learner", "constant")
    assert mathbench(*words, "--dry-run", "--probe", "0") == 0
    note = "note: threes: train has 516 rows, not 1,000 or 5,000"
    shown = capsys.readouterr()
    assert [line for line in shown.err.splitlines() if line.startswith("note")] == [note]
    assert mathbench(*words, "--dry-run", "--probe", "0", "--json") == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["fewer_rows"] == [
        {"task": "threes", "split": "train", "rows": 516, "asked": [1000, 5000]}
    ]
    assert mathbench(*words, "--seed", "0", "--no-searches") == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines.count(note) == 1 and lines.index(note) < lines.index("2 runs")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("origin.json", b"{", "origin.json is damaged. Run the study again with its file"),
        ("origin.json", b"[]", "origin.json is damaged"),
        ("study.toml", b"name = ", "study.toml is not valid TOML"),
        ("study.toml", b"\xff", "study.toml is not valid TOML"),
        ("study.toml", b"name = 'small'", "the study needs learners"),
    ],
)
def test_damaged_files_of_a_folder_are_one_line(file, content, words, planned, capsys):
    plan = planned(learners=("constant",))
    list(run_study(plan))
    (plan.out / file).write_bytes(content)
    assert mathbench("study", "report", plan.out) == 2
    error = capsys.readouterr().err
    assert words in error and len(error.strip().splitlines()) == 1


def test_a_study_goes_on_where_the_copy_of_its_file_is_of_another_version(planned):
    plan = planned(learners=("constant",))
    list(run_study(plan))
    (plan.out / "study.toml").write_text('name = "small"\nan_old_key = 1\n')
    assert all(outcome.value for outcome in run_study(plan))
    assert "an_old_key" not in (plan.out / "study.toml").read_text()


def test_a_probe_that_fails_ends_a_dry_run_with_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)

    def full_disk(*_):
        raise InputError("no space left on the disk.")

    monkeypatch.setattr(run_job, "run", full_disk)
    assert mathbench("study", "small.toml", "--dry-run", "--learner", "gru", "--probe", "0.01") == 2
    assert (
        "the probes of 1 of 1 cells failed, first of threes / gru: no space left" in capsys.readouterr().err
    )
