"""Runs of language models of a folder, by the command line."""

import json
import re
import shutil

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from tiny_models import byte_tokenizer, random_model, saved, writing_model

from tests.commands import run

ROWS = ("--train", "200", "--validation", "20", "--limit", "12")
SUMS = ("--task", "addition", "--digits", "2", "--prompt", "{question}=", *ROWS)
SAMPLED = ("--set", "temperature=1", "--set", "max_tokens=6")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a random model, beside which runs are made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATHBENCH_BOARD", str(tmp_path / "board.sqlite"))
    return saved(tmp_path / "model", random_model("llama"), byte_tokenizer())


def asked(source, *words, out="run"):
    return run("run-baseline", f"hf:{source}", *SUMS, *words, "--out", out)


def test_a_run_states_its_model(folder):
    done = asked(folder, "--set", "trained_on=nothing", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["baseline"] == "hf:model" and result["supervision"] == "prompted"
    assert result["scores"]["interpolate"]["n"] == 12
    assert re.fullmatch("sha256:[0-9a-f]{64}", result["recipe"]["revision"])
    assert result["recipe"]["trained_on"] == "nothing" and result["recipe"]["stop"] == "\n"
    assert {"torch", "transformers"} <= result["versions"].keys()
    assert "external data: nothing" in run("leaderboard", "show", "--open", "--json").stdout


def test_right_answers_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = saved(tmp_path / "model", writing_model("=65\n"), byte_tokenizer())
    done = run("run-baseline", f"hf:{folder}", *SUMS[:-1], "400", "--no-submit", "--json", "--out", "run")
    scores = json.loads(done.stdout)["scores"]["interpolate"]
    lines = [json.loads(line) for line in (tmp_path / "run" / "replies.jsonl").read_text().splitlines()]
    questions = [line["asked"]["text"] for line in lines if line["split"] == "interpolate"]
    right = sum(sum(map(int, question[:-1].split("+"))) == 65 for question in questions)
    assert scores["correct"] == right > 0


def test_a_resumed_run_samples_the_same_replies(folder):
    assert asked(folder, *SAMPLED, out="first").returncode == 0
    run_folder = folder.parent / "first"
    journal = run_folder / "replies.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    expected = sorted(lines), (run_folder / "predictions.parquet").read_bytes()
    # killed while it wrote the ninth reply
    journal.write_bytes(b"".join(lines[:8]) + lines[8][:20])
    for name in ("result.json", "predictions.parquet"):
        (run_folder / name).unlink()
    done = asked(folder, *SAMPLED, "--set", "batch=5", "--resume", out="first")
    assert done.returncode == 0, done.stderr
    assert journal.read_bytes().startswith(b"".join(lines[:8]))
    found = sorted(journal.read_bytes().splitlines(keepends=True))
    assert (found, (run_folder / "predictions.parquet").read_bytes()) == expected


def test_what_cannot_be_run_is_one_line_and_leaves_nothing(folder):
    shutil.copytree(folder, folder.parent / "broken")
    (folder.parent / "broken" / "model.safetensors").write_bytes(b"broken")
    for source, words, message in (
        ("broken", (), "error: hf:broken cannot be loaded: "),
        ("./nowhere", (), "error: there is no folder './nowhere'"),
        ("model", ("--messages",), "error: the model has no chat template"),
        ("model", ("--device", "moon"), "error: PyTorch cannot use device 'moon' here"),
        ("model", ("--set", "dtype=int3"), "error: "),
    ):
        done = asked(source, *words)
        assert done.returncode == 2 and done.stderr.startswith(message), done.stderr
        assert done.stderr.count("\n") == 1 and not done.stdout
    assert not (folder.parent / "run").exists()


def test_a_question_to_a_run_is_answered_by_its_model(folder):
    assert asked(folder, "--no-submit").returncode == 0
    first = run("ask", "run", "57+8")
    assert first.returncode == 0, first.stderr
    # other weights in its place
    random_model("llama", seed=1).save_pretrained(folder)
    done = run("ask", "run", "57+8")
    assert done.returncode == 2 and "has other weights than expected" in done.stderr
