"""Problems by space and rank are those that Python integers give, and no more candidates are tried than need be."""

import math
from functools import cache
from itertools import count, islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench import compiled
from mathbench.errors import SpaceExhausted
from mathbench.hashing import GOLDEN, MASK, key_of, mix64_int
from mathbench.reserve import TEST, TRAIN, Reserve, fingerprint, reserve_of
from mathbench.sampling import sampler
from mathbench.sampling.domain import Domain
from mathbench.sampling.permute import feistel_halves, keyed_permutation
from mathbench.sampling.sampler import Sampler
from mathbench.stratum import Spaces, Stratum

KEY = 5
LOW = (100, 7, 0)


class Grid:
    """The points of a grid whose coordinates add up to one less than a multiple; a number takes some words."""

    reserve_family = "grid"

    def __init__(self, multiple=1, words=1, expensive_to_count=False, one_per_window=True):
        self.multiple, self.words, self.tried = multiple, words, []
        self.judged = []
        self.expensive_to_count, self.one_per_window = expensive_to_count, one_per_window

    def draw(self, coordinates, low):
        self.tried.append(coordinates.shape[1])
        return np.repeat(coordinates.astype(np.int64) + low, self.words, axis=0)

    def canonical(self, operands):
        return operands[:: self.words][::-1]

    def valid(self, operands, coordinates, low):
        self.judged.append(coordinates.T)
        assert (operands[:: self.words] - low == coordinates.astype(np.int64)).all()
        wanted = np.uint64(self.multiple - 1)
        return None if self.multiple == 1 else coordinates.sum(axis=0) % np.uint64(self.multiple) == wanted


def scaled(word, size):
    """A word to 0 .. size - 1, as `to_range` defines it."""
    high, low, size_high, size_low = word >> 32, word & 0xFFFFFFFF, size >> 32, size & 0xFFFFFFFF
    return (high * size_low >> 32) + high * size_high + (low * size_high >> 32)


class ByHand:
    """One space of a grid, with Python integers."""

    def __init__(self, grid, sizes, share=0.0, name="a", reserve=TRAIN):
        self.grid, self.sizes, self.name, self.reserve = grid, sizes, name, reserve
        self.radix, self.total = {}, 1
        for i in sorted(range(3), key=lambda i: -sizes[i]):
            if self.total * sizes[i] <= 1 << 62:
                self.radix[i], self.total = sizes[i], self.total * sizes[i]
        self.halves = feistel_halves(self.total)
        self.key = key_of(KEY, name)
        self.share = (reserve.high - reserve.low) * (share or self.valid_share())

    def stratum(self, share=0.0):
        return Stratum(self.name, self.sizes, low=LOW, share=share)

    def coordinates(self, point, key):
        found, left = [0, 0, 0], point
        for i in sorted(self.radix, reverse=True):
            left, found[i] = divmod(left, self.radix[i])
        for i in {0, 1, 2} - set(self.radix):
            found[i] = scaled(mix64_int((point * GOLDEN + key + i + 1) & MASK), self.sizes[i])
        return found

    def is_valid(self, point, key):
        return (sum(self.coordinates(point, key)) + 1) % self.grid.multiple == 0

    def valid_share(self):
        """Probes in batches of 1024, 1024, 2048, 4096 .. up to 16,384 until 1024 are valid."""
        tried = found = 0
        while found < 1024 and tried < 1 << 19:
            more = min(max(tried, 1024), 16_384)
            words = (mix64_int(i * GOLDEN & MASK) for i in range(tried, tried + more))
            found += sum(self.is_valid(scaled(word, self.total), 0) for word in words)
            tried += more
        return 1.0 if found == tried else max(found - 6 * math.sqrt(found), min(found, 1)) / tried

    @property
    def window(self):
        if self.group == 1:
            return math.ceil(64 / self.share)
        mean = 1024 / self.share
        return math.ceil(mean + 10 * (math.sqrt(mean * (1 - self.share) / self.share) + 1))

    @property
    def group(self):
        slow = self.grid.expensive_to_count and 3 * self.grid.words > 1
        return 1 if slow and self.grid.one_per_window else 1024

    @property
    def capacity(self):
        return self.halves.covered // self.window * self.group

    def accepted(self, first, last):
        """The problems at some positions of the order: operands and fingerprint."""
        key, parts = np.array(self.key, dtype=np.uint64), np.array(self.halves, dtype=np.uint64)
        for start in range(first, min(last, self.halves.covered), 64):
            index = np.arange(start, min(start + 64, last, self.halves.covered), dtype=np.uint64)
            for point in keyed_permutation(index, parts[0], parts[1], key).tolist():
                coordinates = self.coordinates(point, self.key)
                operands = [c + low for c, low in zip(coordinates, LOW, strict=True)]
                hashed = fingerprint("grid", operands[::-1])
                inside = self.reserve.low <= hashed / 2**64 < self.reserve.high
                if point < self.total and inside and (sum(coordinates) + 1) % self.grid.multiple == 0:
                    yield operands, hashed

    @cache  # noqa: B019
    def in_window(self, number):
        return list(islice(self.accepted(number * self.window, (number + 1) * self.window), self.group))

    @cache  # noqa: B019
    def everything(self):
        return list(self.accepted(0, self.halves.covered))

    def problem(self, rank):
        if self.total <= 1 << 20:
            return self.everything()[rank]
        return self.in_window(rank // self.group)[rank % self.group]


def sampler_of(grid, *strata, reserve=TRAIN):
    made = Sampler(Domain(grid, Spaces(strata), reserve), KEY)
    assert made.words_per_problem == 3 * grid.words  # found by drawing one problem
    grid.tried.clear()
    return made


def as_tuples(grid, drawn):
    operands, fingerprints = drawn
    assert (
        len(operands) == 3 * grid.words
        and (operands == np.repeat(operands[:: grid.words], grid.words, 0)).all()
    )
    return list(zip(operands[:: grid.words].T.tolist(), fingerprints.tolist(), strict=True))


LARGE = [
    ({}, (2000, 1500, 1), 1.0, TRAIN),
    ({"multiple": 4}, (30, 500, 300), 0.0, TRAIN),
    ({"multiple": 3, "expensive_to_count": True, "one_per_window": False}, (1100, 1, 1000), 0.25, TRAIN),
    (
        {"multiple": 2},
        (2000, 1, 1500),
        0.543,
        TRAIN,
    ),  # promises too much for three deviations, but not for ten
    ({}, (1 << 62, 2, 3), 1.0, TEST),
    ({"words": 40}, (1 << 20, 2, 1), 1.0, TEST),
    ({"multiple": 2}, (1 << 30, 5, 1 << 40), 0.5, TRAIN),
    ({"multiple": 7, "expensive_to_count": True}, (1 << 31, 1 << 31, 3), 0.1, TRAIN),
    ({"multiple": 7, "words": 3, "expensive_to_count": True}, (1 << 50, 9, 1 << 50), 0.0, TEST),
]


@pytest.fixture(params=[True, False], ids=["compiled", "arrays"])
def either_loops(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(compiled, "LIBRARY", None)


@pytest.mark.parametrize(("kind", "sizes", "share", "reserve"), LARGE)
def test_a_rank_of_a_large_space_is_a_problem_of_its_window(kind, sizes, share, reserve):
    grid = Grid(**kind)
    hand = ByHand(grid, sizes, share, reserve=reserve)
    made = sampler_of(grid, hand.stratum(share), reserve=reserve)
    group = hand.group
    ranks = [group, 0, group - 1, hand.capacity - 1, 1, group // 2, 0]
    drawn = made.sample(np.zeros(len(ranks), dtype=np.int64), np.array(ranks))
    assert as_tuples(grid, drawn) == [hand.problem(rank) for rank in ranks]
    first = max(group - 2, 0)
    pieces = [part for p in made.sample_range(0, first, first + 5) for part in as_tuples(grid, p)]
    assert pieces == [hand.problem(rank) for rank in range(first, first + 5)]


@pytest.mark.usefixtures("either_loops")
@pytest.mark.parametrize(("multiple", "expensive"), [(3, False), (3, True), (1, False), (1, True)])
def test_a_rank_of_a_small_space_is_a_problem_of_its_order(multiple, expensive):
    grid = Grid(multiple, expensive_to_count=expensive)
    hand = ByHand(grid, (20, 2, 50), reserve=TRAIN.subset(0.3))
    made = sampler_of(grid, hand.stratum(), reserve=hand.reserve)
    many = len(hand.everything())
    (capacity,) = made.capacities()
    assert capacity.exact_count() == many
    backwards = np.arange(many)[::-1]
    assert as_tuples(grid, made.sample(np.zeros_like(backwards), backwards)) == hand.everything()[::-1]
    pieces = [part for p in made.sample_range(0, 3, many) for part in as_tuples(grid, p)]
    assert pieces == hand.everything()[3:]


def test_problems_of_several_spaces_come_in_the_order_of_the_rows():
    grid = Grid(2)
    hands = [
        ByHand(grid, sizes, 0.5, name)
        for name, sizes in {"a": (30, 40, 1), "b": (2000, 9, 90), "c": (9, 9, 9)}.items()
    ]
    made = sampler_of(grid, *(hand.stratum(0.5) for hand in hands))
    space, rank = np.array([2, 0, 1, 1, 0, 2, 1]), np.array([7, 300, 1500, 3, 0, 100, 2])
    expected = [hands[s].problem(r) for s, r in zip(space.tolist(), rank.tolist(), strict=True)]
    assert as_tuples(grid, made.sample(space, rank)) == expected
    assert as_tuples(grid, made.sample(space[:0], rank[:0])) == []


def small(name="a", sizes=(40, 1, 50), share=0.0):
    return Stratum(name, sizes, low=LOW, share=share)


def never():
    raise AssertionError("counted")


def test_capacities_are_bounds_and_exact_where_asked():
    """Up to 256 points are counted where the share is known, up to 1024 where it is not; above is an estimate."""
    grid = Grid()
    known = [small(f"{n}", (n, 1, 1), share=1.0) for n in (256, 257, 400_000)]
    unknown = [small(f"?{n}", (n, 1, 1)) for n in (1024, 1025)]
    found = sampler_of(grid, *known, *unknown).capacities()
    # 0.8 n minus 10 deviations of sqrt(0.16 n)
    assert [c.at_least for c in found] == [0, 141, 317_470, 0, 691]
    for capacity, points in zip(found, (256, 257, 400_000, 1024, 1025), strict=True):
        assert capacity.at_least <= capacity.exact_count() <= points
        assert abs(capacity.exact_count() - 0.8 * points) < 4 * math.sqrt(0.16 * points)
    assert sampler_of(Grid(1 << 60), small("none", (1 << 19, 1, 2))).capacities()[0].at_least == 0


def test_capacities_of_large_spaces_are_whole_windows():
    grid = Grid(2)
    known, unknown = ByHand(grid, (2000, 1500, 1), 0.5), ByHand(grid, (2000, 1500, 1))
    first, second = sampler_of(grid, known.stratum(0.5), small("?", (2000, 1500, 1))).capacities()
    assert (first.at_least, first.exact_count) == (known.capacity, None)
    assert (second.at_least, second.exact_count()) == (0, unknown.capacity)
    huge = (1 << 62, 1, 1)
    first, second = sampler_of(grid, small("a", huge, 0.5), small("?", huge)).capacities()
    assert first.at_least == second.exact_count() == 1 << 57
    # even if only one point in 2^19 is a problem
    least = (1 << 19) / 0.8
    window = math.ceil(1024 * least + 10 * (math.sqrt(1024 * least * (1 - 1 / least) * least) + 1))
    assert second.at_least == (1 << 62) // window * 1024


@pytest.mark.parametrize("multiple", [1, 2])
def test_a_space_of_up_to_2_20_points_is_small(multiple):
    made = Domain(
        Grid(),
        Spaces(
            [
                small("a", (1 << 10, 1, 1 << 10)),
                small("b", (1 << 18, 1, 5)),
                small("c", (1 << 62, 1 << 62, 1 << 62)),
            ]
        ),
        TRAIN,
    )
    assert made.small.tolist() == [True, False, False]
    assert made.total.tolist() == [1 << 20, 5 << 18, 1 << 62]


def test_a_space_without_problems_is_an_error_when_it_is_drawn():
    empty = sampler_of(Grid(1 << 60), small("b", (1 << 40, 1 << 19, 1)))
    with pytest.raises(SpaceExhausted, match=r"^no problems were found in the stratum b\.$"):
        empty.sample(np.array([0]), np.array([0]))


@pytest.mark.parametrize(
    "kind", [{}, {"expensive_to_count": True}, {"expensive_to_count": True, "one_per_window": False}]
)
def test_a_space_that_promises_too_much_is_an_error(kind):
    made = sampler_of(Grid(1 << 60, **kind), small("b", (1 << 40, 1 << 19, 1), share=1.0))
    with pytest.raises(RuntimeError, match=r"^a window of b contained too few problems$"):
        made.sample(np.array([0]), np.array([0]))


RANGES = st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 3000)), min_size=1, max_size=4)


@settings(max_examples=25)
@given(RANGES, st.sampled_from([Grid(), Grid(3), Grid(3, 1, True, False), Grid(5, 2, True)]), st.booleans())
def test_ranges_are_ranks_whatever_was_drawn_before(ranges, grid, large):
    stratum = small("a", (3000, 1500, 1) if large else (150, 1, 600), 1 / grid.multiple)
    made, other = sampler_of(grid, stratum), sampler_of(grid, stratum)
    many = 9000 if large else sampler_of(grid, stratum).capacities()[0].exact_count()
    for first, length in ranges:
        last = min(first + length, many)
        first = min(first, last)
        drawn = [part for piece in made.sample_range(0, first, last) for part in as_tuples(grid, piece)]
        ranks = np.arange(first, last)
        assert drawn == as_tuples(grid, other.sample(np.zeros_like(ranks), ranks))


def work(made, grid, space, first, last):
    """How many candidates are drawn at a time for some ranks."""
    grid.tried.clear()
    assert sum(len(fingerprints) for _, fingerprints in made.sample_range(space, first, last)) == last - first
    return list(grid.tried)


LISTED, WINDOWS = small("listed", (500, 1, 200), 1.0), small("windows", (3000, 1, 3000), 1.0)


def test_a_small_space_is_listed_as_far_as_needed_in_growing_steps():
    grid = Grid()
    made = sampler_of(grid, LISTED)
    assert work(made, grid, 0, 0, 10) == [4096]
    assert work(made, grid, 0, 5, 9) == [] and work(made, grid, 0, 9, 3000) == []
    assert work(made, grid, 0, 12_000, 12_001) == [4096, 8192]
    assert work(made, grid, 0, 12_990, 13_200) == [16_384]  # what the step before found is in memory
    assert work(made, grid, 0, 100, 110) == [10]
    grid.tried.clear()
    made.capacities()[0].exact_count()
    assert grid.tried == [16_384] * 4 + [2048]  # of 100,352 positions that the halves cover
    assert work(made, grid, 0, 100, 110) == [10]


def test_a_sampler_keeps_so_many_problems_in_memory(monkeypatch):
    """The last step of a small space has up to 16,384 problems of three numbers and a fingerprint, a window 1,024."""
    grid, others = Grid(), [small(f"{i}", (3000, 1, 3000), 1.0) for i in range(2)]
    for limit, kept in (
        (0, [False, False]),
        (1, [True, False]),
        (65_536, [True, False]),
        (65_537, [True, True]),
    ):
        monkeypatch.setattr(sampler, "CACHED_NUMBERS", limit)
        made = sampler_of(grid, LISTED, small("more", (500, 1, 200), 1.0))
        for space in (0, 1):
            assert work(made, grid, space, 0, 10) == [4096]
            assert work(made, grid, space, 20, 30) == ([] if kept[space] else [10])
    for limit, kept in ((0, [False, False]), (1, [True, False]), (4096, [True, False]), (4097, [True, True])):
        monkeypatch.setattr(sampler, "CACHED_NUMBERS", limit)
        made = sampler_of(grid, *others)
        for start in (0, 1024):
            for space in (0, 1):
                assert sum(work(made, grid, space, start, start + 10)) == 1337
                assert sum(work(made, grid, space, start + 20, start + 30)) == (0 if kept[space] else 1337)
    assert sum(work(made, grid, 0, 2000, 2100)) == 1337  # the cached window and the next one


def test_counted_spaces_are_kept_up_to_a_number_of_points(monkeypatch):
    monkeypatch.setattr(sampler, "CACHED_POINTS", 4000)
    grid = Grid()
    spaces = Domain(grid, Spaces([small(name, (40, 1, 50), 1.0) for name in "abc"]), TRAIN)
    made = Sampler(spaces, KEY)
    exact = [capacity.exact_count() for capacity in made.capacities()]
    assert exact == [capacity.exact_count() for capacity in made.capacities()]
    assert [sum(work(made, grid, space, 0, 10)) for space in range(3)] == [0, 0, 2048]
    grid.tried.clear()
    assert [capacity.exact_count() for capacity in Sampler(spaces, 9).capacities()] == exact
    assert grid.tried == []  # a count is the same under every key


def test_problems_of_a_space_are_drawn_2_17_at_a_time():
    grid = Grid()
    made = sampler_of(grid, LISTED)
    ranks = np.zeros((1 << 17) + 1, dtype=np.int64)
    made.sample(ranks, ranks)
    assert grid.tried[-2:] == [1 << 17, 1]


def test_consecutive_windows_are_drawn_as_many_at_a_time_as_fit():
    """A window is expected to need 1,280 candidates, and 16,384 are tried at a time."""
    made = sampler_of(Grid(), WINDOWS)
    pieces = [len(fingerprints) for _, fingerprints in made.sample_range(0, 500, 20_000)]
    assert pieces == [12 * 1024 - 500, 20_000 - 12 * 1024]
    rare = sampler_of(Grid(), small("windows", (3000, 1, 3000), 1 / 64))
    assert [len(fingerprints) for _, fingerprints in rare.sample_range(0, 500, 1500)] == [524, 476]


def cost(made, grid, *ranks):
    grid.tried.clear()
    made.sample(np.zeros(len(ranks), dtype=np.int64), np.array(ranks))
    return sum(grid.tried)


def test_a_rank_costs_as_many_candidates_as_have_enough_problems_by_three_deviations():
    grid = Grid()
    made = sampler_of(grid, WINDOWS)
    costs = [cost(made, grid, *ranks) for ranks in ([0], [99], [1023], [1024, 5000])]
    assert costs == [6, 145, 1337, 6 + 1185]
    # half as many problems are expected as there are, until 8,192 have been found
    made = sampler_of(grid, small("windows", (3000, 1, 3000), 0.5))
    assert [cost(made, grid, rank) for rank in (0, 1023, 7)] == [12, 2749, 40]
    assert work(made, grid, 0, 0, 3072) == [3 * 2749]
    assert [cost(made, grid, rank) for rank in (0, 99)] == [6, 146]


def test_windows_are_drawn_a_bounded_number_at_a_time(monkeypatch):
    """The first problem of a window has up to 17 candidates by ten deviations; six of them are tried first."""
    grid = Grid()
    made = sampler_of(grid, WINDOWS)
    ranks = np.arange(400)[::-1] * 1024
    whole = as_tuples(grid, made.sample(ranks * 0, ranks))
    monkeypatch.setattr(sampler, "CHUNK", 2000)
    grid.tried.clear()
    assert as_tuples(grid, made.sample(ranks * 0, ranks)) == whole
    assert grid.tried == [6 * 117, 6 * 118, 6 * 117, 6 * 48]


def test_long_windows_are_searched_in_quarters_of_what_is_expected(monkeypatch):
    monkeypatch.setattr(sampler, "CHUNK", 1000)
    grid = Grid()
    hand, made = ByHand(grid, (3000, 1, 3000), 1.0, name="windows"), sampler_of(grid, WINDOWS)
    steps, found = [], 0
    while found < 1024:
        tried = sum(steps)
        steps.append(max(min(int((1024 - found) / 0.8 / 4), hand.window - tried), 1))
        found += len(list(hand.accepted(tried, tried + steps[-1])))
    assert cost(made, grid, 1023) == sum(steps) and grid.tried == steps


def test_slow_problems_are_searched_one_by_one():
    grid = Grid(2, expensive_to_count=True)
    hand, made = ByHand(grid, (3000, 1, 3000), 0.5), sampler_of(grid, small("a", (3000, 1, 3000), 0.5))
    starts = range(0, 100 * hand.window, hand.window)
    tried = [next(n for n in count(1) if list(hand.accepted(start, start + n))) for start in starts]
    assert cost(made, grid, *range(100)) == sum(tried)


def test_slow_windows_are_searched_as_many_candidates_at_a_time_as_fit():
    grid = Grid(2, expensive_to_count=True, one_per_window=False)
    hand, made = ByHand(grid, (3000, 1, 3000), 0.5), sampler_of(grid, small("a", (3000, 1, 3000), 0.5))
    assert as_tuples(grid, made.sample(np.array([0, 0]), np.array([9, 1923]))) == [
        hand.problem(9),
        hand.problem(1923),
    ]
    assert grid.tried[0] == 2 * int(900 / 0.4 / 4)
    assert cost(made, grid, *range(1023, 102_400, 1024)) and grid.tried[0] == 100 * (16_384 // 100)


def test_slow_windows_are_searched_by_the_share_that_was_found():
    """Half as many problems are expected as there are, until 8,192 have been found."""
    grid = Grid(2, expensive_to_count=True, one_per_window=False)
    made = sampler_of(grid, small("a", (3000, 1, 3000), 0.25))
    assert cost(made, grid, 1023) and grid.tried[0] == int(1024 / 0.2 / 4)
    assert cost(made, grid, *range(1023, 8192, 1024))
    assert cost(made, grid, 1023) and grid.tried[0] == pytest.approx(1024 / 0.4 / 4, rel=0.03)


def test_points_outside_of_a_space_are_no_problems():
    everything = Reserve("all", 0.0, 1.0)
    space = Domain(Grid(), Spaces([small("a", (40, 1, 50))]), everything)
    index, operands, _ = space.accept(0, np.array([1999, 2000, 0], np.uint64), np.uint64(0))
    assert (index.tolist(), operands.tolist()) == ([0, 2], [[139, 100], [7, 7], [49, 0]])


def test_only_problems_of_the_reserve_are_judged_where_that_is_slow():
    points = np.arange(2000, dtype=np.uint64)
    for expensive in (False, True):
        grid = Grid(3, expensive_to_count=expensive)
        hand = ByHand(grid, (40, 1, 50), 0.3)
        Domain(grid, Spaces([hand.stratum(0.3)]), TRAIN).accept(0, points, np.uint64(hand.key))
        inside = [
            point
            for point in map(hand.coordinates, range(2000), [hand.key] * 2000)
            if reserve_of("grid", [n + low for n, low in zip(point, LOW, strict=True)][::-1]) == "train"
        ]
        everything = [list(point) for point in np.ndindex(40, 1, 50)]
        (judged,) = grid.judged
        assert judged.tolist() == (inside if expensive else everything)


@pytest.mark.parametrize(
    ("numbers", "kind", "slow", "group"),
    [
        (1, {"expensive_to_count": True}, False, 1024),
        (2, {"expensive_to_count": True}, True, 1),
        (2, {"expensive_to_count": True, "one_per_window": False}, True, 1024),
        (2, {}, False, 1024),
    ],
)
def test_windows_have_one_rank_where_problems_of_several_words_are_slow_to_test(numbers, kind, slow, group):
    space = Domain(Grid(**kind), Spaces([Stratum("a", (9,) * numbers, low=(5,) * numbers)]), TRAIN)
    assert (space.words_per_problem, space.slow_to_test, space.group) == (numbers, slow, group)


def test_fewer_candidates_of_more_words_are_processed_at_a_time():
    domains = [Domain(Grid(words=words), Spaces([LISTED]), TRAIN) for words in (1, 5, 6, 400)]
    assert [made.batch_size(16_384) for made in domains] == [16_384, 16_384, 16_384 * 16 // 18, 1024]


@pytest.mark.parametrize(
    ("multiple", "probes", "share"), [(1, [1024], 0.8), (1 << 17, 1 << 19, 0.8 / (1 << 19))]
)
def test_the_share_of_problems_is_estimated_once_from_probes(multiple, probes, share):
    """Until 1,024 are problems, or 2^19 are tried: then few problems found count as one."""
    grid = Grid(multiple)
    space = Domain(grid, Spaces([small("a", (1 << 40, 1 << 19, 1))]), TRAIN)
    assert space.share(0) == share
    assert probes in (grid.tried, sum(grid.tried))
    assert space.share(0) == share and probes in (grid.tried, sum(grid.tried))
