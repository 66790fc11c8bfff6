import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.table import BASELINES, PROMPTED
from mathbench.errors import InputError
from tests.baselines.commands import SMALL, mathbench

KEYS = [
    *("schema_version", "id", "baseline", "framework", "recipe", "encoding", "task", "data", "seed"),
    *("command", "commit", "dirty", "versions", "hardware", "parameters", "timings", "best"),
    *("scores", "floors", "ceiling", "predictions_sha256", "supervision"),
    "history",
]
TINY = ["--set", "hidden=8", "--set", "steps=6", "--set", "evaluate=3", "--no-submit"]


pytestmark = pytest.mark.usefixtures("in_a_fresh_folder")


def test_a_run_writes_what_the_board_reads(capsys):
    assert mathbench("run-baseline", "lstm-seq2seq", *SMALL, *TINY, "--out", "r", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    stored = json.loads(Path("r/result.json").read_text())
    assert list(stored) == KEYS
    assert shown == {"out": "r", **stored}
    assert set(stored["scores"]) == {"validation", "interpolate", "extrapolate"}
    assert set(stored["floors"]) == {"constant", "copy-operand"}
    assert stored["ceiling"]["interpolate"]["exact_match"] == 1
    assert stored["data"]["sizes"] == {"train": 300, "validation": 40, "interpolate": 50, "extrapolate": 50}
    for key in ("fit_wall_s", "fit_cpu_s", "predict_s", "started", "steps", "epochs", "examples"):
        assert key in stored["timings"]
    for score in stored["scores"].values():
        assert sum(s["n"] for s in score["strata"].values()) == score["n"]
    table = pq.read_table("r/predictions.parquet")
    assert table.schema.names == ["split", "row", "prediction", "task"]
    assert table.num_rows == 140


def test_a_result_comes_back_and_its_id_is_its_content(tmp_path, tiny, sums):
    result = run(tiny(), sums, RunOptions(tmp_path / "r"))
    assert Result.load(tmp_path / "r") == result
    content = json.loads((tmp_path / "r" / "result.json").read_text())
    assert content["id"] == result.id
    (tmp_path / "r" / "result.json").write_text(json.dumps({**content, "extra": 1}))
    with pytest.raises(InputError, match="unknown key 'extra'"):
        Result.load(tmp_path / "r")


def test_run_score_ask_again_and_refuse(capsys):
    words = ["run-baseline", "copy-operand", *SMALL, "--no-submit", "--out", "r"]
    assert mathbench(*words) == 0
    out = capsys.readouterr().out
    assert "✗" in out and "expected" in out and "exact-solver" in out
    stamp = Path("r/result.json").read_text()
    assert mathbench(*words) == 0  # finished: not made again
    assert Path("r/result.json").read_text() == stamp
    assert mathbench("ask", "r", "12+29") == 0
    assert capsys.readouterr().out.split()[-1] == "29"
    assert mathbench("score", "r", "--json") == 0
    scored = json.loads(capsys.readouterr().out)
    assert scored == json.loads(stamp)["scores"]
    assert mathbench("run-baseline", "constant", *SMALL, "--no-submit", "--out", "r") == 2
    assert "another run" in capsys.readouterr().err
    assert mathbench("run-baseline", "constant", *SMALL, "--no-submit", "--out", "r", "--force") == 0


def test_predictions_with_missing_repeated_and_foreign_rows(capsys):
    mathbench("run-baseline", "exact-solver", *SMALL, "--no-submit", "--out", "r")
    capsys.readouterr()
    table = pq.read_table("r/predictions.parquet")
    truth = ["--task", "addition", *SMALL[:2], *SMALL[4:], "--json"]

    def score(changed):
        pq.write_table(changed, "p.parquet")
        return mathbench("score", "p.parquet", *truth)

    assert score(table.filter(pa.compute.not_equal(table["row"], 3))) == 0
    assert json.loads(capsys.readouterr().out)["interpolate"]["correct"] == 49
    assert score(pa.concat_tables([table, table.slice(0, 2)])) == 2
    assert "2 rows given more than once: 0, 1." in capsys.readouterr().err
    row = pa.array([*table["row"].to_pylist()[:-1], 999])
    assert score(table.set_column(1, "row", row)) == 2
    assert "1 row that the data does not have: 999." in capsys.readouterr().err
    assert score(table.drop_columns(["prediction"])) == 2
    assert "'prediction' is missing" in capsys.readouterr().err
    assert score(table.set_column(3, "task", pa.array(["gcd"] * table.num_rows))) == 2
    assert "predictions for gcd" in capsys.readouterr().err


def test_predict_on_a_dataset(capsys):
    small = [word for pair in zip(SMALL[::2], SMALL[1::2], strict=True) for word in pair]
    assert mathbench("generate", "--task", "addition", *small, "--out", "d") == 0
    assert mathbench("run-baseline", "lstm-seq2seq", "--data", "d", *TINY, "--out", "r") == 0
    assert mathbench("predict", "r", "--data", "d", "--out", "p.parquet") == 0
    assert mathbench("score", "p.parquet", "--data", "d") == 0
    capsys.readouterr()
    predicted = pq.read_table("p.parquet")
    assert predicted.drop_columns(["id"]).equals(pq.read_table("r/predictions.parquet"))
    names = zip(predicted["split"].to_pylist(), predicted["row"].to_pylist(), strict=True)
    assert predicted["id"].to_pylist() == [f"addition-base10-digits2-v1-seed0-{s}-{i}" for s, i in names]
    assert mathbench("predict", "r", "--data", "d", "--split", "interpolate") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 50
    Path("p.jsonl").write_text("\n".join(lines))
    assert mathbench("score", "p.jsonl", "--data", "d", "--json") == 0
    assert json.loads(capsys.readouterr().out)["interpolate"]["n"] == 50


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["run-baseline", "lstm-seq"], "Did you mean 'lstm-seq2seq'"),
        (["run-baseline", "lstm-seq2seq", "--set", "hiden=3"], "Did you mean 'hidden'"),
        (["run-baseline", "lstm-seq2seq", "--steps", "3"], "Did you mean --set steps=3"),
        (["run-baseline", "lstm-seq2seq", "--dgits", "3"], "Did you mean 'digits'"),
        (["run-baseline", "lstm-seq2seq", "--framework", "jax"], "no framework 'jax'"),
        (["run-baseline", "lstm-seq2seq", "--recipe", "lstm-classifier"], "is for lstm-classifier"),
        (["run-baseline", "lstm-seq2seq", "--device", "abacus"], "abacus"),
        (
            ["run-baseline", "trial-division", "--task", "addition"],
            "does not apply to addition-base10. Requires the task 'prime'.",
        ),
        (["run-baseline", "constant", "--framework", "torch"], "not trained"),
        (["run-baseline", "constant", "--budget", "soon"], "--budget"),
        (["run-baseline", "constant", "--train", "9999999999"], "holds"),
        (["run-baseline", "constant", "--train", "0"], "train"),
        (["run-baseline", "constant", "--data", "nowhere"], "nowhere"),
        (["run-baseline", "./mine.py:Model"], "no file"),
        (["ask", "nowhere", "1+1"], "not a run directory"),
        (["score", "nowhere.parquet"], "no predictions file"),
        (["baselines", "nothing"], "unknown baseline"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(words, line, capsys, tmp_path):
    assert mathbench(*words) == 2
    said = capsys.readouterr().err
    assert line in said.replace("\n", " ")
    assert said.count("\n") == 1
    assert not list(tmp_path.rglob("*"))


def test_a_model_of_ones_own(capsys):
    Path("mine.py").write_text(
        textwrap.dedent("""
        class Mine:
            def __init__(self, task, answer="0"):
                self.task, self.answer = task, answer

            @classmethod
            def fit(cls, task, train, validation):
                return cls(task, train["answer"][0].as_py())

            def predict(self, questions):
                return [self.answer] * len(questions)

            def state(self):
                return {"answer": self.answer}
        """)
    )
    assert mathbench("run-baseline", "./mine.py:Mine", "--task", "addition", *SMALL, "--no-submit") == 0
    assert Result.load(next(p for p in Path("runs").iterdir())).baseline == "./mine.py:Mine"


def test_lists_and_plans(capsys):
    assert mathbench("baselines", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == len(BASELINES) + len(PROMPTED)
    assert mathbench("baselines", "lstm-seq2seq", "--json") == 0
    assert "addition-rnn" in json.loads(capsys.readouterr().out)["recipes"]
    assert mathbench("baselines", "trial-division") == 0
    capsys.readouterr()
    assert mathbench("run-baseline", "lstm-seq2seq", *SMALL, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out.split("nothing was run")[0])["recipe"]["name"] == "lstm-seq2seq"


def test_listing_needs_no_framework():
    code = "import sys\nfrom mathbench.cli import main\ntry: main(['baselines'])\nexcept SystemExit: pass\n"
    check = "print([m for m in ('torch', 'keras', 'tensorflow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + check], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
