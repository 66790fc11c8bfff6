"""The answer of a study, task by task: is it learned, by what, and what had to be given away?"""

from dataclasses import dataclass

from mathbench.baselines.analysis.pareto import SOLVED
from mathbench.scores.error_scale import percent
from mathbench.scores.results import Score
from mathbench.studies.report.found import SPLITS, Found, StudyResults, lengths_of
from mathbench.studies.report.markdown import markdown
from mathbench.studies.study import SUPERVISIONS

YES = "yes"
SHORT = "at the trained lengths"
PARTLY = "better than shortcuts"
NO = "no"


@dataclass(frozen=True)
class Answer:
    """What became of a task.

    Args:
        task: its name.
        verdict: `YES` if every seed has 99 % on both test splits, `SHORT` if on interpolate alone, `PARTLY` if the
            Wilson interval of every seed on interpolate lies above the best shortcut, else `NO`.
        best: the learner that decides: of the first supervision with the best verdict, the one with the largest mean on
            extrapolate, of equal ones that with the fewest weights.
    """

    task: str
    verdict: str
    best: Found

    def to_row(self, results: StudyResults) -> list[str]:
        """Return the cells of the table of answers."""
        floors = [results.floor(self.task, split) for split in SPLITS]
        return [
            self.task,
            self.verdict,
            self.best.supervision,
            self.best.learner + (" †" if self.best.variant else ""),
            f"{self.best.weights:,}",
            f"{len(self.best.results.runs)}",
            *(self.best.text(split) for split in SPLITS),
            _longest(self.best),
            *(percent(floor[1]) if floor else "" for floor in floors),
        ]


HEAD = (
    *("task", "learned?", "labels", "learner", "weights", "seeds", *SPLITS, "longest test"),
    *(f"shortcut, {split}" for split in SPLITS),
)
ORDER = (YES, SHORT, PARTLY, NO)


def answers(results: StudyResults) -> list[Answer]:
    """Return the answer of every task with results of networks, in the order of the study."""
    return [answer for task in results.tasks if (answer := _answer(results, task))]


def table(results: StudyResults) -> list[str]:
    """Return the table of answers as Markdown."""
    return markdown(HEAD, [answer.to_row(results) for answer in answers(results)], right=4)


def _answer(results: StudyResults, task: str) -> Answer | None:
    """Return the answer of a task: the best verdict, with the least that had to be given away for it."""
    networks = [one for one in results.of_task(task) if one.supervision]
    judged = [(verdict(results, one), one) for one in networks]
    if not judged:
        return None
    reached = min((word for word, _ in judged), key=ORDER.index)
    able = [one for word, one in judged if word == reached]
    return Answer(task, reached, min(able, key=_preference))


def _preference(one: Found) -> tuple[int, float, int]:
    own = one.supervision.removesuffix("+self")
    return SUPERVISIONS.index(own), -one.results.mean(SPLITS[1]), one.weights


def verdict(results: StudyResults, one: Found) -> str:
    """Return how well a learner does a task, see `Answer`."""
    lowest = {split: min(one.results.shares(split), default=0.0) for split in SPLITS}
    if lowest[SPLITS[0]] >= SOLVED:
        return YES if lowest[SPLITS[1]] >= SOLVED else SHORT
    floor = results.floor(one.task, SPLITS[0])
    scores = [Score.from_json(result.scores[SPLITS[0]]) for result in one.results.runs.values()]
    above = floor is None or min(score.interval[0] for score in scores) > floor[1]
    return PARTLY if above else NO


def _longest(one: Found) -> str:
    """Return the exact match at the largest number of digits, empty where there is no test beyond the splits."""
    digits = max(lengths_of([one]), default=0)
    return f"{one.text(str(digits))} at {digits:,} digits" if digits else ""
