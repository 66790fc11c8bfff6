"""Charts of the scores of finished runs: by length, by stratum, by residue and other properties, against their cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mathbench.baselines.analysis.charts import Chart, Line, Panel, Point, pareto_front, point
from mathbench.baselines.analysis.compared_runs import ComparedRun, Setting
from mathbench.errors import InputError
from mathbench.scores import facets
from mathbench.scores.error_scale import percent
from mathbench.scores.results import Score
from mathbench.stratum import natural_order

TEST_SPLITS = ("interpolate", "extrapolate")
DECADE = 10  # lengths that span more have a logarithmic axis
SHARE = "exact match (%)"
BANDS = (
    "Bands and bars: 95 % interval of the rows, and of the mean over seeds where there are several (whiskers: "
    "from the worst seed to the best)."
)
COSTS: dict[str, tuple[str, Callable[[ComparedRun], float]]] = {
    "weights": ("trained weights", lambda run: run.result.parameters),
    "cpu": ("CPU seconds of training", lambda run: run.result.timings["fit_cpu_s"]),
}

FRONT = "front"  # the note of a point on the Pareto front

Lengths = Mapping[int, tuple[str, Score]]  # by number of digits, with the name of the split


def lengths(settings: Sequence[Setting]) -> Chart:
    """Return exact match by the digits of the longest number, of the test splits and of further problems.

    Raises:
        InputError: for runs of which none has strata of two lengths.
    """
    panels = [panel for task, own in _by_task(settings) if (panel := _length_panel(task, own))]
    if not panels:
        raise InputError(
            "no run has scores of two lengths. Give --what strata, or runs with --long or other strata."
        )
    every = [one.x for panel in panels for line in panel.lines for one in line.points]
    return Chart(
        "lengths",
        "exact match by length",
        "digits of the longest number",
        SHARE,
        tuple(panels),
        max(every) > DECADE * min(every),
        notes=(BANDS,),
    )


def _length_panel(task: str, settings: Sequence[Setting]) -> Panel | None:
    found = [(setting, [scores_by_length(run) for run in setting.runs]) for setting in settings]
    lines = [Line(setting.title, _length_points(runs)) for setting, runs in found if any(runs)]
    if len({one.x for line in lines for one in line.points}) < 2:
        return None
    none = tuple(setting.title for setting, runs in found if not any(runs))
    inside = {
        n for _, runs in found for run in runs for n, (split, _) in run.items() if split == "interpolate"
    }
    beyond = any(one.x > max(inside, default=0) for line in lines for one in line.points)
    trained = max(inside) if inside and beyond else None
    return Panel(task, tuple(lines), trained=trained, omitted=none)


def scores_by_length(run: ComparedRun) -> Lengths:
    """Return the score at each length. Rows of the test splits come before further problems of single lengths."""
    strata = {split: _strata(run, split) for split in TEST_SPLITS}
    operands = facets.most_common_operands(next((found for found in strata.values() if found), {}))
    found = {int(n): ("long", Score.from_json(score)) for n, score in run.result.long.items()}
    for split in reversed(TEST_SPLITS):
        found |= {n: (split, score) for n, score in facets.by_length(strata[split], operands).items()}
    return dict(sorted(found.items()))


def _length_points(runs: Sequence[Lengths]) -> tuple[Point, ...]:
    every = sorted({n for run in runs for n in run})
    return tuple(
        point(n, [run[n][1] for run in runs if n in run], next(run[n][0] for run in runs if n in run))
        for n in every
    )


def strata(settings: Sequence[Setting], split: str | None = None) -> Chart:
    """Return exact match of each stratum, of both test splits or of one, with the best floors.

    Raises:
        InputError: for runs without strata in these splits.
    """
    panels = _category_panels(settings, split, lambda found: {"": found})
    return _dots("strata", "exact match by stratum", "stratum", panels, split)


def residues(settings: Sequence[Setting], split: str | None = None) -> Chart:
    """Return exact match by residue and by other properties that the names of strata state besides lengths.

    Raises:
        InputError: for runs whose strata have no such property.
    """
    panels = _category_panels(settings, split, facets.by_other)
    return _dots("residues", "exact match by residue and other properties", "value", panels, split)


def _dots(what: str, title: str, x: str, panels: list[Panel], split: str | None) -> Chart:
    if not panels:
        missing = "residues or other properties besides lengths" if what == "residues" else "strata"
        raise InputError(f"no run has scores by {missing} in {split or ' or '.join(TEST_SPLITS)}.")
    return Chart(what, title, x, SHARE, tuple(panels), shape="dots", notes=(BANDS,))


def _category_panels(
    settings: Sequence[Setting],
    split: str | None,
    properties: Callable[[Mapping[str, Score]], Mapping[str, Mapping[str, Score]]],
) -> list[Panel]:
    """Return a panel per task, split and property, with the values in numeric order."""
    panels = []
    for task, own in _by_task(settings):
        for name in [split] if split else TEST_SPLITS:
            found = [(setting, [properties(_strata(run, name)) for run in setting.runs]) for setting in own]
            keys = dict.fromkeys(key for _, runs in found for run in runs for key in run)
            for key in keys:
                by_value = [(setting.title, [run.get(key, {}) for run in runs]) for setting, runs in found]
                title = ", ".join(filter(None, (task, name, f"by {key}" if key else "")))
                if panel := _category_panel(title, by_value):
                    panels.append(replace(panel, floor=_best_floor(own[0].runs[0], name)))
    return panels


def _best_floor(run: ComparedRun, split: str) -> tuple[str, float] | None:
    """Return the name and the exact match of the best floor on a split."""
    floors = run.result.floors
    shares = {name: scores[split]["exact_match"] for name, scores in floors.items() if split in scores}
    return max(shares.items(), key=lambda pair: pair[1], default=None)


def _category_panel(title: str, found: Sequence[tuple[str, list[Mapping[str, Score]]]]) -> Panel | None:
    every = {value for _, runs in found for run in runs for value in run}
    categories = tuple(sorted(every, key=natural_order))
    lines = tuple(
        Line(
            name,
            tuple(
                point(i, [run[value] for run in runs if value in run])
                for i, value in enumerate(categories)
                if any(value in run for run in runs)
            ),
        )
        for name, runs in found
        if any(runs)
    )
    return Panel(title, lines, categories) if categories else None


def pareto(settings: Sequence[Setting], cost: str, split: str = "interpolate") -> Chart:
    """Return exact match against trained weights or CPU seconds, a point per setting, and the Pareto front per task.

    Args:
        settings: the settings.
        cost: one of `COSTS`.
        split: the split whose exact match counts.

    Raises:
        InputError: for runs without weights or without that split.
    """
    label, amount = COSTS[cost]
    panels = []
    for task, own in _by_task(settings):
        shown = [s for s in own if all(split in r.result.scores and amount(r) > 0 for r in s.runs)]
        lines = [Line(setting.title, (_cost_point(setting, amount, split),)) for setting in shown]
        if not lines:
            continue
        front = {id(one) for one in pareto_front([line.points[0] for line in lines])}
        marked = tuple(_marked(line, front) for line in lines)
        none = tuple(setting.title for setting in own if setting not in shown)
        panels.append(Panel(f"{task}, {split}", marked, omitted=none))
    if not panels:
        raise InputError(f"no run has {label} and scores of {split}.")
    notes = ("The line joins the settings that no other one beats at the same or a smaller cost.", BANDS)
    return Chart("pareto", f"exact match against {label}", label, SHARE, tuple(panels), True, "front", notes)


def _cost_point(setting: Setting, amount: Callable[[ComparedRun], float], split: str) -> Point:
    costs = [amount(run) for run in setting.runs]
    scores = [Score.from_json(run.result.scores[split]) for run in setting.runs]
    return point(sum(costs) / len(costs), scores)


def _marked(line: Line, front: set[int]) -> Line:
    (one,) = line.points
    return Line(line.name, (Point(**vars(one) | {"note": FRONT}),)) if id(one) in front else line


def front_lines(panel: Panel) -> list[str]:
    """Return the settings on the Pareto front of a panel as text, the cheapest first."""
    found = [(line.points[0], line.name) for line in panel.lines if line.points[0].note == FRONT]
    return [
        f"{_amount(one.x)}: {percent(one.share)} % ({name})"
        for one, name in sorted(found, key=lambda pair: pair[0].x)
    ]


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _strata(run: ComparedRun, split: str) -> dict[str, Score]:
    found = run.result.scores.get(split, {}).get("strata", {})
    return {name: Score.from_json(score) for name, score in found.items()}


def _by_task(settings: Sequence[Setting]) -> list[tuple[str, list[Setting]]]:
    tasks = dict.fromkeys(setting.task for setting in settings)
    return [(task, [setting for setting in settings if setting.task == task]) for task in tasks]
