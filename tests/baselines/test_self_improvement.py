"""Self-improvement: the labels are the network's own, on train problems, and a resumed run makes the same ones."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.baselines import checkpoint
from mathbench.baselines.extend import extend
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.trainer import encoding_for
from mathbench.baselines.training import loop
from mathbench.baselines.training.self_improvement import (
    GENERATIONS_FOLDER,
    RECORD_FILE,
    GenerationPlan,
    SelfLabelledBatches,
    agreed,
    read_generations,
)
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.reserve import fingerprints

OWN = {
    "layers": 1,
    "heads": 2,
    "inner": 8,
    "hidden": 8,
    "target": "none",
    "keep": "last",
    "generations": 2,
    "generation_steps": 4,
    "generation_rows": 24,
}


@pytest.fixture
def improving(tiny):
    return lambda **overrides: tiny("decoder-transformer", **{**OWN, **overrides})


@pytest.fixture
def plain(tiny):
    own = {key: value for key, value in OWN.items() if not key.startswith("generation")}
    return tiny("decoder-transformer", **own)


class Base:
    """Batches of one question."""

    def __init__(self, questions, labels):
        self._batch = questions, labels

    def batch(self, step):
        return self._batch


def made(improving, sums, folder, answer, **overrides):
    spec = improving(**overrides)
    encoding = replace(encoding_for(spec, sums), answer_width=5)
    first = sums.splits["train"].slice(0, 32)
    base = Base(encoding.questions(first["question"]), encoding.answers(first["answer"]))
    plan = GenerationPlan(sums.task, spec.hyperparameters)
    return encoding, base, SelfLabelledBatches(plan, sums.seed, base, answer, encoding, folder)


def test_labels_are_what_the_network_says_right_or_wrong(improving, sums, tmp_path):
    asked = []

    def answer(questions):
        asked.append(questions)
        return [pa.array(["7"] * len(questions))]

    encoding, base, batches = made(improving, sums, tmp_path, answer)
    assert np.array_equal(batches.batch(3)[0], base.batch(3)[0]) and not asked
    questions, labels = batches.batch(4)
    assert len(asked) == 1 and len(questions) == len(labels) == 32
    own = (questions != 0).sum(axis=1) == len("100+200")
    assert 0 < own.sum() < 32
    assert encoding.decoded(labels[own]).to_pylist() == ["7"] * own.sum()
    # both numbers have the next length, and the problems are those that train may show
    longer = sums.task.reserve("train")
    for question in asked[0].to_pylist():
        numbers = [int(word) for word in question.split("+")]
        assert [len(str(number)) for number in numbers] == [3, 3]
        key = fingerprints(sums.task.reserve_family, np.array(sorted(numbers, reverse=True))[:, None])
        assert longer.contains(key).all()
    stored = pq.read_table(tmp_path / GENERATIONS_FOLDER / "001.parquet")
    assert stored["label"].to_pylist() == ["7"] * stored.num_rows


def test_labels_of_an_earlier_step_are_not_made_later(improving, sums, tmp_path):
    def fresh():
        return made(improving, sums, tmp_path, lambda q: [pa.array(["7"] * len(q))])[2]

    with pytest.raises(InputError, match=r"001\.parquet is missing, so the run cannot go on"):
        fresh().batch(5)
    fresh().batch(4)
    assert np.array_equal(fresh().batch(5)[0], fresh().batch(5)[0])
    for damage in (b"nonsense", None):
        path = tmp_path / GENERATIONS_FOLDER / "001.parquet"
        path.write_bytes(damage) if damage else pq.write_table(pa.table({"a": [1]}), path)
        with pytest.raises(InputError, match=r"001\.parquet is damaged") as caught:
            fresh().batch(5)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["nonsense", "3", "[3]", '[{"generation": 1}]'])
def test_a_damaged_record_is_one_line(text, tmp_path):
    assert read_generations(tmp_path) == []
    (tmp_path / RECORD_FILE).write_text(text)
    with pytest.raises(InputError, match=r"generations\.json is damaged") as caught:
        read_generations(tmp_path)
    assert "\n" not in str(caught.value)


def test_rows_are_shared_out_by_length_and_empty_generations_leave_no_gap(improving, sums, tmp_path):
    _, _, batches = made(improving, sums, tmp_path, lambda q: [pa.array([""] * len(q))], batch=64)
    batches.batch(4)
    questions, labels = batches.batch(8)  # of the second generation, none of whose problems was labelled
    assert 0 < len(questions) <= 32 and len(questions) == len(labels)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=3, max_size=3), min_size=1, max_size=5))
def test_a_label_is_an_answer_that_enough_members_gave(answers):
    labels, kept = agreed(answers, 0.6, 1)
    for row in range(3):
        given_ = [own[row] for own in answers]
        votes = {text: given_.count(text) for text in given_}
        assert votes[labels[row]] == max(votes.values())
        assert kept[row] == (votes[labels[row]] >= 0.6 * len(given_))
    assert not agreed([["", "ab"]], 0.5, 1)[1].any()


@pytest.mark.parametrize("committee", [1, 2])
def test_a_resumed_run_makes_the_same_labels(committee, improving, plain, sums, tmp_path, monkeypatch):
    spec = improving(committee=committee)
    whole = run(spec, sums, RunOptions(tmp_path / "whole"))
    assert [found["digits"] for found in whole.generations] == [3, 4]
    assert [found["step"] for found in whole.generations] == [4, 8]
    assert whole.generations[0]["problems"] == 24 and whole.supervision == "aligned+self"
    assert whole.parameters == run(plain, sums, RunOptions(tmp_path / "plain")).parameters
    real, taken = loop._step, []

    def interrupted(job, state):
        taken.append(state.step)
        if len(taken) == 7:
            raise KeyboardInterrupt
        return real(job, state)

    monkeypatch.setattr(loop, "_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(spec, sums, RunOptions(tmp_path / "again"))
    monkeypatch.setattr(loop, "_step", real)
    again = run(spec, sums, RunOptions(tmp_path / "again", resume=True))
    assert again.generations == whole.generations
    assert again.predictions_sha256 == whole.predictions_sha256
    one, two = (checkpoint.read(tmp_path / name)[1]["weights"] for name in ("whole", "again"))
    assert one.keys() == two.keys() and all(np.array_equal(one[key], two[key]) for key in one)
    assert Result.load(tmp_path / "again") == again
    with pytest.raises(InputError, match="generations is set"):
        extend(tmp_path / "whole", {"steps": "20"})


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"target": "1.0"}, "requires target=none"),
        ({"keep": "best"}, "requires keep=last"),
        ({"tournament": 2}, "requires tournament=1"),
        ({"generation_steps": 6}, "must be below steps"),
        ({"generations": 0, "committee": 2}, "committee requires generations"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(overrides, words, improving):
    with pytest.raises(InputError, match=words):
        improving(**overrides)


def test_a_task_without_lengths_is_refused(improving):
    with pytest.raises(InputError, match="whose numbers have lengths"):
        GenerationPlan(task("modular"), improving().hyperparameters)
    with pytest.raises(InputError, match="digits must be"):
        GenerationPlan(task("prime", digits=10), improving(generations=1000, steps=9000).hyperparameters)
