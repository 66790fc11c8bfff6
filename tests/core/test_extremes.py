"""The first row of any allowed setting takes less than 2 CPU seconds and 500 MB: pairs of extreme parameters."""

import itertools
import os
import pickle
import random
import resource
import sys
import time
from pathlib import Path

import pytest

from mathbench import families
from mathbench.errors import InputError
from mathbench.rows import Rows
from tests.variants import SPLITS

SECONDS = 2.0
BUSY = 2  # factor on the seconds: other jobs on the machine slow down this one
MEMORY = 500 << 20  # on top of what the process has when a task is made
BETWEEN = (1, 2, 3, 5, 8, 12, 18, 19, 30, 60, 100, 500, 1000, 10**6)
ERRORS = ("congruent:99,digit:98", "swap")
IN_CI = 10  # settings per family


def values(field):
    """The limits of a parameter, its default and some values between."""
    limits = field.metadata
    if field.name == "errors":
        return [field.default, *ERRORS]
    if limits["low"] is None:
        return list(limits["choices"] or [field.default])
    if isinstance(field.default, float):
        return [limits["low"], limits["high"]]
    inside = [n for n in BETWEEN if limits["low"] < n < limits["high"]]
    return [limits["low"], limits["high"], field.default, *inside]


def allowed(name):
    """The allowed settings with two parameters at any of their values, in random order."""
    cls = families.family(name)
    pairs = [
        {first.name: a, second.name: b}
        for first, second in itertools.combinations([f for f in cls.fields() if f.name != "format"], 2)
        for a in values(first)
        for b in values(second)
    ]
    random.Random(name).shuffle(pairs)
    made = set()
    for parameters in pairs:
        try:
            task = cls(**parameters)
        except InputError:
            continue
        if task.name not in made:
            made.add(task.name)
            yield task


def first_rows(task):
    """CPU seconds for the first row of each split."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    seconds = {}
    for split in SPLITS:
        start = time.process_time()
        rows = Rows(task, split)
        if rows.capacity_up_to(1):
            rows.batch(range(1))
        seconds[split] = time.process_time() - start
    return seconds


def in_a_fork(function, argument):
    """The result of a function, or the exception that it raises, in a child process with limits of its own."""
    read, write = os.pipe()
    if not (child := os.fork()):
        try:
            result = function(argument)
        except BaseException as error:
            result = f"{type(error).__name__}: {error}"
        os.write(write, pickle.dumps(result))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(content)


def check(tasks):
    for task in tasks:
        found = in_a_fork(first_rows, task)
        assert isinstance(found, dict), (task.name, found)
        assert max(found.values()) < BUSY * SECONDS, (task.name, found)


linux = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a child by RLIMIT_AS")


@linux
@pytest.mark.parametrize("name", families.FAMILIES)
def test_first_rows_of_pairs_of_extreme_parameters(name):
    check(itertools.islice(allowed(name), IN_CI))


@linux
@pytest.mark.slow
@pytest.mark.parametrize("name", families.FAMILIES)
def test_first_rows_of_all_pairs_of_extreme_parameters(name):
    check(allowed(name))


@linux
@pytest.mark.parametrize(
    "name, parameters",
    [
        ("addition", {"operands": 6, "digits": 5}),
        ("addition", {"operands": 4, "more": 4, "digits": 5}),
        ("addition", {"operands": 6, "more": 2, "shortest": 3}),
        ("prime", {"digits": 500, "shortest": 500, "negatives": "hard"}),
        ("prime", {"digits": 500}),
        ("multiplication", {"longer": 2048, "step": 18}),
        ("correct-addition", {"digits": 90, "errors": "digit:99,carry:98"}),
    ],
)
def test_first_rows_of_settings_that_needed_minutes_or_gigabytes(name, parameters):
    check([families.task(name, **parameters)])


def test_sums_of_more_than_eight_operands_are_refused():
    with pytest.raises(InputError, match=r"operands and more must add up to at most 8. Received: operands=6"):
        families.task("addition", operands=6, more=3)


@linux
@pytest.mark.slow
@pytest.mark.parametrize("name", families.school_names())
def test_first_rows_of_school_mathematics(name):
    check([families.task(name)])


@linux
@pytest.mark.parametrize("kind", ["padded", "scratchpad", "reversed+spaced", "index-hints"])
@pytest.mark.parametrize("name", families.FAMILIES)
def test_first_rows_of_long_numbers_in_every_format(name, kind):
    try:
        task = families.family(name)(digits=400, shortest=400, longer=40, step=40, format=kind)
    except (InputError, TypeError):
        pytest.skip("not allowed")
    check([task])
