"""The commands as users type them: data on stdout, words on stderr, exit codes, one line per error."""

import json
import re
import subprocess
import sys

import pytest

from tests.commands import run


def test_generate_verify_describe(tmp_path):
    made = run("generate", "--task", "divisible", "--k", "7", "--train", "500", cwd=tmp_path)
    assert made.returncode == 0 and "divisible-7-base10" in made.stdout, made.stderr
    folder = tmp_path / "data" / "divisible-7-base10"
    checked = run("verify", folder, "--all", "--json")
    assert checked.returncode == 0 and json.loads(checked.stdout)["passed"], checked.stderr
    shown = run("describe", folder, "--json", "--plot", tmp_path / "picture.png")
    summary = json.loads(shown.stdout)["divisible-7-base10"]
    assert summary["train"]["rows"] == 500 and set(summary["train"]["answers"]) == {"false", "true"}
    assert all(abs(share - 0.5) < 0.03 for share in summary["train"]["answers"].values())  # a block is cut
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_suite_from_a_file(tmp_path):
    suite = tmp_path / "mine.toml"
    suite.write_text('name = "mine"\n[[tasks]]\ntask = "gcd"\ndigits = 2\n[[tasks]]\ntask = "addition"\n')
    made = run("generate", "--suite", suite, "--train", 50, "--out", tmp_path / "out", "--json")
    assert made.returncode == 0, made.stderr
    assert set(json.loads(made.stdout)["configs"]) == {"gcd-base10-digits2", "addition-base10"}


def test_dry_run_writes_nothing(tmp_path):
    shown = run("generate", "--task", "prime", "--dry-run", cwd=tmp_path)
    assert shown.returncode == 0 and "nothing was written" in shown.stderr and not list(tmp_path.iterdir())
    assert "would write 122,000 rows, about " in shown.stderr


def test_a_dry_run_states_the_size_that_the_dataset_then_has(tmp_path):
    suite = tmp_path / "mine.toml"
    suite.write_text('name = "mine"\n[[tasks]]\ntask = "divisible"\nk = 7\n[[tasks]]\ntask = "addition"\n')
    words = ("generate", "--suite", suite, "--train", 30_000, "--ids", "--out", tmp_path / "out")
    planned = json.loads(run(*words, "--dry-run", "--json").stdout)
    assert run(*words).returncode == 0
    written = sum(file.stat().st_size for file in (tmp_path / "out").rglob("*.parquet"))
    assert planned["expected_bytes"] == pytest.approx(written, rel=0.1)
    said = re.search("about ([0-9]+) kB, to ", run(*words, "--dry-run").stderr)
    assert int(said[1]) * 1000 == pytest.approx(written, rel=0.1)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["generate"], "either --task NAME or --suite NAME"),
        (["generate", "--task", "divisble"], "Did you mean 'divisible'"),
        (["generate", "--task", "divisible", "--kk", "3"], "no parameter 'kk'"),
        (["generate", "--task", "divisible", "--k", "1"], "k must be an integer from 2"),
        (["generate", "--task", "divisible", "--k"], "option --k needs a value"),
        (["generate", "--task", "divisible", "7"], "unexpected argument '7'"),
        (["generate", "--task", "addition", "--digits", "0"], "digits must be an integer from 1 to 4096"),
        (["generate", "--task", "addition", "--base", "37"], "base must be an integer from 2 to 36"),
        (
            ["generate", "--task", "addition", "--digits", "1", "--train", "45"],
            "train holds 44 different rows",
        ),
        (["generate", "--task", "addition", "--train", "many"], "--train"),
        (["generate", "--task", "addition", "--out", "/proc/nowhere"], "/proc/nowhere"),
        (["generate", "--suite", "hofstader"], "Did you mean 'hofstadter'"),
        (["generate", "--task", "gcd", "--seed", "99999999999999999999999"], "must fit in 64 bits"),
        (["verify", "nowhere"], "does not exist"),
        (["verify", "."], "is not a mathbench dataset: manifest.json is missing"),
        (["tasks", "gdc"], "Did you mean 'gcd'"),
        (["genrate"], "genrate"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, arguments, message):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr and "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1 and not result.stdout
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_failed_check_is_exit_code_1(tmp_path):
    run("generate", "--task", "gcd", "--train", "10", "--out", tmp_path / "ds")
    next((tmp_path / "ds").rglob("train*.parquet")).write_bytes(b"nonsense")
    result = run("verify", tmp_path / "ds")
    assert result.returncode == 1 and "NOT good" in result.stderr and "Traceback" not in result.stderr


def test_tasks_and_doctor_as_json():
    assert "divisible" in json.loads(run("tasks", "--json").stdout)["tasks"]
    detail = json.loads(run("tasks", "divisible", "--k", "29", "--json").stdout)
    assert detail["parameters"]["k"]["value"] == 29 and detail["samples"]["train"]
    assert json.loads(run("doctor", "--json").stdout)["packages"]["numpy"]


def test_a_suite_is_shown_with_its_configurations_and_sizes(tmp_path):
    shown = run("tasks", "classic")
    assert shown.returncode == 0 and "sums-0-999" in shown.stdout and "four classic notebooks" in shown.stdout
    suite = json.loads(run("tasks", "classic", "--json").stdout)
    assert suite["name"] == "classic" and suite["version"] == 1 and suite["description"].startswith("Sums")
    assert suite["configs"]["addition-rnn"]["sizes"]["train"] > 0
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\n[sizes]\ntrain = 7\n[[tasks]]\ntask = "gcd"\n')
    assert json.loads(run("tasks", path, "--json").stdout)["configs"]["gcd-base10"]["sizes"]["train"] == 7
    refused = run("tasks", "classic", "--digits", "3")
    assert refused.returncode == 2 and "a suite takes no parameters" in refused.stderr


def test_imports_are_light():
    heavy = ("torch", "keras", "tensorflow", "datasets", "pandas", "ray")
    code = f"import sys, mathbench, mathbench.cli; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
