"""What a training reads: online, in stages, sorted by length; always a function of the step."""

import numpy as np
import pyarrow as pa
import pytest

from mathbench.baselines import checkpoint
from mathbench.baselines.curriculum import parse_stages
from mathbench.baselines.encoding import fit_encoding
from mathbench.baselines.models.interface import IGNORE_INDEX, DeviceConfig
from mathbench.baselines.predictor import load_predictor
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.settings import EncodingOptions
from mathbench.baselines.trainer import prepare
from mathbench.baselines.training import loop
from mathbench.baselines.training.batches import Bucketed, InMemory, Prefetcher, RowSampler
from mathbench.baselines.training.labels import LabelEncoder, encode_labels
from mathbench.baselines.training.online import OnlineBatches, stream_vocabulary
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.rows import open_rows
from mathbench.tokenizer import PRINTABLE

SUMS = task("addition", digits=3)


def encoding_for(made, choices=None, classify=False):
    rows = open_rows(made, "train", 0).batch(range(2000))
    characters = stream_vocabulary(made, "0123456789+-*/%() ")
    return fit_encoding(choices or EncodingOptions(), characters, rows["question"], rows["answer"], classify)


def same(one, two):
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_a_stream_shows_the_rows_of_train_in_order():
    encoding = encoding_for(SUMS)
    online = OnlineBatches(SUMS, 5, 50, LabelEncoder(SUMS, encoding))
    rows = open_rows(SUMS, "train", 5).batch(range(20_000, 20_050))
    questions, labels = online.batch(400)
    assert same((questions, labels), (encoding.questions(rows["question"]), encoding.answers(rows["answer"])))


def test_a_stream_meets_no_row_of_an_evaluation_split_of_any_seed():
    online = OnlineBatches(SUMS, 0, 4000, LabelEncoder(SUMS, encoding_for(SUMS)))
    seen = {tuple(sorted(q.split("+"))) for i in range(5) for q in online.stream[i]["question"]}
    for seed in (0, 1, "other"):
        for split in ("validation", "interpolate", "extrapolate"):
            rows = open_rows(SUMS, split, seed).batch(range(2000))
            held = {tuple(sorted(q.split("+"))) for q in rows["question"].to_pylist()}
            assert len(held) == 2000 and not seen & held


def test_each_row_comes_once_before_any_comes_again():
    small = task("modular")
    online = OnlineBatches(small, 0, 1000, LabelEncoder(small, encoding_for(small)))
    held = len(open_rows(small, "train", 0))
    steps = -(-held // 1000)
    first, second = (
        [row for i in range(steps) for row in online.stream[e * steps + i]["row"]] for e in (0, 1)
    )
    assert first == list(range(held)) == sorted(second) and first != second
    assert len(online.batch(steps - 1)[0]) == held - 1000 * (steps - 1)


def test_what_is_made_ahead_is_the_same():
    online = OnlineBatches(SUMS, 0, 20, LabelEncoder(SUMS, encoding_for(SUMS)))
    with Prefetcher(online, 4, 903) as ahead:
        for step in (0, 1, 2, 3, 900, 901):  # a resumed run begins anywhere
            assert same(
                ahead.batch(step),
                OnlineBatches(SUMS, 0, 20, LabelEncoder(SUMS, encoding_for(SUMS))).batch(step),
            )


def test_an_error_in_the_background_arrives():
    foreign = fit_encoding(EncodingOptions(), "01+", pa.array(["1+1"]), pa.array(["10"]))
    with (
        Prefetcher(OnlineBatches(SUMS, 0, 20, LabelEncoder(SUMS, foreign)), 4, 10) as ahead,
        pytest.raises(InputError, match="alphabet"),
    ):
        ahead.batch(0)


def test_answers_that_no_row_in_advance_had():
    encoding = fit_encoding(EncodingOptions(), "0123456789+", pa.array(["1+1"]), pa.array(["12"]))
    assert encode_labels(encoding, SUMS, np.zeros((1, 3)), pa.array(["1234"])).tolist() == [[2, 3]]
    classes = fit_encoding(
        EncodingOptions(), "0123456789", pa.array(["1"]), pa.array(["no", "yes"]), classify=True
    )
    asked = pa.array(["yes", "perhaps", "no"])
    assert encode_labels(classes, SUMS, np.zeros((3, 3)), asked).tolist() == [[1], [IGNORE_INDEX], [0]]
    assert stream_vocabulary(task("deepmind/arithmetic__mul"), "12") == "".join(sorted(PRINTABLE))


def stopped_and_resumed(spec, data, folder, monkeypatch):
    """Run once whole and once with an end at step 7; both are returned."""
    whole = run(spec, data, RunOptions(folder / "whole"))
    step = loop._step

    def pulled(job, state):
        if state.step == 7:
            raise RuntimeError("the plug was pulled")
        step(job, state)

    monkeypatch.setattr(loop, "_step", pulled)
    with pytest.raises(RuntimeError):
        run(spec, data, RunOptions(folder / "cut"))
    monkeypatch.setattr(loop, "_step", step)
    return whole, run(spec, data, RunOptions(folder / "cut", resume=True))


@pytest.mark.parametrize(
    ("framework", "buckets"), [("torch", 3), pytest.param("keras", 0, marks=pytest.mark.slow)]
)
def test_an_online_run_resumes_exactly(framework, buckets, tiny, sums, tmp_path, monkeypatch):
    reading = {"source": "stream", "curriculum": "0.25 digits=1*", "buckets": buckets, "padding": "right"}
    spec = tiny(framework=framework, **reading)
    whole, resumed = stopped_and_resumed(spec, sums, tmp_path, monkeypatch)
    assert whole.predictions_sha256 == resumed.predictions_sha256
    kept = [checkpoint.read(tmp_path / name)[1]["best"] for name in ("whole", "cut")]
    assert all(np.array_equal(kept[0][name], kept[1][name]) for name in kept[0])
    assert whole.timings["epochs"] == 0 and whole.timings["examples"] == 12 * 32


def test_a_curriculum_shows_its_strata_and_then_all(tiny, sums):
    spec = tiny(steps=10, curriculum="0.3 digits=1+1; 0.2 digits=2+1", query="forward", padding="right")
    ready = prepare(spec, sums, DeviceConfig("cpu"))
    shown = [(ready.batches.batch(step)[0] != 0).sum(axis=1).tolist() for step in range(10)]
    assert all(set(lengths) == {3} for lengths in shown[:3])
    assert all(set(lengths) == {4} for lengths in shown[3:5])
    assert all(set(lengths) > {3, 4} for lengths in shown[5:])


@pytest.mark.parametrize("words", ["0.2", "x digits=1*", "-0.1 digits=1*", "0.6 a; 0.6 b", "1.5 a"])
def test_stages_are_checked(words, tiny):
    with pytest.raises(InputError, match="curriculum"):
        parse_stages(words)
    with pytest.raises(InputError, match="curriculum"):
        tiny(curriculum=words)


def test_a_stage_needs_rows(tiny, sums):
    with pytest.raises(InputError, match="no stratum of train matches 'digits=7"):
        prepare(tiny(curriculum="0.2 digits=7*"), sums, DeviceConfig("cpu"))


def test_what_does_not_go_together_is_refused(tiny, sums, multiples):
    for spec, data, words in (
        (tiny(source="stream", sampling="strata"), sums, "sampling"),
        (tiny(buckets=2, padding="operands"), sums, "padding"),
        (tiny("lstm-classifier", buckets=2, labels="prefix"), multiples, "labels"),
    ):
        with pytest.raises(InputError, match=words):
            prepare(spec, data, DeviceConfig("cpu"))


@pytest.mark.parametrize("first", [False, True])
def test_buckets_hold_the_same_rows_in_narrow_batches(first):
    luck = np.random.default_rng(0)
    lengths = luck.integers(1, 40, 600)
    filled = np.arange(40) < lengths[:, None]
    questions = np.where(filled[:, ::-1] if first else filled, luck.integers(1, 9, (600, 40)), 0)
    inner = InMemory(questions, np.arange(600)[:, None], RowSampler(600, 20, 0))
    bucketed = Bucketed(inner, 10, 3, first)
    widths, spread = [], []
    for group in range(3):
        parts = [bucketed.batch(group * 10 + i) for i in range(10)]
        rows = np.concatenate([labels[:, 0] for _, labels in parts])
        plain = np.concatenate([inner.batch(group * 10 + i)[1][:, 0] for i in range(10)])
        assert sorted(rows) == sorted(plain)
        for tokens, labels in parts:
            own = questions[labels[:, 0]]
            width = tokens.shape[1]
            assert np.array_equal(tokens, own[:, 40 - width :] if first else own[:, :width])
            assert width == (own != 0).sum(axis=1).max()
            spread.append(np.ptp(lengths[labels[:, 0]]))
        widths += [tokens.shape[1] for tokens, _ in parts]
    assert np.mean(widths) < 25 and np.mean(spread) < 6
    assert widths[:10] != sorted(widths[:10])  # short ones do not always come first
    assert same(Bucketed(inner, 10, 3, first).batch(17), bucketed.batch(17))


def test_a_bucketed_run_answers_each_question_by_itself(tiny, tmp_path):
    import pyarrow.parquet as pq

    sizes = {"train": 500, "validation": 60, "interpolate": 60, "extrapolate": 60}
    data = Data.generate(task("addition", digits=3), sizes)
    run(tiny(buckets=4, padding="left"), data, RunOptions(tmp_path / "r"))
    predict, _ = load_predictor(tmp_path / "r", DeviceConfig("cpu"))
    kept = pq.read_table(tmp_path / "r" / "predictions.parquet")["prediction"].to_pylist()
    splits = ("validation", "interpolate", "extrapolate")
    questions = [question.as_py() for split in splits for question in data.splits[split]["question"]]
    assert predict(pa.array(questions[::-1])).to_pylist() == kept[::-1]
    assert predict(pa.array(questions[7:8])).to_pylist() == kept[7:8]
