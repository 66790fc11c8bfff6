"""Questions that a run cannot answer are named with the reason, and the others are answered."""

import json

import pytest

from mathbench.baselines.analysis.questions import question_problem, question_warning
from mathbench.baselines.ask import ask_questions
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.models.reading_limit import ReadingLimit, of_positions
from mathbench.baselines.models.settings.writing import DecoderTransformerSettings
from mathbench.baselines.predictor import load_run
from mathbench.baselines.run import RunOptions, run
from mathbench.cli import main
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task

SIZES = {"train": 300, "validation": 20, "interpolate": 20, "extrapolate": 20}


def command(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


@pytest.fixture
def perceptron(tiny, sums, tmp_path):
    run(tiny("mlp"), sums, RunOptions(tmp_path / "mlp"))
    return tmp_path / "mlp"


def test_the_bad_questions_are_named_and_the_others_answered(perceptron, capsys):
    questions = ["1+2", "", "123456+7", "1x2", "1+", "9+9"]
    reasons = (
        "must not be empty",
        "the network reads 5: the rest is cut off",
        "not contain 'x'",
        "such as '",
    )
    assert command("ask", perceptron, *questions) == 1
    said = capsys.readouterr()
    lines = said.out.split("\n")
    assert lines[1:5] == [""] * 4 and lines[0] and lines[5]
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    for number, (line, reason) in enumerate(zip(errors, reasons, strict=True), start=2):
        assert line.startswith(f"error: question {number}, ") and reason in line
    assert command("ask", perceptron, *questions, "--json") == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row["question"] for row in rows] == questions
    assert [row["answer"] is None for row in rows] == [bool(row["error"]) for row in rows]
    assert [rows[0]["answer"], rows[5]["answer"]] == [lines[0], lines[5]]
    # the answers do not depend on the other questions
    assert command("ask", perceptron, "1+2", "9+9") == 0
    assert capsys.readouterr().out.split("\n")[:2] == [lines[0], lines[5]]


def test_without_any_answer_there_is_one_line(perceptron, capsys):
    assert command("ask", perceptron, "", "1x2", "--json") == 2
    said = capsys.readouterr()
    assert (
        not said.out
        and said.err.count("\n") == 1
        and "question 1, ''" in said.err
        and "question 2, '1x2'" in said.err
    )


def test_from_python_the_first_bad_question_is_an_error(perceptron):
    loaded = load_run(perceptron, DeviceConfig("cpu"))
    with pytest.raises(InputError, match=r"^question 2, '1234\+1': it has 7 positions"):
        ask_questions(loaded, ["1+1", "1234+1"])
    assert question_problem(loaded, "12+3") == ""


def test_another_base_is_named(tiny):
    data = Data.generate(task("divisible", k=3, base=16, digits=3), SIZES)
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        run(tiny("gru-classifier"), data, RunOptions(Path(folder)))
        loaded = load_run(Path(folder), DeviceConfig("cpu"))
        assert question_problem(loaded, "ff") == ""
        assert "does not contain 'g'" in question_problem(loaded, "fg")


def test_positions_that_were_not_trained_are_a_warning(tiny, sums, tmp_path, capsys):
    small = {
        "hidden": 8,
        "inner": 8,
        "heads": 2,
        "layers": 1,
        "steps": 1,
        "evaluate": 1,
        "positions": "learned",
    }
    run(tiny("decoder-transformer", **small), sums, RunOptions(tmp_path / "r"))
    assert command("ask", tmp_path / "r", "12+3", "1234+5", "--json") == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["warning"] is None and "count as the last one" in second["warning"]
    assert second["answer"] is not None and second["error"] is None
    loaded = load_run(tmp_path / "r", DeviceConfig("cpu"))
    assert question_problem(loaded, "1234+5") == "" and question_warning(loaded, "12+3") == ""


def test_limits_follow_from_the_positions():
    def limit(**settings):
        return of_positions(7, 4, DecoderTransformerSettings(**settings))

    assert limit(positions="rotary") is None and limit(positions="none") is None
    assert limit(positions="learned").positions == 7
    assert limit(positions="randomised", span=128, longest=20).positions == 108
    assert ReadingLimit(7, "x").problem(7) == "" and ReadingLimit(7, "x").problem(8)


def test_predict_counts_long_questions_and_names_unknown_ones(perceptron, tmp_path, capsys):
    sizes = [word for split in SIZES for word in (f"--{split}", "20")]
    for name, words in (("long", ["--digits", "4"]), ("hex", ["--digits", "2", "--base", "16"])):
        assert command("generate", "--task", "addition", *words, *sizes, "--out", tmp_path / name) == 0
    capsys.readouterr()
    assert command("predict", perceptron, "--data", tmp_path / "long", "--split", "interpolate") == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 20
    assert "questions have more than the 5 positions that the network reads" in said.err
    assert "of interpolate: the rest is cut off" in said.err
    assert command("predict", perceptron, "--data", tmp_path / "hex", "--split", "interpolate") == 0
    said = capsys.readouterr()
    assert "that the run has never seen, the first in row" in said.err
    assert 0 < len(said.out.splitlines()) < 20
