"""The keyed bijection and the random orders, number by number with Python integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench import compiled
from mathbench.hashing import mix64_int
from mathbench.sampling import permute

WORD = 1 << 64
GOLDEN = 0x9E3779B97F4A7C15
MULTIPLIERS = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x9FB21C651E98DF25, 0xD6E8FEB86659FD93)
SIZES = st.integers(1, 1 << 62) | st.integers(0, 62).map(lambda bits: 1 << bits) | st.integers(1, 100)
KEYS = st.integers(0, WORD - 1)


def hashed(half, key, turn):
    word = (half + key + GOLDEN * (turn + 1)) * MULTIPLIERS[turn] % WORD
    return (word ^ word >> 32) * MULTIPLIERS[(turn + 1) % 4] % WORD >> 32


def by_hand(index, shift, high_size, key):
    high, low = divmod(index, 1 << shift)
    for turn in (0, 2):
        high = (high + (hashed(low, key, turn) * high_size >> 32)) % high_size
        low ^= hashed(high, key, turn + 1) % (1 << shift)
    return high * (1 << shift) + low


@given(SIZES)
def test_halves_are_as_equal_as_a_power_of_two_allows(size):
    parts = permute.feistel_halves(size)
    assert 4**parts.shift >= size and (parts.shift == 0 or 4 ** (parts.shift - 1) < size)
    assert (parts.high_size - 1) * 2**parts.shift < size <= parts.covered == parts.high_size * 2**parts.shift


def test_the_largest_domain_has_2_to_the_62_indices():
    assert permute.MAX_SIZE == permute.feistel_halves(permute.MAX_SIZE).covered == 2**62


@given(st.lists(st.tuples(SIZES, KEYS, KEYS), min_size=1, max_size=9), st.booleans())
def test_images_of_many_domains_and_keys_at_once(drawn, library):
    parts = [permute.feistel_halves(size) for size, _, _ in drawn]
    keys = [key for _, key, _ in drawn]
    index = [word % part.covered for (_, _, word), part in zip(drawn, parts, strict=True)]
    expected = [by_hand(i, *part, key) for i, part, key in zip(index, parts, keys, strict=True)]
    columns = [[part.shift for part in parts], [part.high_size for part in parts], keys]
    with pytest.MonkeyPatch.context() as patch:
        if not library:
            patch.setattr(compiled, "LIBRARY", None)
        arrays = [np.array(column, np.uint64) for column in (index, *columns)]
        assert permute.keyed_permutation(*arrays).tolist() == expected
        # one number for all indices, for some of the three or for every one
        for scalars in ({0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}):
            given_ = [
                np.uint64(c[0]) if i in scalars else np.array(c[:1] * 2, np.uint64)
                for i, c in enumerate(columns)
            ]
            image = permute.keyed_permutation(np.array(index[:1] * 2, np.uint64), *given_)
            assert image.tolist() == expected[:1] * 2


@pytest.mark.parametrize("count", [1, 2, 3, 64, 65, 1000, 20_000])
@pytest.mark.parametrize("key", [0, 5, WORD - 1])
def test_an_order_is_that_of_hashes(count, key):
    expected = sorted(range(count), key=lambda i: mix64_int((i * GOLDEN + key) % WORD))
    assert permute.permutation(count, key).tolist() == expected
    keys = np.array([key, 7], np.uint64)
    assert permute.permutations(count, keys).tolist() == [expected, permute.permutation(count, 7).tolist()]


@pytest.mark.parametrize("count", [2, 3, 4, 5, 64, 65, 100])
def test_words_that_differ_in_their_last_bits_alone_are_in_order(count, monkeypatch):
    """As no known key gives them: all words alike, or two of them, but for bits that the sort uses for the index."""
    alike = np.arange(count, dtype=np.uint64)[::-1]
    two = np.arange(count, dtype=np.uint64) << np.uint64(32)
    two[0] = two[-1] + np.uint64(1)
    for words in (alike, two):
        monkeypatch.setattr(permute, "mix64", lambda _, words=words: words)
        assert permute.permutation(count, 0).tolist() == sorted(range(count), key=words.tolist().__getitem__)
