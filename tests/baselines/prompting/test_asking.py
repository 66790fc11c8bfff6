"""Language models as baselines: what is asked, what is kept and resumed, and how replies are scored."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fake_model import FakeModel

from mathbench import formats
from mathbench.baselines.prompted.journal import Journal
from mathbench.baselines.prompted.model import Question, Reply
from mathbench.baselines.prompted.settings import PromptingSettings, parse_settings
from mathbench.baselines.prompted.words import data_without_words, questions_for, resolve
from mathbench.cli import main
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.leaderboard.submission import open_submission
from mathbench.leaderboard.submit import dry_run

SIZES = {"train": 50, "validation": 10, "interpolate": 12, "extrapolate": 8}
SMALL = ("--task", "addition", "--digits", "2", "--train", "50", "--validation", "10")


def mathbench(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


def asked(*words, limit=6):
    return mathbench(
        "run-baseline", "openai:adder", *SMALL, "--limit", limit, "--no-submit", "--out", "r", *words
    )


def result():
    return json.loads(Path("r/result.json").read_text())


def sums(**parameters):
    return Data.generate(task("addition", digits=2, **parameters), SIZES)


def test_right_answers_are_right_and_the_run_says_how_the_model_was_asked(model):
    assert (
        asked("--shots", "2", "--system", "Add.", "--extract", "last-number", "--set", "trained_on=web text")
        == 0
    )
    found = result()
    assert {split: (s["n"], s["correct"]) for split, s in found["scores"].items()} == {
        "interpolate": (6, 6),
        "extrapolate": (6, 6),
    }
    recipe = found["recipe"]
    assert (
        recipe["words"] == 'shots:n=2+messages:system="Add."'
        or recipe["words"] == "shots:n=2+messages:system=Add."
    )
    assert (recipe["extract"], recipe["template"], recipe["max_tokens"]) == ("last-number-v1", "chat", 1024)
    assert (recipe["revision"], recipe["trained_on"], found["supervision"]) == ("r1", "web text", "prompted")
    assert found["task"]["parameters"].get("format", "plain") == "plain"
    assert set(found["floors"]) == {"constant", "copy-operand"}
    assert found["asked"]["tokens"] == {"prompt": 120, "reply": 36, "reasoning": 24}
    assert model.asked[0].turns[0] == {"role": "system", "content": "Add."}
    assert len(model.asked[0].turns) == 6
    assert model.closed == 1


def test_a_sign_or_a_word_too_many_is_wrong_unless_an_extraction_was_asked_for(model):
    model.written = "It is {}"
    asked()
    found = result()
    assert found["scores"]["interpolate"]["correct"] == 0
    assert asked("--extract", "last-number", "--force") == 0
    assert result()["scores"]["interpolate"]["correct"] == 6
    model.written = "{}.0"
    asked("--extract", "last-number", "--force")
    beside = result()["asked"]["splits"]["interpolate"]
    assert (result()["scores"]["interpolate"]["correct"], beside["equal"], beside["unread"]) == (0, 6, 0)
    model.written = "{}"
    asked("--extract", "boxed", "--force")
    assert result()["asked"]["splits"]["interpolate"]["unread"] == 6


def test_an_interrupted_run_asks_nothing_twice(model, capsys):
    model.dies_after = 5
    assert asked() == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("error: the model is gone")
    assert not Path("r/result.json").exists()
    assert len(Path("r/replies.jsonl").read_text().splitlines()) == 5
    assert asked() == 2
    assert "--resume" in capsys.readouterr().err
    model.dies_after = None
    assert asked("--resume") == 0
    assert len(model.asked) == 12
    assert result()["scores"]["extrapolate"]["correct"] == 6
    # a run in one go has the same predictions
    whole = result()["predictions_sha256"]
    asked("--force")
    assert result()["predictions_sha256"] == whole


def test_another_revision_does_not_continue_a_run(model, capsys):
    model.dies_after = 5
    asked()
    model.dies_after, model.facts = None, replace(model.facts, revision="r2")
    assert asked("--resume") == 2
    assert "another" in capsys.readouterr().err


def test_another_template_does_not_continue_a_run(model, capsys):
    model.dies_after, model.facts = 5, replace(model.facts, details={"template": "one", "created": 1})
    asked()
    model.dies_after, model.facts = None, replace(model.facts, details={"template": "two", "created": 1})
    assert asked("--resume") == 2
    assert "a model with another template: 'one'. Received: 'two'" in capsys.readouterr().err
    assert len(model.asked) == 5
    # a server that was started again is the same model
    model.facts = replace(model.facts, details={"template": "one", "created": 2})
    assert asked("--resume") == 0


def test_a_line_that_a_killed_process_left_unfinished_is_asked_again(model):
    asked()
    lines = Path("r/replies.jsonl").read_bytes().splitlines(keepends=True)
    Path("r/result.json").unlink()
    Path("r/replies.jsonl").write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    assert asked("--resume") == 0
    assert len(model.asked) == 13
    assert Path("r/replies.jsonl").read_bytes().splitlines(keepends=True)[-1] == lines[-1]


@pytest.mark.parametrize(
    "damage", [b"nonsense\n", b"[]\n", b'{"asked": 3, "text": "1"}\n', b'{"text": "1"}\n']
)
def test_a_damaged_line_is_one_clear_line(model, capsys, damage):
    asked()
    Path("r/result.json").unlink()
    path = Path("r/replies.jsonl")
    path.write_bytes(damage + path.read_bytes())
    assert asked("--resume") == 2
    assert "line 1 is damaged" in capsys.readouterr().err


def test_replies_of_any_text_are_kept(tmp_path):
    texts = ["", "\ud800", "a\nb\x00", "7" * 100_000, "\u2028"]
    with Journal(tmp_path) as journal:
        for i, text in enumerate(texts):
            journal.add(Question(text=str(i)), Reply(text, reasoning="why"), row=i)
    again = Journal(tmp_path)
    assert len(again) == len(texts)
    for i, text in enumerate(texts):
        assert again.find(Question(text=str(i))) == Reply(text.replace("\ud800", "\ufffd"))
    assert again.find(Question(text="9")) is None
    assert again.find(Question(turns=({"role": "user", "content": "0"},))) is None


def test_the_plain_task_is_scored_however_a_model_is_asked(model):
    asked("--prompt", "What is {question} in all?", "--shots", "0")
    one = result()
    asked("--shots", "3", "--force")
    other = result()
    assert one["task"] == other["task"] and one["data"] == other["data"]
    assert one["recipe"]["words"].startswith("prompt:text=") and "shots" not in one["recipe"]["words"]
    assert one["encoding"] != other["encoding"]


def test_data_in_words_are_scored_without_them(model):
    mathbench("generate", *SMALL, "--interpolate", "6", "--extrapolate", "6", "--prompt", "Sum of {question}?",
              "--longer", "1", "--more", "0", "--format", "padded", "--out", "d")  # fmt: skip
    model.written = "{:03d}"
    assert mathbench("run-baseline", "openai:adder", "--data", "d", "--shots", "1", "--no-submit", "--out", "r",
                     "--set", "trained_on=nothing") == 0  # fmt: skip
    assert result()["recipe"]["words"].startswith("prompt:text=")
    assert "+shots" in result()["recipe"]["words"]
    assert result()["task"]["parameters"]["format"] == "padded"


def test_examples_are_rows_of_train_and_the_answer_is_not_shown():
    data = sums()
    settings = resolve(PromptingSettings(words="shots:n=3"), data, has_template=False)
    plain = data.splits["interpolate"]
    rows = Data.generate(data.task, {"train": 4_074}).splits["train"].to_pylist()
    train = {f"{row['question']}\n{row['answer']}" for row in rows}
    for question, row in zip(
        questions_for(settings, data.task, plain, 0, "interpolate"), plain.to_pylist(), strict=True
    ):
        *examples, last = question.text.split("\n\n")
        assert last == row["question"] + "\n"
        assert len(examples) == 3 and all(example in train for example in examples)


def test_settings_that_depend_on_the_model_and_the_data():
    data = sums()
    text = resolve(PromptingSettings(words="shots:n=2"), data, has_template=False)
    assert (text.template, text.stop, text.max_tokens) == ("text", "\n\n", 2 * 4 + 16)
    assert resolve(PromptingSettings(), data, has_template=False).stop == "\n"
    assert resolve(PromptingSettings(stop="\\n#"), data, has_template=False).stop == "\n#"
    chat = resolve(PromptingSettings(words="shots:n=2"), data, has_template=True)
    assert (chat.template, chat.words, chat.stop) == ("chat", "shots:n=2+messages", "")
    assert resolve(PromptingSettings(template="text"), data, has_template=True).template == "text"
    with pytest.raises(InputError, match="no chat template"):
        resolve(PromptingSettings(words="messages"), data, has_template=False)
    with pytest.raises(InputError, match="template=text"):
        resolve(PromptingSettings(words="messages", template="text"), data, has_template=True)


def test_the_same_rows_without_words():
    spoken = Data.generate(
        task("addition", digits=2, format="padded", prompt="{a} and {b}", longer=1, more=0, shots=1), SIZES
    )
    plain = Data.generate(task("addition", digits=2, format="padded", longer=1, more=0), SIZES)
    assert data_without_words(spoken).digest == plain.digest
    assert data_without_words(plain) is plain


def test_a_reply_in_text_ends_where_the_next_example_would_begin(model):
    model.has_template, model.written = False, "\n{}\n\n1+1\n2"
    asked()
    assert result()["recipe"]["template"] == "text"
    assert result()["scores"]["interpolate"]["correct"] == 6
    assert model.asked[0].text.endswith("\n") and model.asked[0].turns == ()


def test_multiple_choice_stays_part_of_the_task(model):
    asked("--choices", "4")
    assert result()["task"]["parameters"]["format"] == "choices:n=4"
    assert result()["scores"]["interpolate"]["correct"] == 0  # the fake model gives numbers, not letters


def test_entries_with_other_prompts_are_other_models_on_a_board(model):
    mathbench("run-baseline", "openai:adder", *SMALL, "--limit", "6", "--no-submit", "--out", "r")
    mathbench(
        "run-baseline", "openai:adder", *SMALL, "--limit", "6", "--no-submit", "--out", "s", "--shots", "1"
    )
    one, other = open_submission("r").manifest.summary, open_submission("s").manifest.summary
    assert one.identity != other.identity
    assert one.supervision == "prompted"
    assert one.training_data == "external data: not known"
    assert one.encoding["name"] == "shots:n=4+messages, whole-v1"
    assert dry_run("r").scores["interpolate"].total.correct == 6


def test_fewer_rows_have_their_own_n(model):
    asked(limit=3)
    assert result()["data"]["sizes"] == {"train": 50, "validation": 10, "interpolate": 3, "extrapolate": 3}
    predictions = pq.read_table("r/predictions.parquet")
    assert predictions.num_rows == 6
    assert set(predictions["split"].to_pylist()) == {"interpolate", "extrapolate"}


def test_how_requests_are_sent_does_not_make_another_run(model):
    asked("--set", "parallel=2")
    first = Path("r/run.json").read_text()
    asked("--set", "parallel=9", "--set", "price_input=2", "--force")
    assert Path("r/run.json").read_text() == first
    assert result()["asked"]["price"] == pytest.approx(120 * 2 / 1e6)


def test_finished_runs_answer_questions_and_are_repeated(model, capsys):
    asked()
    capsys.readouterr()
    assert mathbench("ask", "r", "57+8", "1+2") == 0
    assert capsys.readouterr().out.split() == ["65", "3"]
    assert mathbench("run-baseline", "--from", "r", "--no-submit") == 0
    assert "predictions the same bits" in capsys.readouterr().err
    model.facts = replace(model.facts, revision="r2")
    assert mathbench("ask", "r", "57+8") == 2
    assert "is another model" in capsys.readouterr().err


def test_long_problems_are_as_many_as_the_limit(model):
    asked("--long", "20", limit=4)
    assert result()["long"]["20"]["n"] == 4
    assert result()["long"]["20"]["correct"] == 4
    assert result()["asked"]["tokens"]["prompt"] == 10 * (4 + 4 + 4)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["openai:"], "needs the name of a model"),
        (["openai:a"], "needs --task NAME or --data DIR"),
        (["openai:a", "--task", "addition", "--seeds", "2"], "neither --sweep nor --seeds"),
        (["openai:a", "--task", "addition", "--set", "paralel=2"], "Did you mean 'parallel'"),
        (["openai:a", "--task", "addition", "--set", "extra=1"], "must be a JSON object"),
        (["openai:a", "--task", "addition", "--extract", "bo"], "unknown extraction 'bo'"),
        (["openai:a", "--task", "addition", "--budget", "4"], "does not take --budget"),
        (["openai:a", "--task", "addition", "--prompt", "{a}"], "does not support the format prompt"),
        (["openai:a", "--task", "addition", "--set", "words=plain"], "no setting 'words'"),
        (["mlp", "--limit", "4"], "--limit goes with a language model"),
        (["mlp", "--url", "http://x"], "--url goes with a language model"),
        (["oenai:a", "--task", "addition"], "Did you mean 'openai:MODEL'"),
    ],
)
def test_bad_requests_are_one_line(model, capsys, words, reason):
    assert mathbench("run-baseline", *words, "--no-submit", "--out", "r") == 2
    error = capsys.readouterr().err.strip()
    assert reason in error and len(error.splitlines()) == 1
    assert not Path("r").exists()


def test_settings_come_from_text():
    prompting, asking = parse_settings(
        "hf:x", {"batch": "4", "temperature": "0.5", "extra": '{"b":1,"a":2}'}, source="x"
    )
    assert (asking.batch, asking.source, prompting.temperature) == (4, "x", 0.5)
    assert prompting.extra == '{"a": 2, "b": 1}'
    assert formats.parse(prompting.words) == ()


def test_the_fake_model_is_no_stub_of_the_scores(model):
    """The scores above would differ for a model that cannot add."""
    model.written = "1{}"
    asked()
    assert result()["scores"]["interpolate"]["correct"] == 0
    assert isinstance(model, FakeModel)


def test_a_dry_run_shows_what_would_be_asked_and_opens_no_model(model, capsys):
    assert asked("--dry-run", "--json", "--shots", "1") == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["questions"] == 12
    assert [turn["role"] for turn in plan["first question"]] == ["system", "user", "assistant", "user"]
    assert asked("--dry-run", "--json", "--set", "template=text", "--prompt", "{question} =") == 0
    first = json.loads(capsys.readouterr().out)["first question"]
    assert first.endswith(" =") and "+" in first
    assert not model.asked and not model.closed and not Path("r").exists()


@pytest.mark.parametrize("written", ["", " ", "\x00", "\ud800{}", "{}" + "x" * 20_000, "\\ud83d\\ude00{}"])
def test_a_board_takes_runs_whatever_the_model_wrote(model, written):
    model.written = written
    assert asked() == 0
    assert dry_run("r").scores["interpolate"].total.correct == 0
    assert asked("--resume") == 0
