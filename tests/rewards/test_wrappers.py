"""The wrappers for TRL, verl, OpenRLHF and verifiers, without these packages; scripts/interop has them."""

import json
import subprocess
import sys
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

import mathbench
from mathbench.errors import InputError
from mathbench.rewards import AdaptiveSampler, openrlhf, task_levels, trl, verifiers, verl
from mathbench.rewards.prompts import chat, last_text

STREAM = {"digits": 2}


def test_the_modules_load_no_framework():
    code = (
        "import sys\n"
        "from mathbench.rewards import openrlhf, trl, verifiers, verl\n"
        "print([n for n in ('torch', 'transformers', 'datasets') if n in sys.modules])\n"
        "import mathbench.rewards.trl as module\n"
        "print(module.__file__.endswith('trl.py'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "True"]


@pytest.mark.parametrize(
    ("completion", "text"),
    [
        ("65", "65"),
        ([{"role": "assistant", "content": "65"}], "65"),
        ([{"role": "assistant", "content": "7"}, {"role": "assistant", "content": "65"}], "65"),
        (
            [
                {
                    "role": "assistant",
                    "content": [{"type": "text", "text": "6"}, {"type": "text", "text": "5"}],
                }
            ],
            "65",
        ),
        ([{"role": "assistant", "content": [{"type": "image"}]}], ""),
        ([{"role": "assistant", "content": None, "tool_calls": []}], None),
        ([{}], None),
        ([], None),
        (None, None),
        (65, None),
    ],
)
def test_texts_of_completions(completion, text):
    assert last_text(completion) == text


def test_chats_have_no_answer():
    row = mathbench.stream("addition", messages=True, shots=1, system="Add.")[0]
    turns = chat(row)
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "user"]
    assert row["answer"] != turns[2]["content"]
    assert turns[0]["content"] == "Add."


def columns(rows, copies=1):
    """Rows as columns, as TRL passes them."""
    return {name: [row[name] for row in rows for _ in range(copies)] for name in rows[0]}


@pytest.mark.parametrize("as_chat", [False, True])
def test_trl_judges_texts_and_chats(as_chat):
    rows = list(islice(trl.dataset(mathbench.stream("subtraction", epochs=None), as_chat=as_chat), 8))
    assert rows[0]["prompt"] == (
        [{"role": "user", "content": rows[0]["question"]}] if as_chat else rows[0]["question"]
    )
    texts = [row["answer"] if i % 2 else row["question"] for i, row in enumerate(rows)]
    completions = [[{"role": "assistant", "content": text}] for text in texts] if as_chat else texts
    judge = trl.make_reward_func()
    given = columns(rows)
    assert (
        judge(prompts=given.pop("prompt"), completions=completions, trainer_state=None, **given)
        == [0.0, 1.0] * 4
    )
    assert judge.__name__ == "exact_match"


def test_trl_reads_answers_by_an_extraction():
    given = {"prompts": ["8-58"] * 2, "completions": ["It is -50.", "-50 or 50"], "answer": ["-50"] * 2}
    assert trl.make_reward_func("last-number")(**given) == [1.0, 0.0]
    with pytest.raises(InputError, match=r"must have the column answer. Received: solution"):
        trl.make_reward_func()(prompts=[""], completions=[""], solution=["65"])


def adaptive():
    levels = task_levels("addition", digits=[1, 2], shortest=[1, 2], more=0)
    return trl.AdaptiveTraining(AdaptiveSampler(levels, window=4, easy=0.5))


def test_trl_reports_rewards_to_the_sampler():
    training = adaptive()
    rows = list(islice(training.dataset, 4))
    given = columns(rows, copies=2)
    answers = [answer if i % 2 else "x" for i, answer in enumerate(given["answer"])]
    training.reward_func(prompts=given.pop("prompt"), completions=answers, **given)
    assert training.sampler.success == 0.5
    # rows of an evaluation have no draw
    judge = training.reward_func(prompts=["57+8"], completions=["65"], answer=["65"])
    assert (judge, training.sampler.success) == ([1.0], 0.5)


def arguments(folder, **options):
    return SimpleNamespace(
        output_dir=str(folder), world_size=1, shuffle_dataset=False, ignore_data_skip=True, **options
    )


@pytest.fixture
def transformers():
    return pytest.importorskip("transformers")


def test_trl_saves_and_loads_the_sampler_with_checkpoints(tmp_path, transformers):
    import torch

    training, start = adaptive(), SimpleNamespace(global_step=0)
    callback = training.callback()
    callback.on_train_begin(arguments(tmp_path), start, None)
    rows = list(islice(training.dataset, 8))
    training.sampler.record([row["draw"] for row in rows[:6]], [1.0] * 6)
    (tmp_path / "checkpoint-3").mkdir()
    here = SimpleNamespace(global_step=3)
    callback.on_save(arguments(tmp_path), here, None)
    drawn = torch.rand(3).tolist(), np.random.rand(3).tolist()
    again = adaptive()
    resumed = again.callback()
    resumed.on_train_begin(arguments(tmp_path), here, None)
    resumed.on_step_begin(arguments(tmp_path), here, None)
    assert (torch.rand(3).tolist(), np.random.rand(3).tolist()) == drawn
    resumed.on_step_begin(arguments(tmp_path), here, None)
    assert torch.rand(3).tolist() != drawn[0], "random numbers are restored once"
    assert again.sampler.frontier == 1
    assert [row["draw"] for row in islice(again.dataset, 3)] == [6, 7, 8]
    logs = {}
    resumed.on_log(arguments(tmp_path), here, None, logs=logs)
    assert logs == {"frontier": 1.0}


def test_trl_refuses_settings_that_break_the_order(tmp_path, transformers):
    callback, start = adaptive().callback(), SimpleNamespace(global_step=0)
    for name, value, words in (
        ("world_size", 2, "in one process. Received: 2"),
        ("shuffle_dataset", True, "needs shuffle_dataset=False"),
    ):
        wrong = arguments(tmp_path)
        setattr(wrong, name, value)
        with pytest.raises(InputError, match=words):
            callback.on_train_begin(wrong, start, None)
    wrong = arguments(tmp_path)
    wrong.ignore_data_skip = False
    callback.on_train_begin(wrong, start, None)
    with pytest.raises(InputError, match=r"needs ignore_data_skip=True"):
        callback.on_train_begin(wrong, SimpleNamespace(global_step=3), None)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"sampler": {}, "random": {}}', "\xff"])
def test_trl_refuses_a_checkpoint_without_a_state(tmp_path, content):
    training = adaptive()
    if content is not None:
        (tmp_path / trl.STATE_FILE).write_text(content, encoding="latin-1")
    before = training.sampler.state_dict()
    with pytest.raises(InputError) as caught:
        training.load(tmp_path)
    assert "\n" not in str(caught.value)
    assert training.sampler.state_dict() == before


def test_verl_rows_are_judged(tmp_path):
    file = tmp_path / "rows.parquet"
    stream = mathbench.stream("multiplication", "validation", choices=4, messages=True, **STREAM)
    verl.write_rows(stream, file, 30)
    rows = pq.read_table(file).to_pylist()
    assert len(rows) == 30
    assert list(rows[0]) == ["data_source", "prompt", "ability", "reward_model", "extra_info"]
    assert [turn["role"] for turn in rows[0]["prompt"]] == ["system", "user"]
    assert (rows[7]["extra_info"]["index"], rows[7]["extra_info"]["split"]) == (7, "validation")
    truth = [row["answer"] for row in stream[:30]]
    for row, answer in zip(rows, truth, strict=True):
        given = row["data_source"], f" {answer}", row["reward_model"]["ground_truth"], row["extra_info"]
        assert row["reward_model"] == {"style": "rule", "ground_truth": answer}
        assert verl.compute_score(*given) == 1.0
        wrong = "B" if answer == "A" else "A"
        assert verl.compute_score(given[0], wrong, *given[2:], reward_router_address=None) == 0.0


def test_verl_extractions():
    given = {"data_source": "x", "solution_str": "It is -50.", "ground_truth": "-50"}
    assert (verl.compute_score(**given), verl.compute_score(**given, extract="last-number")) == (0.0, 1.0)


@pytest.mark.parametrize("module", [verl, openrlhf])
def test_files_of_rows_are_whole_or_absent(tmp_path, module):
    stream = mathbench.stream("gcd", rows=5)
    module.write_rows(stream, tmp_path / "five.parquet", 9)
    assert pq.read_metadata(tmp_path / "five.parquet").num_rows == 5
    with pytest.raises(InputError, match=r"rows must be an integer of 1 or more. Received: 0"):
        module.write_rows(stream, tmp_path / "none.parquet", 0)
    with pytest.raises(InputError, match=r"cannot be written"):
        module.write_rows(stream, tmp_path / "no" / "such.parquet", 5)
    with pytest.raises(InputError, match=r"need a stream of one task"):
        module.write_rows(mathbench.stream(["gcd", "addition"]), tmp_path / "two.parquet", 5)
    assert [path.name for path in tmp_path.iterdir()] == ["five.parquet"]


def test_long_files_are_written_in_parts(tmp_path):
    verl.write_rows(mathbench.stream("addition", digits=4), tmp_path / "long.parquet", 9000)
    rows = pq.read_table(tmp_path / "long.parquet", columns=["extra_info"])["extra_info"].to_pylist()
    assert [row["index"] for row in rows] == list(range(9000)) == [row["row"] for row in rows]


@pytest.mark.parametrize("as_chat", [False, True])
def test_openrlhf_rows_are_judged(tmp_path, as_chat):
    pytest.importorskip("torch")
    file = tmp_path / "rows.parquet"
    openrlhf.write_rows(mathbench.stream("addition", format="reversed"), file, 6, as_chat=as_chat)
    rows = pq.read_table(file).to_pylist()
    questions = [row["input"][0]["content"] if as_chat else row["input"] for row in rows]
    labels, answers = [row["label"] for row in rows], [json.loads(row["label"])["answer"] for row in rows]
    prompts = [f"<|user|>{question}<|assistant|>" for question in questions]
    queries = [
        f"{p}{a}{e}"
        for p, a, e in zip(prompts, answers, ["", "</s>", "<eos>", "0", " 1", "</s>x"], strict=True)
    ]
    found = openrlhf.reward_func(queries, prompts, labels)
    assert found["rewards"].tolist() == found["scores"].tolist() == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    assert found["extra_logs"]["exact_match"].tolist() == found["rewards"].tolist()


def test_openrlhf_removes_one_end_of_a_turn_and_no_more():
    label = json.dumps({"question": "57+8", "answer": "65"})

    def answer(query, **options):
        return openrlhf.answers_and_rows([query], ["57+8="], [label], **options)[0][0]

    assert answer("57+8=65</s>") == "65"
    assert answer("57+8=65</s></s>") == "65</s>"
    assert answer(" 57+8=65<|im_end|>\n") == "65"
    assert answer("57+8=65</s>", ends=()) == "65</s>"
    # the prompt once more is part of the answer
    assert answer("57+8=66</s>57+8=65") == "66</s>57+8=65"


def test_openrlhf_refuses_other_queries_and_labels():
    with pytest.raises(InputError, match=r"must start with its prompt"):
        openrlhf.answers_and_rows(["8=65"], ["57+8="], ["{}"])
    for label in ("65", "", None, "[" * 100_000):
        with pytest.raises(InputError, match=r"a label must be the text of"):
            openrlhf.answers_and_rows(["57+8=65"], ["57+8="], [label])


def test_verifiers_rows_are_endless_for_train_only():
    tests = list(
        verifiers.task_rows("addition", "interpolate", 0, None, {"digits": 1, "shortest": 1, "more": 0})
    )
    assert len(tests) == len(mathbench.stream("addition", "interpolate", digits=1, more=0))
    train = verifiers.task_rows("addition", "train", 0, None, {"digits": 1, "more": 0})
    seen = [row["question"] for row in islice(train, 500)]
    assert len(seen) == 500
    assert not {frozenset(q.split("+")) for q in seen} & {
        frozenset(row["question"].split("+")) for row in tests
    }


def test_verifiers_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "verifiers", None)
    verifiers.taskset.cache_clear()
    with pytest.raises(InputError, match=r"verifiers is not installed, or older than 0.4"):
        verifiers.taskset()
