"""Charts of trainings: validation over steps, seconds or examples, and validation by stratum over the steps."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from mathbench.baselines.analysis.charts import Chart, Line, Panel, Point, point
from mathbench.baselines.analysis.compared_runs import ComparedRun, Setting
from mathbench.baselines.analysis.score_charts import BANDS, SHARE
from mathbench.errors import InputError
from mathbench.scores.results import Score
from mathbench.stratum import natural_order

Entry = Mapping[str, float]

AXES: dict[str, tuple[str, Callable[[Entry, ComparedRun], float | None]]] = {
    "step": ("step", lambda entry, run: entry["step"]),
    "examples": ("examples", lambda entry, run: entry["step"] * run.result.recipe.get("batch", 1)),
    "cpu": ("CPU seconds of training", lambda entry, run: entry.get("cpu_s")),
    "wall": ("seconds of training", lambda entry, run: entry.get("wall_s")),
}
ENDED = "A seed that ended counts with its last value."


def training(settings: Sequence[Setting], axis: str = "step") -> Chart:
    """Return exact match on validation while training, a line per setting and a panel per task.

    Args:
        settings: the settings.
        axis: one of `AXES`.

    Raises:
        InputError: for runs of which none has a history, or none with these seconds.
    """
    label, _ = AXES[axis]
    panels = []
    for task in dict.fromkeys(setting.task for setting in settings):
        own = [setting for setting in settings if setting.task == task]
        found = [(setting, _validation_points(setting, axis)) for setting in own]
        lines = tuple(Line(setting.title, points) for setting, points in found if points)
        none = tuple(setting.title for setting, points in found if not points)
        if lines:
            panels.append(Panel(task, lines, omitted=none))
    if not panels:
        raise InputError(_no_history(settings, axis))
    return Chart("training", "exact match on validation", label, SHARE, tuple(panels), notes=(BANDS, ENDED))


def _no_history(settings: Sequence[Setting], axis: str) -> str:
    if any(run.history for setting in settings for run in setting.runs):
        return f"the histories of these runs do not state {AXES[axis][0]}. Give --x step."
    return "no run has a history: baselines that are not networks have none."


def _validation_points(setting: Setting, axis: str) -> tuple[Point, ...]:
    """Return a point per step at which a seed was validated. Its position is the mean over the seeds in training."""
    place = AXES[axis][1]
    histories = [
        (run, {int(entry["step"]): entry for entry in run.history if place(entry, run) is not None})
        for run in setting.runs
    ]
    histories = [(run, entries) for run, entries in histories if entries]
    points = []
    for step in sorted({step for _, entries in histories for step in entries}):
        known = [
            (run, entries, max((s for s in entries if s <= step), default=None)) for run, entries in histories
        ]
        if any(last is None for *_, last in known):
            continue
        scores = [
            _score(run, entries[last]["validation"]) for run, entries, last in known if last is not None
        ]
        here = [place(entries[step], run) or 0.0 for run, entries, _ in known if step in entries]
        points.append(point(fmean(here), scores))
    return tuple(points)


def _score(run: ComparedRun, share: float) -> Score:
    n = max(int(run.result.data["sizes"].get("validation", 1)), 1)
    return Score(n, min(max(round(share * n), 0), n))


def progress(settings: Sequence[Setting]) -> Chart:
    """Return exact match on validation by stratum over the steps, a panel per setting and a line per stratum.

    Raises:
        InputError: for runs that did not store it.
    """
    panels, none = [], []
    for setting in settings:
        lines = _stratum_lines(setting.runs)
        if lines:
            panels.append(Panel(f"{setting.title} on {setting.task}", lines))
        else:
            none.append(setting.title)
    if not panels:
        raise InputError("no run stores validation by stratum: train it again, or give --what training.")
    if none:
        panels[0] = Panel(panels[0].title, panels[0].lines, omitted=tuple(none))
    return Chart(
        "progress", "exact match on validation by stratum", "step", "stratum", tuple(panels), shape="heat"
    )


def _stratum_lines(runs: Sequence[ComparedRun]) -> tuple[Line, ...]:
    """Return a line per stratum, in numeric order, over the steps at which some run was validated."""
    by_stratum: dict[str, dict[int, list[Score]]] = {}
    for run in runs:
        for row in run.validation.to_pylist():
            scores = by_stratum.setdefault(row["stratum"], {}).setdefault(row["step"], [])
            scores.append(Score(row["n"], row["correct"]))
    return tuple(
        Line(name, tuple(point(step, scores) for step, scores in sorted(by_stratum[name].items())))
        for name in sorted(by_stratum, key=natural_order)
    )
