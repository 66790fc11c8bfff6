"""The headers of pages, written here by the specification of Thrift's compact protocol, are added up exactly."""

import struct
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.scores.parquet_limits import check_pages

INT = st.integers(-(2**63), 2**63 - 1)
LEAVES = st.one_of(
    st.booleans().map(lambda value: (1 if value else 2, b"")),
    st.binary(min_size=1, max_size=1).map(lambda byte: (3, byte)),
    st.tuples(st.sampled_from([4, 5, 6]), INT.map(lambda value: zigzag(value))),
    st.floats().map(lambda value: (7, struct.pack("<d", value))),
    st.binary(max_size=300).map(lambda text: (8, varint(len(text)) + text)),
)
# fields that no page header has, to be skipped whatever they hold
FIELDS = st.recursive(
    st.dictionaries(st.integers(9, 200), LEAVES, max_size=4),
    lambda inner: st.dictionaries(
        st.integers(9, 200), LEAVES | inner.map(lambda fields: (12, fields)), max_size=3
    ),
    max_leaves=5,
)
PAGES = st.lists(st.tuples(st.integers(0, 2**31 - 1), st.binary(max_size=9), FIELDS), min_size=1, max_size=5)


def varint(value):
    low = bytes([value & 127 | (128 if value > 127 else 0)])
    return low + varint(value >> 7) if value > 127 else low


def zigzag(value):
    return varint(2 * value if value >= 0 else -2 * value - 1)


def structure(fields, long=False):
    """Fields {number: (type, bytes, or the fields of a structure)}; `long` writes every number in full."""
    written, last = b"", 0
    for number, (kind, value) in sorted(fields.items()):
        short = 0 < number - last < 16 and not long
        written += bytes([(number - last) << 4 | kind]) if short else bytes([kind]) + zigzag(number)
        written += structure(value, long) if kind == 12 else value
        last = number
    return written + b"\0"


def integers(**values):
    return {int(name[1:]): (5, zigzag(value)) for name, value in values.items()}


def page(size, body=b"", fields=None, long=False):
    return structure({**integers(_1=0, _2=size, _3=len(body)), **(fields or {})}, long) + body


def check(data, maximum=2**40, start=0, length=None, dictionary=None):
    """Check one column that starts at `start`."""
    chunk = SimpleNamespace(
        data_page_offset=start,
        has_dictionary_page=dictionary is not None,
        dictionary_page_offset=dictionary,
        total_compressed_size=len(data) if length is None else length,
    )
    group = SimpleNamespace(column=lambda _: chunk)
    metadata = SimpleNamespace(num_row_groups=1, num_columns=1, row_group=lambda _: group)
    return check_pages(SimpleNamespace(metadata=metadata), data, "p", maximum)


def refused(words, *arguments, **options):
    with pytest.raises(InputError) as error:
        check(*arguments, **options)
    assert str(error.value) == words


DAMAGED = "p is not a readable Parquet file: a page has a damaged header."
DELTA = "p contains text in DELTA_BYTE_ARRAY encoding. Allowed: PLAIN or dictionary encoding."


@given(PAGES, st.booleans())
def test_sizes_are_added_up_whatever_else_headers_hold(pages, long):
    data = b"".join(page(*parts, long) for parts in pages)
    total = sum(size for size, _, _ in pages)
    assert check(data, total) == total
    if total:
        refused(f"p decompresses to more than {total - 1:,} bytes.", data, total - 1)


def test_every_type_of_field_is_skipped():
    types = {1: b"", 2: b"", 3: b"x", 7: b"12345678", 8: b"\x02ab"} | dict.fromkeys(
        (4, 5, 6), zigzag(-(2**63))
    )
    for kind, value in types.items():
        assert check(page(7, b"body", {9: (kind, value), 40: (5, zigzag(1))}) + page(5)) == 12
    for kind in (9, 10, 11, 13, 14, 15):
        refused(DAMAGED, page(7, b"", {9: (kind, b"")}))


def test_only_what_belongs_to_the_column_is_read():
    data = b"?" + page(10) + page(20) + page(40)
    one = len(page(10))
    assert check(data, start=1, length=2 * one) == 30
    assert check(data, start=1 + one, length=3 * one, dictionary=1) == 70
    assert check(data, start=1 + one, length=one, dictionary=1 + one) == 20
    # a dictionary at the beginning of the file or behind the data is none
    assert check(data, start=1, length=one, dictionary=0) == 10
    assert check(data, start=1, length=one, dictionary=1 + one) == 10


@pytest.mark.parametrize("field", [5, 8])
def test_shared_prefixes_are_refused_in_pages_of_either_version(field):
    for encoding in range(9):
        values = {5: integers(_1=7, _2=encoding, _4=0), 8: integers(_1=7, _2=7, _4=encoding)}
        data = page(1, b"", {field: (12, values[field])})
        if encoding == 7:
            refused(DELTA, data)
        else:
            assert check(data) == 1


def test_damaged_headers_are_refused():
    refused(DAMAGED, page(9, b"12345")[:6], length=99)
    refused(DAMAGED, structure(integers(_1=0, _2=5, _3=-1)))
    refused(DAMAGED, structure(integers(_1=0, _2=-5, _3=0)))
    refused(DAMAGED, structure(integers(_1=0, _3=0)))
    data = page(5)
    refused(DAMAGED, data, start=-len(data))


def test_nesting_and_integers_have_limits():
    def nested(levels):
        return {9: (12, nested(levels - 1) if levels > 1 else {})}

    assert check(page(3, b"", nested(7))) == 3
    refused(DAMAGED, page(3, b"", nested(8)))
    assert check(page(3, b"", {9: (6, b"\xff" * 9 + b"\x01")})) == 3
    refused(DAMAGED, page(3, b"", {9: (6, b"\xff" * 10 + b"\x01")}))


def test_at_most_20_000_pages_are_read():
    assert check(page(1) * 20_000) == 20_000
    refused("p has more than 20,000 pages. Write larger pages.", page(1) * 20_001)
