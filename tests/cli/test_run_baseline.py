"""`run-baseline`: which mode runs, and which of several errors is reported."""

import json

import pytest

from mathbench.baselines import distributed
from mathbench.errors import InputError
from tests.baselines.commands import SMALL, mathbench

pytestmark = pytest.mark.usefixtures("in_a_fresh_folder")

# errors in the order in which they are checked: what the line says, and the words that cause it
ERRORS = (
    ("--budget must be", ["--budget", "soon"]),
    ("leave out lstm-seq2seq", ["--from", "nowhere"]),
    ("no framework 'jax'", ["--framework", "jax"]),
    ("Did you mean 'hidden'", ["--set", "hiden=3"]),
    ("counts seeds from an integer", ["--seed", "winter", "--seeds", "2"]),
    ("--config goes with --data", ["--config", "x"]),
    ("'steps' is a setting", ["--steps", "3"]),
    ("interpolate holds", ["--interpolate", "9999999999"]),
)


@pytest.fixture
def in_a_fresh_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def said(capsys):
    """Run the command and return the exit code and stderr."""

    def run(*words):
        code = mathbench("run-baseline", *words)
        return code, capsys.readouterr().err

    return run


@pytest.mark.parametrize("first", range(len(ERRORS)), ids=[message for message, _ in ERRORS])
def test_the_first_of_several_errors_is_reported(first, said, tmp_path):
    words = [word for _, words in ERRORS[first:] for word in words]
    code, line = said("lstm-seq2seq", *words)
    assert code == 2 and ERRORS[first][0] in line and line.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_other_processes_start_before_anything_is_checked(said, monkeypatch):
    def launch(devices, arguments):
        raise InputError(f"launched {devices}")

    monkeypatch.setattr(distributed, "launch_torchrun", launch)
    assert "launched 2" in said("lstm-seq", "--devices", "2", "--budget", "soon")[1]


def test_a_missing_name_is_reported_before_the_recipe(said):
    assert "must be named first. Received: --digits" in said("--digits", "3", "--recipe", "nothing")[1]


def test_an_unknown_baseline_is_reported_before_its_data(said):
    assert "Did you mean 'lstm-seq2seq'" in said("lstm-seq", "--data", "nowhere")[1]


def test_a_repeated_run_excludes_the_first_word_that_decides_what_is_run(said):
    assert "leave out --digits" in said("--from", "r", "--seed", "0", "--digits", "3")[1]
    assert "leave out --seed" in said("--from", "r", "--seed", "0", "--task", "gcd")[1]
    assert "leave out --task" in said("--from", "r", "--task", "gcd", "--seed", "0")[1]
    assert "not a run directory" in said("--from", "r", "--threads", "1", "--dry-run", "--json")[1]


def test_a_dry_run_of_each_mode(capsys):
    def planned(*words):
        assert mathbench("run-baseline", *words, "--dry-run", "--json") == 0
        return json.loads(capsys.readouterr().out)

    assert planned("lstm-seq2seq", *SMALL)["recipe"]["name"] == "lstm-seq2seq"
    assert len(planned("lstm-seq2seq", *SMALL, "--sweep", "rate=1e-3,3e-3", "--seeds", "2")["trials"]) == 4
    drawn = planned("lstm-seq2seq", *SMALL, "--sweep", "rate=1e-4..1e-1", "--trials", "5")
    assert drawn["combinations"] == 5 and drawn["axes"]
    assert mathbench("run-baseline", "constant", *SMALL, "--no-submit", "--out", "r") == 0
    capsys.readouterr()
    assert planned("--from", "r")["out"] == "r-again"


# what a run refuses before it writes
REFUSED = (
    ("requires padding=right", ["lstm-seq2seq", *SMALL, "--set", "padding=columns"]),
    ("does not apply to", ["last-digit", "--task", "addition", *SMALL]),
    (
        "--long needs a task",
        ["constant", "--task", "modular", "--modulus", "997", *SMALL[2:], "--long", "20"],
    ),
    ("cannot use device 'nowhere'", ["mlp", *SMALL, "--device", "nowhere"]),
    ("unknown tracker", ["mlp", *SMALL, "--track", "nowhere"]),
    ("requires rows of validation", ["constant", "--digits", "2", "--validation", "0"]),
)


@pytest.mark.parametrize(("line", "words"), REFUSED, ids=[line for line, _ in REFUSED])
def test_a_dry_run_refuses_what_the_run_refuses(line, words, said, tmp_path):
    assert said(*words) == said(*words, "--dry-run")
    code, message = said(*words, "--dry-run")
    assert code == 2 and line in message and message.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_dry_run_of_several_runs_checks_the_first_and_all_directories(said, tmp_path):
    words = ["lstm-seq2seq", *SMALL, "--out", "s", "--dry-run"]
    for more in (["--seeds", "2"], ["--sweep", "lr=1e-4..1e-1", "--trials", "2"]):
        assert "requires padding=right" in said(*words, *more, "--set", "padding=columns")[1]
        assert said(*words, *more)[0] == 0
    assert not list(tmp_path.iterdir())
    (tmp_path / "s" / "seed1").mkdir(parents=True)
    (tmp_path / "s" / "seed1" / "run.json").write_text("{}")
    assert "seed1 contains another run" in said(*words, "--seeds", "2")[1]


def test_a_dry_run_of_a_directory_checks_what_it_needs(said, tmp_path):
    few = ["--set", "steps=1", "--set", "batch=8", "--set", "evaluate=1", "--no-submit", "--no-plots"]
    assert said("mlp", *SMALL, *few, "--out", "r")[0] == 0
    for words in (["--from", "r"], ["--extend", "r", "--set", "steps=2"]):
        assert "cannot use device" in said(*words, "--device", "nowhere", "--dry-run")[1]
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine.txt").touch()
    assert "x is not empty and not a run directory" in said("--from", "r", "--out", "x", "--dry-run")[1]
