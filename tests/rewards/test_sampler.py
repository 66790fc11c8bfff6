"""The sampler: deterministic given the rewards, resumed bit for bit, and never out of train."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mathbench
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.hashing import mix64_int
from mathbench.rewards import AdaptiveSampler, Level, reward, stratum_levels, task_levels

LENGTHS = range(1, 4)
LEVELS = task_levels("addition", digits=LENGTHS, shortest=LENGTHS, more=0)


def learner(row, skill):
    """The answer of a learner that knows the lengths up to its skill, and some of the next by a hash of the draw."""
    known = row["level"] < skill or (row["level"] == skill and mix64_int(row["draw"]) % 4 > 0)
    return row["answer"] if known else "0x"


def train(sampler, steps, skill=0.0):
    """Let a learner that gets better with every right answer draw and report; return what it was shown."""
    shown = []
    for _ in range(steps):
        rows = sampler.batch(16)
        rewards = reward(
            [learner(row, int(skill)) for row in rows for _ in (0, 1)], [r for r in rows for _ in (0, 1)]
        )
        sampler.record([row["draw"] for row in rows for _ in (0, 1)], rewards)
        skill += sum(rewards) / 200
        shown.append([(row["draw"], row["level"], row["question"]) for row in rows])
    return shown, skill


def test_fifty_steps_are_twenty_five_and_twenty_five_after_a_resume():
    make = lambda: AdaptiveSampler(LEVELS, seed=3, window=32, bound=0.7)  # noqa: E731
    whole = make()
    shown, _ = train(whole, 50)
    first = make()
    before, skill = train(first, 25)
    state = json.loads(json.dumps(first.state_dict()))
    second = make()
    second.load_state_dict(state)
    after, _ = train(second, 25, skill)
    assert before + after == shown
    assert second.state_dict() == whole.state_dict()
    assert whole.frontier == 2
    assert {level for step in shown for _, level, _ in step} == {0, 1, 2}


def test_rows_that_were_drawn_but_not_rewarded_come_again():
    sampler = AdaptiveSampler(LEVELS, window=4, start=1)
    train(sampler, 2)
    ahead = sampler.batch(8)
    state = json.loads(json.dumps(sampler.state_dict()))
    rest = sampler.batch(8)
    again = AdaptiveSampler(LEVELS, window=4, start=1)
    again.load_state_dict(state)
    assert again.state_dict() == state
    assert again.batch(8) == ahead
    assert again.batch(8) == rest
    again.record([row["draw"] for row in ahead], [0.0] * 8)
    assert len(again.state_dict()["pending"]) == 8


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 3),
    easy=st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9]),
    bound=st.sampled_from([0.01, 0.5, 1.0]),
    window=st.integers(1, 12),
    rewards=st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=12), max_size=12),
    seed=st.integers(0, 3),
)
def test_any_rewards(count, easy, bound, window, rewards, seed):
    sampler = AdaptiveSampler(LEVELS[:count], seed=seed, easy=easy, bound=bound, window=window)
    frontier, since, below = 0, 0, 0
    for values in rewards:
        rows = sampler.batch(len(values))
        for row in rows:
            assert 0 <= row["level"] <= sampler.frontier
            since, below = since + 1, below + (row["level"] < sampler.frontier)
            # the share is kept at every moment, as far as whole rows allow
            assert sampler.frontier == 0 or abs(below - easy * since) <= 1 + 1e-9
        sampler.record([row["draw"] for row in rows], values)
        assert frontier <= sampler.frontier <= min(frontier + 1, count - 1) or len(values) > window
        assert sampler.frontier < count
        if sampler.frontier != frontier:
            frontier, since, below = sampler.frontier, 0, 0


def test_the_frontier_rises_where_the_mean_of_the_last_rows_reaches_the_bound():
    sampler = AdaptiveSampler(LEVELS, window=4, bound=0.75, easy=0.0)

    def give(*values):
        sampler.record([row["draw"] for row in sampler.batch(len(values))], values)
        return sampler.frontier

    assert give(1, 1, 1) == 0, "three rows do not fill the window"
    assert give(0) == 1, "three of four are enough"
    assert sampler.success is None, "the rewards of a level do not count for the next"
    assert give(0, 0, 1, 1) == 1
    assert sampler.success == 0.5
    assert give(1) == 2, "the window moves on"
    assert give(1, 1, 1, 1, 1) == 2, "the last level is the last"


def test_several_answers_to_a_row_count_as_their_mean():
    sampler = AdaptiveSampler(LEVELS, window=2, bound=0.5, easy=0.0)
    one, two = (row["draw"] for row in sampler.batch(2))
    sampler.record([one, one, one, two], [0.0, 0.0, 0.0, 1.0])
    assert sampler.frontier == 1
    sampler = AdaptiveSampler(LEVELS, window=2, bound=0.6, easy=0.0)
    one, two = (row["draw"] for row in sampler.batch(2))
    sampler.record([two, one, two, one], [1.0, 1.0, 1.0, 0.0])
    assert (sampler.frontier, sampler.success) == (1, None)
    sampler = AdaptiveSampler(LEVELS, window=3, bound=0.6, easy=0.0)
    one, two = (row["draw"] for row in sampler.batch(2))
    sampler.record([two, one, two, one], [1.0, 1.0, 1.0, 0.0])
    assert sampler.success == 0.75


def test_easy_rows_do_not_raise_the_frontier():
    sampler = AdaptiveSampler(LEVELS, window=1, bound=1.0, start=1, easy=0.5)
    rows = sampler.batch(40)
    easy = [row["draw"] for row in rows if row["level"] == 0]
    sampler.record(easy, [1.0] * len(easy))
    assert (sampler.frontier, len(easy)) == (1, 20)


def test_easy_levels_are_equally_frequent():
    sampler = AdaptiveSampler(LEVELS, start=2, easy=2 / 3)
    count = Counter(row["level"] for row in sampler.batch(3000))
    assert count[2] == 1000
    assert all(abs(count[level] - 1000) < 120 for level in (0, 1))


def test_each_level_is_the_stream_of_its_task():
    sampler = AdaptiveSampler(LEVELS, seed="winter", start=2, easy=0.5)
    rows = sampler.batch(400)
    for number, level in enumerate(LEVELS):
        mine = [row for row in rows if row["level"] == number]
        stream = mathbench.stream(level.task, seed="winter", epochs=None)
        columns = ("question", "answer", "task", "stratum", "row")
        assert [{name: row[name] for name in columns} for row in mine] == stream[: len(mine)]


def test_rows_are_never_problems_of_a_test_split():
    """All one- and two-digit sums of the tests are known, so that none can hide."""
    levels = task_levels("addition", digits=[1, 2], shortest=[1, 2], more=0)
    sampler = AdaptiveSampler(levels, start=1, easy=0.5)
    trained = {frozenset(row["question"].split("+")) for row in sampler.batch(12_000)}
    tested = {
        frozenset(row["question"].split("+"))
        for split in ("validation", "interpolate")
        for digits in (1, 2)
        for row in mathbench.stream("addition", split, digits=digits, seed=7)
    }
    assert len(tested) > 700
    assert len(trained) > 3000
    assert not trained & tested


def test_strata_as_levels():
    levels = stratum_levels("addition", digits=3)
    assert [level.strata for level in levels] == [
        ("digits=1+1",),
        ("digits=2+1", "digits=2+2"),
        ("digits=3+1", "digits=3+2", "digits=3+3"),
    ]
    sampler = AdaptiveSampler(levels, start=1, easy=0.25)
    rows = sampler.batch(40)
    assert {row["stratum"] for row in rows if row["level"] == 0} == {"digits=1+1"}
    assert {row["stratum"] for row in rows if row["level"] == 1} == {"digits=2+1", "digits=2+2"}
    hard = [row["row"] for row in rows if row["level"] == 1]
    stream = mathbench.stream("addition", digits=3)
    expected = [row["row"] for row in stream[:200] if row["stratum"] in levels[1].strata]
    assert hard == expected[: len(hard)]
    again = AdaptiveSampler(levels, start=1, easy=0.25)
    again.load_state_dict(sampler.state_dict())
    assert again.batch(40) == rows
    assert again.batch(10) == sampler.batch(10)


def test_strata_by_a_difficulty_of_ones_own():
    levels = stratum_levels("expression", lambda name: name.rpartition("depth=")[2])
    assert len(levels) == 2
    assert all(name.endswith("depth=0") for name in levels[0].strata)
    with pytest.raises(InputError, match=r"has no length: give difficulty"):
        stratum_levels("permutation")


def test_a_stratum_without_rows_is_reported(monkeypatch):
    monkeypatch.setattr("mathbench.rewards.levels.MAX_SEARCH", 500)
    # all problems of the stratum are used up by the rows before
    level = Level(task("addition", digits=3), ("digits=1+1",))
    sampler = AdaptiveSampler([level])
    state = sampler.state_dict()
    state["positions"] = [2000]
    sampler.load_state_dict(state)
    with pytest.raises(InputError, match=r"train has no rows of addition-base10: digits=1"):
        sampler.batch(1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"levels": []}, "at least one level"),
        ({"levels": "addition"}, "at least one level|task must be made"),
        ({"levels": ["addition"]}, "task must be made by `families.task`"),
        ({"bound": 0}, "bound must be above 0"),
        ({"bound": 1.5}, "bound must be a number from 0 to 1. Received: 1.5"),
        ({"bound": "0.9"}, "bound must be a number"),
        ({"bound": float("nan")}, "bound must be a number"),
        ({"easy": 1}, "easy below 1"),
        ({"window": 0}, "window must be an integer of 1 or more"),
        ({"start": 3}, "start must be below 3. Received: 3"),
        ({"start": -1}, "start must be an integer of 0 or more"),
        ({"seed": 1.5}, "seed must be"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(InputError, match=words):
        AdaptiveSampler(**{"levels": LEVELS, **options})


@pytest.mark.parametrize(
    ("draws", "rewards", "words"),
    [
        ([0, 99], [1.0, 1.0], "a row without a reward. Received: 99"),
        ([0, 1], [1.0], "one reward for each draw. Received: 1 and 2"),
        ([0, 1], [1.0, 2.0], "from 0 to 1. Received: 2.0"),
        ([0, 1], [1.0, None], "from 0 to 1. Received: None"),
        ([0, "1"], [1.0, 1.0], "a row without a reward"),
        (None, [1.0], "must be lists"),
    ],
)
def test_bad_rewards_change_nothing(draws, rewards, words):
    sampler = AdaptiveSampler(LEVELS, window=1)
    sampler.batch(4)
    before = sampler.state_dict()
    with pytest.raises(InputError, match=words):
        sampler.record(draws, rewards)
    assert sampler.state_dict() == before


def test_a_row_is_rewarded_once():
    sampler = AdaptiveSampler(LEVELS, window=2)
    sampler.batch(1)
    sampler.record([0], [0.0])
    with pytest.raises(InputError, match=r"a row without a reward. Received: 0"):
        sampler.record([0], [0.0])


def test_a_state_of_other_arguments_is_refused():
    state = AdaptiveSampler(LEVELS, bound=0.8).state_dict()
    sampler = AdaptiveSampler(LEVELS)
    with pytest.raises(InputError, match=r"its bound is 0.8, not 0.9"):
        sampler.load_state_dict(state)
    for broken in (
        {},
        {**sampler.state_dict(), "positions": [0]},
        {**sampler.state_dict(), "recent": None},
        5,
    ):
        with pytest.raises(InputError, match=r"result of state_dict\(\)"):
            sampler.load_state_dict(broken)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"digits": 3},
            "such as digits=range.1, 9., or lists of one length. Received: digits=3, and no list",
        ),
        ({"digits": [1, 2], "shortest": [1]}, "Received: digits of 2, shortest of 1"),
        ({"digits": []}, "Received: digits of 0"),
        ({}, "Received: no parameter, and no list"),
        ({"digts": [1, 2]}, "Did you mean 'digits'"),
    ],
)
def test_bad_levels(parameters, words):
    with pytest.raises(InputError, match=words):
        task_levels("addition", **parameters)


def test_an_unknown_stratum():
    with pytest.raises(InputError, match=r"unknown stratum 'digits=3\+4'. Did you mean 'digits=3\+3'"):
        Level(task("addition"), ("digits=3+4",))
