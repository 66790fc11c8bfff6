"""What users get wrong on the command line: one line of error, the right exit code, nothing half-done."""

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mathbench
from mathbench.dataset.write import UNFINISHED_FILE
from mathbench.errors import InputError
from mathbench.storage import atomic
from tests.commands import outcome

SIZES = ["--train", "40", "--validation", "10", "--interpolate", "10", "--extrapolate", "10"]


@pytest.fixture
def words():
    """Run a command; its exit code, stdout and stderr."""
    return outcome


@pytest.fixture
def constant(tmp_path, words):
    """A finished run of a floor on sums."""
    folder = tmp_path / "run [/x]"
    code, _, said = words("run-baseline", "constant", *SIZES, "--no-submit", "--out", folder)
    assert code == 0, said
    return folder


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["genrate"], "Did you mean 'generate'"),
        (["nosuch"], "Allowed: ask, automaton, baselines"),
        (["leaderboard", "shw"], "Did you mean 'show'"),
        (["generate", "--task", "[/x]"], "unknown task '[/x]'"),
        (["generate", "--task", "gcd", "--format", "revers"], "Did you mean 'reversed'"),
        (["tasks", "prime", "--format", "scratchpad"], "defines no steps"),
        (["ask", "runs/x", "-5+3"], "Put -- before a question that begins with -."),
        (["generate", "--suite", "nosuch.toml"], "the suite file nosuch.toml does not exist"),
        (
            ["generate", "--task", "gcd", "--dry-run", *(w for w in SIZES if w[0] == "-" for w in (w, "0"))],
            "no rows",
        ),
        (["generate", "--task", "gcd", "--workers", "0"], "--workers"),
        (["generate", "--task", "gcd", "--engine", "rya"], "Did you mean 'ray'"),
        (["generate", "--task", "gcd", "--address", "here"], "--address requires --engine ray"),
        (["generate", "--task", "gcd", "--shard", "0/4"], "a part must be i/N with i from 1 to N"),
        (["generate", "--task", "gcd", "--shard", "1/4", "--force"], "would remove what other parts write"),
        (["generate", "--out", "nosuch"], "nosuch contains neither a finished nor an unfinished dataset"),
        (["generate", "--out", "nosuch", "--train", "5"], "give either --task NAME or --suite NAME"),
        (["merge", "nosuch"], "nosuch contains neither a finished nor an unfinished dataset"),
        (["run-baseline", "lstm-seq2seq", "--framework", "jax"], "no framework 'jax'"),
        (["baselines", "./nosuch.py:M"], "there is no file ./nosuch.py"),
        (["score", "nosuch", "--digits", "3"], "no predictions file"),
        (["help"], "unknown command 'help'. Did you mean '--help'?"),
        (["-v"], "unknown option '-v'. Did you mean '--version'?"),
        (["--json", "tasks"], "Options of a command follow its name."),
        (
            ["verify", "x", "--smaple", "3"],
            "unknown option '--smaple'. Did you mean '--sample'? Allowed: --all,",
        ),
        (["doctor", "here"], "unexpected argument 'here'. Allowed: no arguments."),
        (["submit", "a", "b"], "unexpected argument 'b'. Allowed: RUN."),
        (
            ["generate", "--task", "gcd", "--train", "-5"],
            "--train must be an integer of 0 or more. Received: -5.",
        ),
        (["leaderboard", "serve", "--port", "80000"], "an integer from 0 to 65535. Received: 80000."),
        (["generate", "divisible", "--k", "7"], "Received: divisible --k 7. Did you mean --task divisible?"),
        (["generate", "-task", "gcd"], "one of them. Received: -task gcd."),
        (["generate", "--task", "gcd", "--tarin", "5"], "unknown option --tarin. Did you mean --train?"),
        (["generate", "--task", "gcd", "--forc"], "option --forc needs a value. Did you mean --force?"),
        (["tasks", "--jsn"], "unknown option '--jsn'. Did you mean '--json'?"),
        (["baselines", "mlp", "more"], "unexpected argument 'more'."),
        (["generate", "--task", "gcd", "--format", "plain+spaced"], "the format plain stands alone"),
        (["run-baseline", "mlp", "--device", "gpu"], "no such kind of device. Allowed: auto, cpu,"),
    ],
)
def test_bad_words_are_one_line_and_code_2(words, arguments, message):
    code, _, said = words(*arguments)
    assert code == 2 and message in said and said.startswith("error: ") and said.count("\n") == 1


def test_no_arguments_show_the_help(words):
    for arguments in ([], ["leaderboard"]):
        code, shown, said = words(*arguments)
        assert code == 0 and "Usage" in shown and not said


def test_brackets_in_names_are_no_markup(words, tmp_path):
    code, _, said = words("generate", "--task", "gcd", *SIZES, "--out", tmp_path / "out [/x] ü")
    assert code == 0 and "out [/x] ü" in said


@pytest.mark.parametrize("question", ["1\n2", "é", "\udcff", "hello"])
def test_a_question_that_cannot_be_read_is_one_line(words, constant, tmp_path, question):
    solver = tmp_path / "solver"
    words("run-baseline", "exact-solver", *SIZES, "--no-submit", "--out", solver)
    code, _, said = words("ask", solver, question)
    assert code == 2 and said.count("\n") == 1


def test_a_run_may_be_given_as_a_dot(words, constant, monkeypatch):
    monkeypatch.chdir(constant)
    assert words("run-baseline", "--from", ".", "--no-submit")[0] == 0
    assert (constant.parent / f"{constant.name}-again" / "result.json").is_file()
    code, _, said = words("certify", ".")
    assert code == 2 and said.count("\n") == 1


def test_options_that_would_do_nothing_are_refused(words, constant):
    assert words("score", constant)[0] == 0
    for more in (["--digits", "9"], ["--interpolate", "3"], ["--config", "x"]):
        assert words("score", constant, *more)[0] == 2


def test_a_run_answers_only_its_own_family(words, constant, tmp_path):
    words("generate", "--task", "gcd", *SIZES, "--out", tmp_path / "gcd")
    code, _, said = words("predict", constant, "--data", tmp_path / "gcd")
    assert code == 2 and "was fitted on addition. Received: gcd-base10" in said


def test_a_run_answers_only_its_own_format(words, constant, tmp_path):
    code, _, said = words(
        "generate", "--task", "addition", "--format", "spaced", *SIZES, "--out", tmp_path / "ds"
    )
    assert code == 0, said
    code, _, said = words("predict", constant, "--data", tmp_path / "ds")
    assert code == 2 and "fitted on text written as plain. Received: spaced." in said


def test_a_damaged_question_in_a_format_is_one_line(words, tmp_path):
    code, _, said = words(
        "generate", "--task", "addition", "--format", "spaced", *SIZES, "--out", tmp_path / "ds"
    )
    assert code == 0, said
    path = next((tmp_path / "ds").glob("*/interpolate-*.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.set_column(0, "question", pa.array(["1+1"] * table.num_rows)), path)
    code, shown, said = words("verify", tmp_path / "ds", "--json")
    assert code == 1 and "'1+1' is not in the format spaced" in shown and "NOT good" in said


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl", "p.JSON", "p.jsonl.gz", "p.ndjson"])
def test_predictions_are_written_as_parquet_only(words, constant, tmp_path, name):
    words("generate", "--task", "addition", *SIZES, "--out", tmp_path / "ds")
    code, _, said = words("predict", constant, "--data", tmp_path / "ds", "--out", tmp_path / name)
    assert code == 2 and "--out writes Parquet" in said and not (tmp_path / name).exists()


@pytest.mark.parametrize("value", ["1.0", "1e3", "NaN", "true", "null", "[1]", "{}"])
def test_a_prediction_that_is_no_answer_is_refused_with_its_row(words, tmp_path, value):
    path = tmp_path / "p.jsonl"
    path.write_text(f'{{"split": "interpolate", "row": 3, "prediction": {value}}}\n')
    code, shown, said = words("score", path, "--task", "addition", "--interpolate", "5")
    assert code == 2 and not shown and "row 3 of interpolate" in said and said.count("\n") == 1


@pytest.mark.parametrize(
    "line, message",
    [
        ('{"split": "interpolate", "row": 99, "prediction": "1"}', "1 row that the data does not have: 99."),
        (
            '{"split": "interpolate", "row": 0}',
            "prediction is missing or null in 1 row, the first is row 0 of int",
        ),
        (
            '{"row": 0, "prediction": "1"}',
            "split is missing or null in 1 row, the first is row 0, record 1 of",
        ),
    ],
)
def test_a_wrong_line_of_predictions_is_named(words, tmp_path, line, message):
    path = tmp_path / "p.jsonl"
    path.write_text(line)
    code, shown, said = words("score", path, "--task", "addition", "--interpolate", "5")
    assert code == 2 and not shown and message in said and said.count("\n") == 1


def test_a_message_of_pyarrow_ends_like_a_sentence(words, tmp_path):
    path = tmp_path / "p"
    path.write_text("hi\n")
    code, _, said = words("score", path, "--task", "addition", "--interpolate", "5")
    assert code == 2 and "(8 bytes). Names of other files end in" in said


def test_a_board_without_tokens_says_so(words, constant, tmp_path):
    board = tmp_path / "board.sqlite"
    words("submit", constant, "--board", board, "--name", "mine")
    code, _, said = words("leaderboard", "token", "revoke", "ada", "--board", board)
    assert code == 2 and said.endswith("has no token 'ada'. There are none.\n")


def test_csv_and_integers_are_scored(words, tmp_path):
    for name, text in (
        ("p.csv", "split,row,prediction\ninterpolate,3,007\n"),
        ("p.jsonl", '{"split": "interpolate", "row": 3, "prediction": 7}'),
    ):
        (tmp_path / name).write_text(text)
        code, shown, _ = words("score", tmp_path / name, "--task", "addition", "--interpolate", "5", "--json")
        assert code == 0 and json.loads(shown)["interpolate"]["n"] == 5


def test_a_split_asked_for_twice_is_predicted_once(words, constant, tmp_path):
    words("generate", "--task", "addition", *SIZES, "--out", tmp_path / "ds")
    out = tmp_path / "p.parquet"
    twice = ["--split", "interpolate", "--split", "interpolate"]
    words("predict", constant, "--data", tmp_path / "ds", *twice, "--out", out)
    assert mathbench.score(out, data=tmp_path / "ds").total.n == 10


@pytest.mark.parametrize("content", ["{}", "[]", "x", '{"baseline": "lstm-seq2seq"}'])
def test_a_damaged_run_is_one_line(words, constant, content):
    (constant / "run.json").write_text(content)
    code, _, said = words("ask", constant, "1+1")
    assert code == 2 and said.count("\n") == 1


@pytest.mark.parametrize("content", ["[1", "[1,2]", "5", ""])
def test_a_damaged_request_is_replaced_only_when_forced(words, tmp_path, content):
    (tmp_path / UNFINISHED_FILE).write_text(content)
    made = ["generate", "--task", "gcd", *SIZES, "--out", tmp_path]
    code, _, said = words(*made)
    assert code == 2 and "--force" in said and said.count("\n") == 1
    assert words(*made, "--force")[0] == 0 and words("verify", tmp_path)[0] == 0


def test_parts_on_the_command_line(words, tmp_path):
    made = ["generate", "--task", "gcd", *SIZES, "--out", tmp_path / "my ds"]
    code, _, said = words(*made, "--shard", "1/3")
    assert code == 0 and "part 1/3: 2 of 4 shards, 50 rows" in said and f"merge '{tmp_path}/my ds'" in said
    code, _, said = words("merge", tmp_path / "my ds")
    assert code == 1 and "2 of 4 shards are missing" in said and said.count("\n") == 1
    assert words(*made, "--shard", "2/3")[0] == 0
    assert words("generate", "--out", tmp_path / "my ds", "--shard", "3/3", "--workers", 2)[0] == 0
    code, shown, _ = words("merge", tmp_path / "my ds", "--json")
    assert code == 0 and json.loads(shown)["configs"]
    assert words("verify", tmp_path / "my ds", "--all")[0] == 0


def test_the_folder_alone_says_what_goes_on(words, tmp_path):
    words("generate", "--task", "gcd", *SIZES, "--out", tmp_path, "--shard", "1/2")
    assert words("generate", "--out", tmp_path)[0] == 0 and words("verify", tmp_path, "--all")[0] == 0


def test_a_damaged_manifest_is_replaced_only_when_forced(words, tmp_path):
    made = ["generate", "--task", "gcd", *SIZES, "--out", tmp_path]
    words(*made)
    (tmp_path / "manifest.json").write_text("{")
    assert words(*made)[0] == 2
    assert words(*made, "--seed", "1", "--force")[0] == 0 and words("verify", tmp_path, "--all")[0] == 0


def test_the_rest_of_a_killed_first_write_does_not_block_a_folder(words, tmp_path):
    (tmp_path / f".{UNFINISHED_FILE}.123.tmp").write_text("{")
    assert words("generate", "--task", "gcd", *SIZES, "--out", tmp_path)[0] == 0
    assert not list(tmp_path.rglob("*.tmp"))


HOLD = """
import sys, time
from pathlib import Path
from mathbench.storage.atomic import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_a_folder_has_one_writer_and_a_killed_one_lets_go(words, tmp_path):
    other = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    code, _, said = words("generate", "--task", "gcd", *SIZES, "--out", tmp_path)
    assert code == 2 and "another process is writing" in said
    other.kill()
    other.wait()
    assert words("generate", "--task", "gcd", *SIZES, "--out", tmp_path)[0] == 0


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path):
    with pytest.raises(InputError, match=r"nosuch/x cannot be written: No such file or directory\."):
        atomic.write(tmp_path / "nosuch" / "x", "new")
    with pytest.raises(InputError, match="Is a directory"):
        atomic.write(tmp_path, "new")
    assert not list(tmp_path.parent.glob(".*.tmp"))


@pytest.mark.parametrize(
    "text, message",
    [
        ('name="../x"\n[[tasks]]\ntask="gcd"', "the name of a suite"),
        ('name="x"\n[[tasks]]\ntask="gcd"\nname=5', "the name of a configuration"),
        ('name="x"\n[[tasks]]\ntask="gcd"\nname="a/b"', "the name of a configuration"),
        ('name="x"\n[[tasks]]\ntask="gcd"\nseed=[1]', "seed must be"),
        ('name="x"\n[[tasks]]\ntask="gcd"\n[[tasks]]\ntask="gcd"', "two configurations"),
    ],
)
def test_a_wrong_suite_is_refused_before_anything_is_shown(words, tmp_path, text, message):
    (tmp_path / "mine.toml").write_text(text)
    code, shown, said = words("generate", "--suite", tmp_path / "mine.toml", "--dry-run")
    assert code == 2 and not shown and message in said and said.count("\n") == 1


def test_one_size_for_a_suite_leaves_the_others(words):
    _, shown, _ = words("generate", "--suite", "classic", "--train", "7", "--dry-run", "--json")
    sizes = [config["sizes"] for config in json.loads(shown)["configs"].values()]
    assert all(s["train"] == 7 and s["interpolate"] > 0 for s in sizes)
