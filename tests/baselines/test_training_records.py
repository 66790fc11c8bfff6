"""What a training leaves behind and says: history, shares reached, strata and sample answers over the steps."""

import io
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from mathbench.baselines import checkpoint
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.training.clock import UNLIMITED, Budget
from mathbench.baselines.training.history import MAX_HISTORY, first_reached, result_history
from mathbench.baselines.training.progress import TrainingProgress
from mathbench.baselines.training.samples import MAX_STORED, SampleLog, read_samples, sample_rows, shown
from mathbench.baselines.training.state import TrainingState, Validation
from mathbench.baselines.training.strata import MAX_ROWS, StrataLog, kept_steps, read_strata
from mathbench.baselines.training.tracking import MAX_TRACKED_STRATA, TrackerFeed
from mathbench.cli.report import reached
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.leaderboard.submission import Manifest
from tests.baselines.test_long_training import interrupted

ROWS = pa.table(
    {
        "stratum": ["b", "a", "b", "c"],
        "question": ["1+1", "2+2", "3+\n3", "é" * 90],
        "answer": ["2", "4", "6", "8"],
    }
)
FOUND = Validation(pa.array(["2", None, "7", "x" * 90]), np.array([True, False, False, False]))


def validated(*steps):
    """The state after validations at some steps."""
    entries = [{"step": step, "loss": 1.0, "rate": 0.1, "validation": 0.25} for step in steps]
    return TrainingState(step=steps[-1], best_step=steps[0], best=0.25, history=entries)


def test_a_result_has_the_history_and_the_first_times(tiny, sums, tmp_path):
    result = run(tiny(target="none"), sums, RunOptions(tmp_path / "r"))
    assert [entry["step"] for entry in result.history] == [4, 8, 12]
    seconds = [entry["cpu_s"] for entry in result.history]
    assert seconds == sorted(seconds) and seconds[-1] <= result.timings["fit_cpu_s"]
    assert result.history[-1].keys() == {"step", "loss", "rate", "validation", "cpu_s", "wall_s"}
    assert Result.load(tmp_path / "r") == result and "reached" not in json.loads(
        (tmp_path / "r" / "result.json").read_text()
    )
    Manifest(json.loads((tmp_path / "r" / "result.json").read_text()))


def test_a_long_history_is_thinned_out_evenly():
    long = [{"step": step, "validation": step / 10_000} for step in range(1, 10_001)]
    kept = [entry["step"] for entry in result_history(long, 7_777)]
    assert len(kept) <= MAX_HISTORY + 2 and {1, 7_777, 10_000} <= set(kept)
    gaps = set(np.diff([step for step in kept if step not in (7_777, 10_000)]))
    assert len(gaps) == 1
    times = first_reached(long)
    assert {share: first["step"] for share, first in times.items()} == {
        "0.9": 9000,
        "0.99": 9900,
        "0.999": 9990,
    }


def test_what_json_has_no_number_for_is_left_out():
    for loss in (math.nan, math.inf):
        assert result_history([{"step": 1, "loss": loss, "validation": 0.5}], 1) == [
            {"step": 1, "validation": 0.5}
        ]


def test_a_share_is_reached_at_the_first_validation_that_has_it(tiny, sums, tmp_path):
    entries = [
        {"step": 10, "validation": 0.995, "cpu_s": 1.5, "wall_s": 2.0},
        {"step": 20, "validation": 0.8},
    ]
    assert first_reached(entries) == {
        "0.9": {"step": 10, "cpu_s": 1.5, "wall_s": 2.0},
        "0.99": {"step": 10, "cpu_s": 1.5, "wall_s": 2.0},
    }
    result = run(tiny(), sums, RunOptions(tmp_path / "r"))
    object.__setattr__(result, "reached", first_reached(entries))
    assert reached(result) == [
        "validation reached 90 % at step 10 (1.5 CPU s)",
        "99 % at step 10 (1.5 CPU s)",
    ]


def test_a_checkpoint_of_an_earlier_version_resumes(tiny, sums, tmp_path, monkeypatch):
    interrupted(tiny(), sums, tmp_path / "r", monkeypatch)
    summary, groups = checkpoint.read(tmp_path / "r")
    for key in ("earlier_wall", "earlier_cpu"):
        del summary[key]
    for entry in summary["history"]:
        del entry["cpu_s"], entry["wall_s"]
    checkpoint.save(tmp_path / "r", summary, groups)
    for name in ("validation.parquet", "samples.jsonl"):
        (tmp_path / "r" / name).unlink()
    result = run(tiny(), sums, RunOptions(tmp_path / "r", resume=True))
    assert ["cpu_s" in entry for entry in result.history] == [False, True, True]
    assert read_strata(tmp_path / "r")["step"].unique().to_pylist() == [8, 12]
    assert {sample["step"] for sample in read_samples(tmp_path / "r")} == {8, 12}


def test_strata_over_the_steps_are_the_scores_and_survive_a_resume(tiny, sums, tmp_path, monkeypatch):
    spec = tiny(keep="last", steps=30, evaluate=10, rate=0.02)
    result = run(spec, sums, RunOptions(tmp_path / "whole"))
    table = read_strata(tmp_path / "whole")
    assert table.schema.types == [pa.int64(), pa.string(), pa.int64(), pa.int64()]
    last = table.filter(pa.compute.equal(table["step"], 30)).to_pylist()
    assert {row["stratum"]: (row["n"], row["correct"]) for row in last} == {
        name: (score["n"], score["correct"]) for name, score in result.scores["validation"]["strata"].items()
    }
    interrupted(spec, sums, tmp_path / "cut", monkeypatch, at=25)
    run(spec, sums, RunOptions(tmp_path / "cut", resume=True))
    assert read_strata(tmp_path / "cut") == table
    assert (tmp_path / "cut" / "samples.jsonl").read_text() == (
        tmp_path / "whole" / "samples.jsonl"
    ).read_text()


def test_the_table_of_strata_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("mathbench.baselines.training.strata.MAX_ROWS", 24)
    log = StrataLog(tmp_path, ROWS["stratum"])
    for last in range(1, 40):
        log.on_validation(validated(*range(1, last + 1)), FOUND)
    steps = read_strata(tmp_path)["step"].to_pylist()
    assert steps == sorted(steps) and {1, 39} <= set(steps) and len(steps) <= 24 + 2 * 3
    assert kept_steps(list(range(1, 40)), 8, 1) == sorted(set(steps)) and MAX_ROWS >= 10_000
    assert log.latest == {"b": 0.5, "a": 0.0, "c": 0.0}


def test_a_damaged_table_is_one_line_and_a_missing_one_is_empty(tmp_path):
    assert read_strata(tmp_path).num_rows == 0
    (tmp_path / "validation.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(InputError, match=r"validation\.parquet is damaged"):
        read_strata(tmp_path)
    pq.write_table(pa.table({"step": [1]}), tmp_path / "validation.parquet")
    with pytest.raises(InputError, match=r"validation\.parquet is damaged"):
        read_strata(tmp_path)


class Notes:
    def __init__(self):
        self.logged = []

    def log(self, step, values):
        self.logged.append((step, dict(values)))


def test_trackers_get_few_strata_and_not_many(tmp_path):
    for count, expected in ((1, 0), (MAX_TRACKED_STRATA, MAX_TRACKED_STRATA), (MAX_TRACKED_STRATA + 1, 0)):
        strata = StrataLog(tmp_path, pa.array([f"s{i}" for i in range(count)]))
        tracker, found = Notes(), Validation(pa.array(["x"] * count), np.ones(count, bool))
        for callback in (strata, TrackerFeed((tracker,), strata)):
            callback.on_validation(validated(5), found)
        ((step, values),) = tracker.logged
        assert step == 5 and values["validation"] == 0.25
        assert sum(name.startswith("validation/") for name in values) == expected


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("lstm-seq2seq", task("addition", digits=2)),
        ("lstm-seq2seq", task("addition", digits=2, format="reversed")),
        ("lstm-classifier", task("divisible", k=3, digits=4)),
    ],
)
def test_sample_answers_are_the_predictions(name, made, tiny, tmp_path):
    sizes = {"train": 200, "validation": 40, "interpolate": 20, "extrapolate": 20}
    data = Data.generate(made, sizes)
    run(tiny(name, keep="last", steps=8, padding="right"), data, RunOptions(tmp_path / "r", samples=5))
    samples, rows = read_samples(tmp_path / "r"), data.splits["validation"].to_pylist()
    assert [sample["step"] for sample in samples] == [4] * 5 + [8] * 5
    assert [s["row"] for s in samples[:5]] == [s["row"] for s in samples[5:]]
    answers = pq.read_table(tmp_path / "r" / "predictions.parquet")["prediction"].to_pylist()
    for sample in samples[5:]:
        row = rows[sample["row"]]
        assert (sample["question"], sample["answer"]) == (row["question"], row["answer"])
        assert sample["prediction"] == (answers[sample["row"]] or "")
    assert len({rows[s["row"]]["stratum"] for s in samples}) > 1


def test_no_samples_on_request(tiny, sums, tmp_path):
    run(tiny(steps=4), sums, RunOptions(tmp_path / "r", samples=0))
    assert not (tmp_path / "r" / "samples.jsonl").exists()
    with pytest.raises(InputError, match="samples must be an integer of 0 or more"):
        RunOptions(tmp_path / "r", samples=-1)


def test_samples_are_spread_over_the_strata():
    strata = pa.array([f"digits={i % 10}" for i in range(100)])
    assert sample_rows(strata, 3) == [0, 4, 9] and len(sample_rows(strata, 25)) == 25
    assert sample_rows(strata.slice(0, 2), 5) == [0, 1] and sample_rows(strata, 0) == []


def test_the_file_of_samples_grows_slowly_and_a_cut_line_is_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr("mathbench.baselines.training.samples.MAX_STORED", 4)
    log = SampleLog(tmp_path, ROWS, 1)
    log.on_start(TrainingState())
    for last in range(1, 65):
        log.on_validation(validated(*range(1, last + 1)), FOUND)
    kept = [sample["step"] for sample in read_samples(tmp_path)]
    assert kept[:4] == [1, 2, 3, 4] and len(kept) < 20 and MAX_STORED >= 100
    with (tmp_path / "samples.jsonl").open("a") as file:
        file.write('{"step": 65, "ro')
    SampleLog(tmp_path, ROWS, 1).on_start(validated(*range(1, 4)))
    assert [sample["step"] for sample in read_samples(tmp_path)] == [1, 2, 3]


def test_a_sample_is_one_short_line():
    texts = {"question": "a\nb" * 99, "answer": "\x1b[31m", "prediction": ""}
    line = shown({**texts, "right": False})
    assert line.isprintable() and len(line) < 100 and " -> - wrong (" in line


def progress_on(console, tmp_path, state=None, budget=UNLIMITED):
    """Show one validation."""
    from mathbench.baselines.settings import TrainingSettings

    samples = SampleLog(tmp_path, ROWS, 4)
    settings = TrainingSettings(steps=100)
    with TrainingProgress(console, settings, budget, samples) as progress:
        for callback in (samples, progress):
            callback.on_start(state or TrainingState())
        progress.on_step(validated(5), 0.5)
        for callback in (samples, progress):
            callback.on_validation(validated(5), FOUND)


@pytest.mark.parametrize(("width", "height"), [(10, 3), (40, 2), (200, 50)])
def test_terminals_of_any_size_and_encoding(width, height, tmp_path):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="backslashreplace", write_through=True)
    console = Console(file=stream, force_terminal=True, width=width, height=height, legacy_windows=False)
    progress_on(console, tmp_path)
    said = raw.getvalue().decode()
    assert ("2+2 -> - wrong (4)" in said) == (width == 200)
    assert "100 steps" in said or width == 10


def test_a_log_has_the_samples_on_one_line_and_the_budgets(tmp_path):
    stream = io.StringIO()
    progress_on(Console(file=stream, width=60), tmp_path, budget=Budget(600, 60))
    first, second = stream.getvalue().splitlines()
    assert first.startswith("step 5/100  loss 1.0000  validation 25.00%")
    assert first.endswith("of 60 CPU s") and "of 600 s" in first
    assert second.split("   ")[1:3] == ["2+2 -> - wrong (4)", "3+\\n3 -> 7 wrong (6)"]


def test_a_budget_below_ten_seconds_is_shown_with_tenths(tmp_path):
    stream = io.StringIO()
    progress_on(Console(file=stream, width=60), tmp_path, budget=Budget(cpu=0.5))
    assert " of 0.5 CPU s" in stream.getvalue()


def test_a_resumed_run_says_where_it_goes_on(tiny, sums, tmp_path, monkeypatch):
    interrupted(tiny(), sums, tmp_path / "r", monkeypatch)
    stream = io.StringIO()
    options = RunOptions(tmp_path / "r", resume=True, console=Console(file=stream, width=60))
    run(tiny(), sums, options)
    first = stream.getvalue().splitlines()[0]
    assert first.startswith("going on at step 4 of 12 (33 %), best validation so far 0.00% at step 4, 0:0")
    assert first.endswith(" CPU s)")
    Path(tmp_path / "r" / "result.json").unlink()
    run(tiny(), sums, options)
    assert "at its end already, step 12 of 12 (100 %): nothing is left to train" in stream.getvalue()
