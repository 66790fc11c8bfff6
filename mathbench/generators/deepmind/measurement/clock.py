"""Times of day: the time before or after a duration, and the minutes between two times."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.hashing import Int
from mathbench.numbers import text

HOUR, DAY = 60, 24 * 60  # minutes
MAX_TRAIN_MINUTES = 12 * HOUR - 1
BEFORE, AFTER, BETWEEN = range(3)

# all questions have the same two slots in the same order, which needs few columns of text
_QUESTIONS = (
    "What is {x} minutes before {y}?",
    "What time is {x} minutes before {y}?",
    "Find the time {x} minutes before {y}.",
    "What is {x} minutes after {y}?",
    "What time is {x} minutes after {y}?",
    "Find the time {x} minutes after {y}.",
    "How many minutes from {x} to {y}?",
    "Count the minutes from {x} to {y}.",
    "Give the minutes from {x} to {y}.",
    "Between {x} and {y}, how many minutes are there?",
    "How many minutes are there from {x} until {y}?",
    "Count the minutes between {x} and {y}.",
)
_WORDINGS = 3  # of the minutes before and after, and of those between, which version 2 has six of
# kinds of twelve equally likely choices, half of which ask for the minutes between, and the template of each
_KINDS = np.repeat([BEFORE, AFTER, BETWEEN, BETWEEN], _WORDINGS)
_QUESTION_INDEX = {1: np.array([*range(9), *range(6, 9)]), 2: np.arange(12)}  # by version
_SENTENCES = (
    *_QUESTIONS,
    *(sentence.replace("minutes", "minute") for sentence in _QUESTIONS[: 2 * _WORDINGS]),
)


def _clock(minutes: int) -> str:
    hours = minutes // HOUR
    return f"{(hours - 1) % 12 + 1}:{minutes % HOUR:02} {'AM' if hours < 12 else 'PM'}"


# all times of day, then all numbers of minutes up to a day; each text fits into one word of eight characters
_TEXTS = (*map(_clock, range(DAY)), *map(str, range(DAY)))


@dataclass(frozen=True)
class TimesProblem(Columns):
    """A question about times of day.

    Attributes:
        first, second: int64 (n,), indices into `_TEXTS` of the two slots.
        answer: int64 (n,), index of the answer.
        sentence: int64 (n,), index of the question template.
    """

    first: Int
    second: Int
    answer: Int
    sentence: Int


@dataclass(frozen=True)
class Time(Module):
    """Compute with times of day.

    A start, a duration and an end are one problem, whichever of the three is the answer.
    """

    summary: ClassVar[str] = "What is 35 minutes after 11:40 AM? -> 12:15 PM"
    symmetry: ClassVar[str] = "which of start, duration and end is asked for"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        start = rng.randint(1, DAY - 1)
        minutes = rng.randint(self.setting("least", scope), self.setting("most", scope))
        choice = rng.randint_below(len(_KINDS))
        kind = _KINDS.take(choice)
        end = start + minutes
        end -= DAY * (end >= DAY)
        between, duration = kind == BETWEEN, DAY + minutes  # durations follow the times of day in the table
        first, second = np.where(between, start, duration), np.where(kind == AFTER, start, end)
        answer = start + duration + end - first - second  # the one of the three that is not in the question
        sentence = _QUESTION_INDEX[self.version].take(choice) + len(_QUESTIONS) * ((minutes == 1) & ~between)
        return DrawnProblem(TimesProblem(first, second, answer, sentence), (start * DAY + minutes)[None])

    def question(self, problem: TimesProblem, scope: Scope) -> pa.StringArray:
        pieces = {
            "x": templates.choose_text(problem.first, _TEXTS),
            "y": templates.choose_text(problem.second, _TEXTS),
        }
        return text.join(templates.fill_template(problem.sentence, _SENTENCES, **pieces))

    def answer(self, problem: TimesProblem, scope: Scope) -> pa.StringArray:
        return text.join(templates.choose_text(problem.answer, _TEXTS))


def _level(name: str, minimum: int, maximum: int, holds: int) -> DifficultyLevel:
    settings = {"least": minimum, "most": maximum}
    return DifficultyLevel(name, (0, 0), settings=settings, holds=holds, apart=minimum > MAX_TRAIN_MINUTES)


TIME = Time(
    "measurement__time",
    entropy=(0, 0),
    tested=None,
    version=2,
    settings={"least": 1, "most": MAX_TRAIN_MINUTES},
    levels=(
        _level("difficulty=easy", 1, 4 * HOUR - 1, 15_000),
        _level("difficulty=medium", 4 * HOUR, 8 * HOUR - 1, 15_000),
        _level("difficulty=hard", 8 * HOUR, 12 * HOUR - 1, 15_000),
    ),
    axes=(_level("longer", 12 * HOUR, 24 * HOUR - 1, 45_000),),
)
