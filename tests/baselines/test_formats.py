"""Formats in runs: networks see written text, shortcuts plain text, and all are scored in plain text."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.predictor import load_predictor
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.shortcuts.scores import score_shortcuts
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.dataset.data import Data
from mathbench.families import task
from mathbench.formats import for_task
from mathbench.leaderboard.submit import dry_run, submit_run

SIZES = {"train": 400, "validation": 60, "interpolate": 80, "extrapolate": 60}
WAYS = (
    "reversed",
    "padded+reversed-all",
    "index-hints",
    "scratchpad",
    "spaced",
    "reversed+scratchpad+spaced",
)


@pytest.mark.parametrize("way", WAYS)
def test_shortcuts_score_the_same_in_every_format(way, tmp_path):
    plain = Data.generate(task("divisible", k=5, answer="residue", digits=4), SIZES)
    written = Data.generate(task("divisible", k=5, answer="residue", digits=4, format=way), SIZES)
    assert score_shortcuts(written) == score_shortcuts(plain)
    assert score_shortcuts(written)[1]["interpolate"]["exact_match"] == 1
    results = [
        run(RunSpec(baseline("last-digit"), "none", "", 0), data, RunOptions(tmp_path / name))
        for name, data in (("plain", plain), ("written", written))
    ]
    assert all(
        results[0].scores[s]["correct"] == results[1].scores[s]["correct"] > 0 for s in ("interpolate",)
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("family", ["subtraction", "division"])
def test_the_exact_solver_is_right_everywhere(family, way, tmp_path):
    """Fit, predict, score, ask again, submit: what is written is read back in each of these places."""
    data = Data.generate(task(family, digits=2, format=way), SIZES)
    result = run(RunSpec(baseline("exact-solver"), "none", "", 0), data, RunOptions(tmp_path))
    assert all(score["exact_match"] == 1 for score in result.scores.values())
    assert all(("steps" in score) == ("scratchpad" in way) for score in result.scores.values())
    predictions = pq.read_table(tmp_path / "predictions.parquet")
    assert predictions["prediction"].to_pylist()[:60] == data.splits["validation"]["answer"].to_pylist()
    answer, _ = load_predictor(tmp_path, DeviceConfig())
    assert (
        answer(data.splits["interpolate"]["question"]).to_pylist()
        == data.splits["interpolate"]["answer"].to_pylist()
    )
    receipt = dry_run(tmp_path, "mine")
    assert not receipt.differences
    assert all(score.total.exact_match == 1 for score in receipt.scores.values())


def test_the_board_reads_the_format(tmp_path, monkeypatch):
    data = Data.generate(task("addition", digits=2, format="scratchpad"), SIZES)
    run(RunSpec(baseline("constant"), "none", "", 0), data, RunOptions(tmp_path / "run"))
    receipt = submit_run(tmp_path / "run", tmp_path / "board.sqlite", name="mine")
    claimed = json.loads((tmp_path / "run" / "result.json").read_text())["scores"]["interpolate"]
    assert receipt.scores["interpolate"].total.correct == claimed["correct"] >= claimed["steps"]["correct"]
    assert receipt.task == "addition-base10-digits2-scratchpad" and not receipt.differences


def test_baselines_of_third_parties_see_what_is_written(tmp_path):
    (tmp_path / "mine.py").write_text(
        "class Mine:\n"
        "    @classmethod\n"
        "    def fit(cls, task, train, validation):\n"
        "        cls.seen = train['answer'][0].as_py()\n"
        "        return cls()\n"
        "    def predict(self, questions):\n"
        "        return [f'{len(questions[0])}#' + self.seen for q in questions]\n"
    )
    entry = baseline(f"{tmp_path / 'mine.py'}:Mine")
    data = Data.generate(task("addition", digits=2, format="padded:width=9"), SIZES)
    run(RunSpec(entry, "none", "", 0), data, RunOptions(tmp_path / "run"))
    said = pq.read_table(tmp_path / "run" / "predictions.parquet")["prediction"][0].as_py()
    assert said == "19#" + data.splits["train"]["answer"][0].as_py()


@pytest.mark.parametrize("way", ["reversed", "scratchpad"])
def test_a_network_is_validated_by_the_answer_it_means(way, tmp_path):
    pytest.importorskip("torch")
    from mathbench.baselines.recipe import apply_overrides, read_recipe

    entry = baseline("lstm-seq2seq")
    overrides = {"steps": "40", "evaluate": "20", "hidden": "16"}
    settings, choices = apply_overrides(read_recipe("lstm-seq2seq"), entry, "torch", overrides)
    data = Data.generate(
        task("addition", digits=1, longer=1, format=way),
        {**SIZES, "train": 40, "validation": 4, "interpolate": 4},
    )
    result = run(RunSpec(entry, "torch", "lstm-seq2seq", 0, settings, choices), data, RunOptions(tmp_path))
    predictions = pq.read_table(tmp_path / "predictions.parquet")
    given = predictions.filter(pa.compute.equal(predictions["split"], "validation"))["prediction"]
    truth = data.splits["validation"]["answer"]
    right = pa.compute.equal(
        for_task(data.task).undo_answers(given), for_task(data.task).undo_answers(truth)
    ).to_pylist()
    assert result.best["validation"] == sum(map(bool, right)) / len(right)
    assert result.scores["validation"]["correct"] == sum(map(bool, right))
