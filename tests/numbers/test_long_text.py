"""Long numbers as text and digits: against Python's own integers, in every base."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.hashing import ABSENT
from mathbench.numbers import arithmetic, limbs, long_text, text
from mathbench.reserve import fingerprint, fingerprints
from tests.solvers import write

settings.register_profile("longtext", deadline=None)  # a shared machine has slow moments
settings.load_profile("longtext")

BASES = st.integers(2, 36)
EDGES = st.one_of(
    st.integers(0, 2**200),
    st.integers(0, 700).map(lambda e: 2**e),
    st.tuples(BASES, st.integers(0, 120), st.integers(-1, 1)).map(lambda c: max(c[0] ** c[1] + c[2], 0)),
    st.integers(2**63 - 3, 2**63 + 3),
    st.integers(2**64 - 3, 2**64 + 3),
)
COLUMN = st.lists(EDGES, min_size=1, max_size=6)


def column(values, base):
    most = max(limbs.limbs_for(len(write(v, base)), base) for v in values)
    return np.array([limbs.from_int(v, limbs.radix_of(base), most) for v in values]).T


@given(COLUMN, BASES)
def test_long_numbers_are_written_as_python_writes_them(values, base):
    number = column(values, base)
    written = arithmetic.written(number, base)
    written.validate(full=True)
    assert written.to_pylist() == [write(v, base) for v in values]
    assert long_text.lengths(number, base).tolist() == [len(write(v, base)) for v in values]


@given(COLUMN, BASES)
def test_digits(values, base):
    number = column(values, base)
    for value, digits in zip(values, long_text.digits(number, base).tolist(), strict=True):
        assert sum(d * base**i for i, d in enumerate(digits)) == value


@given(st.lists(st.tuples(EDGES, EDGES, st.booleans()), min_size=1, max_size=6), BASES)
def test_long_numbers_join_with_others_and_masks(rows, base):
    a, b, here = (list(c) for c in zip(*rows, strict=True))
    mask = np.array(here)
    joined = text.join(
        arithmetic.number(column(a, base), base),
        text.literal("+", len(rows), mask),
        arithmetic.number(column(b, base), base, mask),
    )
    expected = [write(x, base) + ("+" + write(y, base)) * h for x, y, h in rows]
    assert joined.to_pylist() == expected


@given(COLUMN, COLUMN, BASES)
def test_a_fingerprint_is_the_same_in_every_base_and_at_either_precision(first, second, base):
    rows = min(len(first), len(second))
    first, second = first[:rows], second[:rows]
    words = [w for c in (first, second) for w in arithmetic.words(column(c, base), base)]
    if len(words) == 2:
        words = [w for c in (first, second) for w in arithmetic.words(column([*c, 0], base), base)]
    assert fingerprints("addition", np.stack(words))[:rows].tolist() == [
        fingerprint("addition", pair) for pair in zip(first, second, strict=True)
    ]


def test_an_absent_long_operand_leaves_no_trace():
    number = np.array([[5, ABSENT], [7, 0]])
    words = np.stack(arithmetic.words(number, 10))
    assert (words[:, 1] == ABSENT).all()
    assert fingerprints("addition", words)[1] == fingerprint("addition", ())
