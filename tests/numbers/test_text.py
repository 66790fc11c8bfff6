"""Numbers as text: against Python's own integers."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mathbench.numbers import text
from tests.solvers import write

numbers = st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=50)
bases = st.integers(2, 36)


@given(numbers, bases)
def test_numbers_round_trip(values, base):
    written = text.join(text.number(np.array(values), base)).to_pylist()
    assert [int(word, base) for word in written] == values
    assert written == [write(v, base) for v in values] == [text.to_text(v, base) for v in values]


@given(numbers, bases)
def test_lengths_are_the_lengths_of_the_text(values, base):
    assert text.length(np.array(values), base).tolist() == [len(write(v, base)) for v in values]


@given(st.integers(-(2**63), 2**63), bases)
def test_show_and_int_are_inverses(value, base):
    assert int(text.to_text(value, base), base) == value


@given(st.lists(st.tuples(st.integers(0, 999), st.booleans()), min_size=1, max_size=30))
def test_join_with_masks(rows):
    values = np.array([v for v, _ in rows])
    mask = np.array([m for _, m in rows])
    joined = text.join(
        text.literal("-", len(rows), mask), text.number(values, 10), text.literal(" end", len(rows))
    )
    joined.validate(full=True)
    assert joined.to_pylist() == [("-" if m else "") + f"{v} end" for v, m in rows]


def test_no_rows():
    empty = text.join(text.number(np.array([], dtype=np.int64), 10))
    assert empty.equals(pa.array([], pa.string()))
