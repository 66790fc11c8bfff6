"""Streams in Keras and `tf.data`: shapes, lengths, epochs, workers, training."""

import numpy as np
import pytest

import mathbench
from mathbench.baselines.models.keras.backend import load_keras as quiet_keras
from mathbench.errors import InputError
from mathbench.streaming.encoder import Encoder
from mathbench.tokenizer import Characters

tf = pytest.importorskip("tensorflow")
keras = quiet_keras(1)

DIGITS = Characters("0123456789")


def network(width):
    return keras.Sequential(
        [
            keras.Input((width,)),
            keras.layers.Embedding(11, 4),
            keras.layers.Flatten(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


def recording(seen):
    """An encoder that notes the rows it was given."""
    encoder = Encoder(DIGITS, question_width=5)

    def encode(table):
        seen.append(table["row"].to_pylist())
        arrays = encoder(table)
        return arrays["question"], arrays["label"]

    return encode


@pytest.mark.parametrize("workers", [1, 3])
def test_fit_sees_every_row_once_in_an_epoch_and_another_order_in_the_next(workers):
    seen, rows = [], 1000
    stream = mathbench.stream("divisible", k=7, rows=rows, batch_size=150)
    batches = stream.keras(encode=recording(seen), workers=workers)
    assert len(batches) == 7
    model = network(5)
    model.compile(loss="binary_crossentropy", optimizer="adam")
    batches[0]
    seen.clear()
    model.fit(batches, epochs=2, verbose=0, shuffle=False)
    probes = len(seen) - 14  # Keras looks at a few batches first to learn their shapes
    assert 0 <= probes <= 7
    epochs = [sorted(sum(seen[i : i + 7], [])) for i in (probes, probes + 7)]  # noqa: RUF017
    assert epochs == [list(range(rows))] * 2
    orders = [sorted(seen[i : i + 7]) for i in (probes, probes + 7)]
    assert orders[0] != orders[1]
    assert orders[0] == sorted(batch["row"] for batch in stream)
    assert orders[1] == sorted(batch["row"] for batch in stream.set_epoch(1))


def test_processes_make_the_batches():
    stream = mathbench.stream("divisible", k=7, rows=400, batch_size=100)
    batches = stream.keras(encode=Encoder(DIGITS, question_width=5), workers=2, use_multiprocessing=True)
    model = network(5)
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    history = model.fit(batches, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2 and model.predict(batches, verbose=0).shape == (400, 1)


def test_pairs_are_questions_with_labels_or_answers():
    questions, labels = mathbench.stream("divisible", k=7, rows=30, batch_size=30).keras(encode=True)[0]
    row = mathbench.stream("divisible", k=7)[4]
    assert Characters().decode(questions[4:5])[0].as_py() == row["question"] and labels[4] == row["label"]
    questions, answers = mathbench.stream("gcd", rows=30, batch_size=30).keras()[0]
    assert Characters().decode(answers).to_pylist() == mathbench.stream("gcd", batch_size=30)[0]["answer"]


def test_a_mixture_without_end_trains_by_steps():
    stream = mathbench.stream(["divisible", "prime"], batch_size=50)
    batches = stream.keras(encode=Encoder(DIGITS, question_width=10))
    model = network(10)
    model.compile(loss="binary_crossentropy", optimizer="adam")
    assert len(model.fit(batches, epochs=2, steps_per_epoch=3, verbose=0).history["loss"]) == 2
    with pytest.raises(TypeError):
        len(batches)


def test_tensors_of_text():
    stream = mathbench.stream("divisible", rows=250, batch_size=100)
    batches = stream.tf()
    assert int(batches.cardinality()) == 3
    assert batches.element_spec["question"].dtype == tf.string
    for tensors, plain in zip(batches, stream, strict=True):
        for name, values in plain.items():
            shown = [v.decode() if isinstance(v, bytes) else v for v in tensors[name].numpy().tolist()]
            assert shown == values
    assert len(list(batches.unbatch())) == 250


def test_tensors_of_tokens():
    stream = mathbench.stream("addition", rows=500, batch_size=100, epochs=2)
    free = stream.tf(encode="0123456789+")
    assert free.element_spec["question"].shape.as_list() == [None, None] and int(free.cardinality()) == 10
    fixed = stream.tf(encode=Encoder(Characters("0123456789+"), question_width=9))
    assert fixed.element_spec["question"].shape.as_list() == [None, 9]
    for batch, plain in zip(fixed, stream, strict=True):
        assert Characters("0123456789+").decode(batch["question"].numpy()).to_pylist() == plain["question"]
    pairs = stream.tf(encode=lambda table: (np.zeros((table.num_rows, 2)), np.ones(table.num_rows)))
    assert [spec.shape.as_list() for spec in pairs.element_spec] == [[None, None], [None]]


def test_ranks_share_the_batches():
    stream = mathbench.stream("modular", rows=950, batch_size=100)
    parts = [stream.tf(rank=rank, world=3) for rank in range(3)]
    seen = [[int(row) for batch in part for row in batch["row"]] for part in parts]
    assert sorted(sum(seen, [])) == list(range(950))  # noqa: RUF017
    assert [int(part.cardinality()) for part in parts] == [4, 3, 3]


def test_a_dataset_can_be_read_again_and_without_end():
    stream = mathbench.stream("gcd", rows=30, batch_size=10)
    batches = stream.tf()
    assert [b["row"][0].numpy() for b in batches] == [b["row"][0].numpy() for b in batches] == [0, 10, 20]
    endless = mathbench.stream("gcd", rows=30, batch_size=10, epochs=None).tf()
    assert len(list(endless.take(7))) == 7


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s, b: s.keras(), "give batch_size to the stream, and encode"),
        (lambda s, b: b.keras(encode=None), "give batch_size to the stream, and encode"),
        (lambda s, b: s.tf(), "tf.data requires batches"),
        (lambda s, b: b.tf(rank=3, world=3), "rank must be from 0 to 2"),
        (lambda s, b: b.tf(encode="01"), "does not contain"),
    ],
)
def test_bad_use_is_one_clear_line(make, message):
    with pytest.raises(InputError, match=message):
        make(mathbench.stream("gcd", rows=50), mathbench.stream("gcd", rows=50, batch_size=10))
