"""The dataset card: how far train is searched for repeats."""

import pytest

from mathbench.dataset import card
from mathbench.dataset.manifest import Config, Manifest, ShardContent
from mathbench.families import task

SAMPLED = task("deepmind/numbers__gcd")


def text(made, rows):
    config = Config("c", made, 5, {"train": rows})
    contents = {part.file: ShardContent(part.stop - part.start, "0" * 64) for part in config.shards()}
    return card.render(Manifest([config], contents, "1"), lambda *_: {"question": "q", "answer": "a"})


@pytest.mark.parametrize(("rows", "searched"), [(99_999, 99_999), (100_000, 100_000), (2_000_000, 100_000)])
def test_the_first_100_000_rows_of_train_are_searched_for_repeats(monkeypatch, rows, searched):
    asked = []
    monkeypatch.setattr(type(SAMPLED), "repeated_rows", lambda _, *given: asked.append(given) or 0.0625)
    assert f"Of the first {searched:,} rows of train, 6.25% repeat an earlier problem" in text(SAMPLED, rows)
    assert asked == [(5, searched)]


def test_a_task_that_never_repeats_and_a_dataset_without_train_say_nothing():
    assert "repeat an earlier" not in text(task("gcd"), 50)
    assert "repeat an earlier" not in text(SAMPLED, 0)
