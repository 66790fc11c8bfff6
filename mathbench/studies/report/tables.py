"""The tables of a report, as lines of Markdown."""

from collections.abc import Sequence
from statistics import fmean

from mathbench.baselines.analysis.pareto import SOLVED
from mathbench.scores import facets
from mathbench.scores.error_scale import percent
from mathbench.scores.results import Score
from mathbench.stratum import natural_order
from mathbench.studies.report.found import SPLITS, Found, StudyResults, lengths_of, percents
from mathbench.studies.report.markdown import markdown

MOST_VALUES = 16  # columns of a table of properties


def grid(results: StudyResults, tasks: Sequence[str], supervision: str, split: str) -> list[str]:
    """Return the table of learners by tasks on a split, with the best shortcuts as the first row."""
    own = [one for one in results.found if one.supervision == supervision and one.task in tasks]
    columns = [task for task in tasks if any(one.task == task for one in own)]
    cells = {(one.learner, one.task): _marked(one, split) for one in own}
    learners = dict.fromkeys(one.learner for one in own)
    floors = ["*best shortcut*", *(_floor(results, task, split) for task in columns)]
    rows = [[learner, *(cells.get((learner, task), "") for task in columns)] for learner in learners]
    return markdown(["learner", *columns], [floors, *rows], right=1)


def _marked(one: Found, split: str) -> str:
    return one.text(split) + (" †" if one.variant else "")


def _floor(results: StudyResults, task: str, split: str) -> str:
    found = results.floor(task, split)
    return f"*{percent(found[1])}*" if found else ""


def best_of_each(results: StudyResults, split: str) -> list[str]:
    """Return the table of the best learner of each task and supervision, by its mean on a split."""
    rows = []
    for task in results.tasks:
        for supervision in results.supervisions:
            own = [one for one in results.of_task(task) if one.supervision == supervision]
            if own:
                best = max(own, key=lambda one: (one.results.mean(split), -one.weights))
                rows.append([task, supervision, *_row(best), *(_floor(results, task, s) for s in SPLITS)])
    head = ["task", "supervision", "best learner", *SPLITS, "weights", "CPU s", "seeds"]
    return markdown([*head, *(f"shortcut, {split}" for split in SPLITS)], rows, right=3)


def _row(one: Found) -> list[str]:
    name = one.learner + (" †" if one.variant else "")
    seeds = f"{len(one.results.runs)}"
    return [name, *(one.text(s) for s in SPLITS), f"{one.weights:,}", f"{one.cpu_seconds:.0f}", seeds]


def smallest(results: StudyResults) -> list[str]:
    """Return the table of the networks with the fewest weights of which every seed reaches 99 % of a split."""
    rows = []
    for task in results.tasks:
        for split in SPLITS:
            for supervision in results.supervisions:
                solved = [one for one in results.of_task(task) if _solves(one, split, supervision)]
                if solved:
                    best = min(solved, key=lambda one: one.weights)
                    values = [best.learner, f"{best.weights:,}", best.text(split), f"{best.cpu_seconds:.0f}"]
                    rows.append([task, split, supervision, *values])
    head = ["task", "split", "supervision", "smallest", "weights", "exact match", "CPU s"]
    return markdown(head, rows, right=4)


def _solves(one: Found, split: str, supervision: str) -> bool:
    shares = one.results.shares(split)
    return one.supervision == supervision and bool(shares) and min(shares) >= SOLVED


def lengths(results: StudyResults, task: str) -> list[str]:
    """Return the table of exact match by number of digits on a task; empty where no run was scored so."""
    own = [one for one in results.of_task(task) if any(result.long for result in one.results.runs.values())]
    digits = list(lengths_of(own))
    if not digits:
        return []
    rows = [
        [
            one.learner,
            one.supervision,
            *(one.text(split) for split in SPLITS),
            *(one.text(str(n)) for n in digits),
        ]
        for one in own
    ]
    return markdown(["learner", "supervision", *SPLITS, *(f"{n:,} digits" for n in digits)], rows, right=2)


def properties(results: StudyResults, task: str, split: str, supervision: str | None = None) -> list[str]:
    """Return the table of learners by properties of the problems, such as the smallest factor of a number.

    Args:
        results: what a study found.
        task: the task.
        split: the split.
        supervision: that of the learners; None for all.

    """
    chosen = [one for one in results.of_task(task) if supervision in (None, one.supervision)]
    found = [(one, _by_property(one, split)) for one in chosen]
    values = sorted({value for _, scores in found for value in scores}, key=natural_order)
    if not 2 <= len(values) <= MOST_VALUES:
        return []
    n = {value: next(scores[value][0].n for _, scores in found if value in scores) for value in values}
    rows = [
        [one.learner, one.supervision, *(_mean(scores.get(value, [])) for value in values)]
        for one, scores in found
    ]
    return markdown(
        ["learner", "supervision", *(f"{value} (n={n[value]:,})" for value in values)], rows, right=2
    )


def _by_property(one: Found, split: str) -> dict[str, list[Score]]:
    """Return the scores of every run by property and value, such as `spf=17-29`, or by the name of a kind."""
    found: dict[str, list[Score]] = {}
    for result in one.results.runs.values():
        strata = result.scores.get(split, {}).get("strata", {})
        by_name = facets.by_other({name: Score.from_json(score) for name, score in strata.items()})
        for key, values in by_name.items():
            for value, score in values.items():
                found.setdefault(value if key == facets.KIND else f"{key}={value}", []).append(score)
    return found


def _mean(scores: Sequence[Score]) -> str:
    return percent(fmean(score.exact_match for score in scores)) if scores else ""


def searches(results: StudyResults) -> list[str]:
    """Return the table of failed cells: what was tried, and the exact match on validation that it gave.

    Empty where nothing was tried.
    """
    rows = [
        [one.task, one.learner, one.supervision, percents(one.results.shares("validation")), _tried(one)]
        for one in results.found
        if one.tried
    ]
    head = ["task", "learner", "supervision", "validation", "tried: validation of the first seed"]
    return markdown(head, rows, right=5) if rows else []


def _tried(one: Found) -> str:
    return "; ".join(f"{variant}: {percent(share)}" for variant, share in one.tried.items())
