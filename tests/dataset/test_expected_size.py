"""The expected size of a dataset, beside the size that it has."""

import pytest

from mathbench.dataset import expected_size as size
from mathbench.dataset.manifest import single_config
from mathbench.dataset.write import generate
from mathbench.families import task


@pytest.mark.parametrize(
    "name, parameters, rows, ids",
    [
        ("addition", {"digits": 6}, 100_000, False),
        # short numbers end soon: later rows are longer than the first ones
        ("divisible", {"k": 3, "digits": 7}, 1_000_000, False),
        ("gcd", {"format": "reversed-all+spaced"}, 40_000, True),
        ("divisible", {"k": 3, "digits": 5}, 40_000, False),
        ("deepmind/polynomials__add", {}, 15_000, False),
    ],
)
def test_the_expected_size_is_that_of_the_files(tmp_path, name, parameters, rows, ids):
    config = single_config(task(name, **parameters), {"train": rows, "validation": 3000}, ids=ids)
    generate([config], tmp_path)
    written = sum(file.stat().st_size for file in tmp_path.rglob("*.parquet"))
    assert size.expected_bytes(config) == pytest.approx(written, rel=0.07)


def test_a_small_split_is_counted_to_the_byte(tmp_path):
    config = single_config(task("gcd"), {"train": 300, "validation": 0, "interpolate": 7, "extrapolate": 0})
    generate([config], tmp_path)
    assert size.expected_bytes(config) == sum(file.stat().st_size for file in tmp_path.rglob("*.parquet"))


def test_few_rows_are_made_however_many_are_asked_for(monkeypatch):
    config, made = single_config(task("addition", digits=9), {"train": 1_000_000_000}), []
    kind = type(config.rows("train"))
    batch = kind.batch
    monkeypatch.setattr(kind, "batch", lambda self, rows: made.append(len(rows)) or batch(self, rows))
    assert size.expected_bytes(config) > 5e9
    assert sum(made) <= 4 * size.SAMPLE_ROWS
