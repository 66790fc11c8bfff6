"""mathbench evaluate: the rows of a season that a run has not answered yet are answered, stored and submitted."""

import json
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.seasons.references import compute_references
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import open_submission
from tests.commands import outcome

from .season import SEASON, SUMS, TEXT

MODEL = '''
import json
from pathlib import Path

ASKED = Path("asked.txt")


class Adder:
    """Adds and subtracts numbers in its own way; wrong where the first digit is 7."""

    def __init__(self, task):
        self.task = task

    @classmethod
    def fit(cls, task, train, validation):
        return cls(task)

    def predict(self, questions):
        with ASKED.open("a") as file:
            file.write(f"{len(questions)}\\n")
        return ["0" if q[0] == "7" else str(eval(q)) if "(" not in q else "1" for q in questions]

    def state(self):
        return {}
'''
SIZES = ("--train", "50", "--validation", "10", "--interpolate", "300", "--extrapolate", "100")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a season, a model in a file and a board."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATHBENCH_BOARD", str(tmp_path / "board.sqlite"))
    Path("tiny.toml").write_text(TEXT)
    Path("model.py").write_text(MODEL)
    Board("board.sqlite").add_season(TEXT, SEASON, compute_references(SEASON))
    return tmp_path


def run_model(*words, name="runs/a"):
    command = ("run-baseline", "./model.py:Adder", "--task", "addition", "--out", name, "--no-plots", *words)
    code, _, err = outcome(*command)
    assert code == 0, err
    Path("asked.txt").unlink(missing_ok=True)


def evaluate(*words, code=0):
    found = outcome("evaluate", *words)
    assert found[0] == code, found[2]
    return json.loads(found[1]) if "--json" in words and not code else found[2]


def asked():
    return [int(line) for line in Path("asked.txt").read_text().split()] if Path("asked.txt").exists() else []


def test_only_rows_that_were_not_answered_are_asked(place):
    run_model("--digits", "2", *SIZES)
    found = evaluate("runs/a", "--season", "tiny.toml", "--json")
    assert sum(asked()) == 100
    assert [(row["task"], row["split"], row["n"], row["predicted"]) for row in found["splits"]] == [
        ("sums", "interpolate", 300, 100),
        ("sums", "extrapolate", 200, 100),
    ]
    folder = Path("runs/a/seasons/tiny/sums")
    table = pq.read_table(folder / "predictions.parquet")
    assert table.num_rows == 500 and set(table["task"].to_pylist()) == {SUMS.task.name}
    result = json.loads((folder / "result.json").read_text())
    assert result["evaluation"]["data"] == {"seed": 0, "sizes": {"interpolate": 300, "extrapolate": 200}}
    right = check_submission(open_submission(folder)).right
    assert [row["correct"] for row in found["splits"]] == [int(right[s].sum()) for s in SUMS.rows]
    assert 0 < found["splits"][0]["correct"] < 300
    assert check_submission(open_submission(folder)).differences == ()


def test_a_second_time_nothing_is_asked(place):
    run_model("--digits", "2", *SIZES)
    evaluate("runs/a", "--season", "tiny.toml")
    Path("asked.txt").unlink()
    found = evaluate("runs/a", "--season", "tiny.toml", "--json")
    assert asked() == [] and {row["predicted"] for row in found["splits"]} == {0}
    record = Board("board.sqlite").find(found["splits"][0]["submission"])
    assert record.attempts == 2 and record.summary.season == "tiny" and record.summary.model == "Adder"


def test_a_run_that_was_fitted_again_is_asked_again(place):
    run_model("--digits", "2", *SIZES)
    evaluate("runs/a", "--season", "tiny.toml", "--no-submit")
    Path("model.py").write_text(MODEL.replace('"7"', '"8"'))
    run_model("--digits", "2", *SIZES, "--force")
    evaluate("runs/a", "--season", "tiny.toml", "--no-submit")
    assert sum(asked()) == 100


def test_a_run_that_answered_all_rows_is_submitted_as_it_is(place):
    run_model(
        "--digits", "2", "--train", "50", "--validation", "10", "--interpolate", "310", "--extrapolate", "210"
    )
    found = evaluate("runs/a", "--season", "tiny.toml", "--json")
    assert {row["folder"] for row in found["splits"]} == {"runs/a"} and not Path("runs/a/seasons").exists()
    assert [row["n"] for row in found["splits"]] == [300, 200] and asked() == []


def test_another_seed_of_the_data_means_all_rows(place):
    run_model("--digits", "2", "--data-seed", "5", *SIZES)
    assert evaluate("runs/a", "--season", "tiny.toml", "--json")["splits"][0]["predicted"] == 500


def test_a_run_answers_in_its_own_format(place):
    Path("model.py").write_text(MODEL.replace("str(eval(q))", "str(eval(q))[::-1]"))
    run_model("--digits", "2", "--format", "reversed", *SIZES)
    found = evaluate("runs/a", "--season", "tiny.toml", "--json")
    assert found["splits"][0]["correct"] > 200
    document = json.loads(Path("runs/a/seasons/tiny/sums/result.json").read_text())
    assert document["evaluation"]["task"]["parameters"]["format"] == "reversed"


def test_other_tasks_are_asked_for_by_name(place):
    run_model("--digits", "3", *SIZES)
    error = evaluate("runs/a", "--season", "tiny.toml", code=2)
    assert "has no task addition-base10" in error and "Give --task NAME" in error and error.count("\n") == 1
    found = evaluate("runs/a", "--season", "tiny.toml", "--task", "sums", "--task", "gcds", "--json")
    assert [row["task"] for row in found["splits"]] == ["sums", "sums", "gcds", "gcds"]
    assert {row["predicted"] for row in found["splits"]} == {500}
    error = evaluate("runs/a", "--season", "tiny.toml", "--task", "sum", code=2)
    assert "the season tiny has no task 'sum'. Did you mean 'sums'" in error


def test_a_dry_run_asks_nothing(place):
    run_model("--digits", "2", *SIZES)
    found = evaluate("runs/a", "--season", "tiny.toml", "--dry-run", "--json")
    assert found["tasks"] == [{"task": "sums", "rows": {"interpolate": 300, "extrapolate": 200}, "seed": 0}]
    assert asked() == [] and not Path("runs/a/seasons").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("missing",), "missing is not a run directory"),
        (("runs/a", "--season", "core"), "core-1"),
        (("runs/a", "--season", "gone.toml"), "does not exist"),
        (("runs/a", "--season", "tiny.toml", "--name", "exact-solver"), "is reserved"),
        (("runs/a", "--season", "sealed.toml", "--no-submit"), "are sealed"),
        (
            ("runs/a", "--season", "sealed.toml"),
            "has no season 'sealed'. Add it: `mathbench leaderboard season add",
        ),
        (("runs/a", "--season", "other.toml"), "another season tiny; a season never changes"),
        (("runs/a", "--season", "tiny", "--name", "Exact_Solver"), "the name 'Exact_Solver' is reserved"),
        (("runs/a", "--season", "tiny", "--name", "é"), "the name of a model must be"),
    ],
)
def test_wrong_words_are_one_line(place, words, said):
    run_model("--digits", "2", *SIZES)
    seal = f'sealed = {{commitment = "{"0" * 64}"}}\n'
    Path("other.toml").write_text(TEXT.replace("300", "30"))
    Path("sealed.toml").write_text(seal + TEXT.replace('"tiny"', '"sealed"').replace("seed = 0", ""))
    error = evaluate(*words, code=2)
    assert said in error and "Traceback" not in error
    assert not Path("runs/a/seasons").exists()  # nothing is answered before


def test_the_answers_count_in_the_season_of_the_board(place):
    run_model("--digits", "2", *SIZES)
    evaluate("runs/a", "--season", "tiny", "--name", "my-adder")
    shown = json.loads(outcome("leaderboard", "show", "--season", "tiny", "--task", "sums", "--json")[1])
    lines = [line for table in shown["tables"] for line in table["lines"] if line["kind"] == "model"]
    assert {(line["model"], line["rank"], line["complete"]) for line in lines} >= {("my-adder", 1, True)}


@pytest.mark.skipif(find_spec("openai") is None, reason="the extra openai")
def test_a_language_model_is_asked_every_task_and_goes_on_where_it_stopped(place, monkeypatch):
    from tests.baselines.prompting.language_server import running, total

    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    small = TEXT.replace("300", "20").replace("200", "10").replace("tiny", "small")
    Path("tiny.toml").write_text(small)
    assert outcome("leaderboard", "season", "add", "tiny.toml")[0] == 0
    with running() as server:
        server.react = lambda exchange: exchange.reply(
            str(total(exchange.question)) if "+" in exchange.question else "1"
        )
        words = ("openai:adder", "--url", server.url, "--task", "addition", "--digits", "2", "--limit", "5")
        assert outcome("run-baseline", *words, "--out", "runs/lm")[0] == 0
        before = len(server.bodies)
        found = evaluate("runs/lm", "--season", "tiny.toml", "--json")
        # ten rows of sums are those of the run
        assert len(server.bodies) - before == 60 - 10
        assert {row["task"] for row in found["splits"]} == {"sums", "gcds"}
        assert found["splits"][0]["correct"] == 20
        evaluate("runs/lm", "--season", "tiny.toml", "--json")
        assert len(server.bodies) - before == 50
        (Path("runs/lm/seasons/small/gcds") / "result.json").unlink()
        evaluate("runs/lm", "--season", "tiny.toml", "--json")
        assert len(server.bodies) - before == 50
    record = Board("board.sqlite").find(found["splits"][0]["submission"])
    assert record.summary.external_data and record.summary.supervision == "prompted"
