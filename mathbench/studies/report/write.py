"""The report of a study: a page of Markdown with its tables, figures, and the data of each figure as CSV."""

from collections.abc import Iterator
from pathlib import Path

from mathbench.baselines.analysis import score_charts
from mathbench.baselines.analysis.charts import COLUMNS as POINT_COLUMNS
from mathbench.baselines.analysis.charts import Chart
from mathbench.baselines.analysis.compared_runs import ComparedRun, Setting
from mathbench.baselines.analysis.draw_charts import draw_chart
from mathbench.errors import InputError
from mathbench.storage import atomic
from mathbench.studies.report import answers, csv_files, heat_map, tables
from mathbench.studies.report.found import SPLITS, Found, StudyResults

REPORT = "report.md"
RESULTS = "results.csv"
COSTS = tuple(score_charts.COSTS)
ANSWERS = (
    "*Yes*: every seed has 99 % on both test splits; *at the trained lengths*: on interpolate alone; *better than",
    "shortcuts*: the 95 % interval of every seed on interpolate lies above the best shortcut. Labels are the least",
    "with which that was reached. Of all learners with these, the table has the best on extrapolate, and of equally",
    "good ones that with the fewest weights.",
)


def write_report(results: StudyResults, folder: Path, suffix: str = ".png") -> list[Path]:
    """Write the report of a study.

    Args:
        results: what is finished.
        folder: where the files are written.
        suffix: of the figures: ``.png``, ``.svg`` or ``.pdf``.

    Returns:
        The files.

    Raises:
        InputError: for another suffix, or without the extra `plots`.
    """
    atomic.make_folder(folder)
    csv_files.write_csv(folder / RESULTS, csv_files.COLUMNS, csv_files.rows(results))
    figures = list(_figures(results, folder, suffix))
    atomic.write(folder / REPORT, "\n".join(_page(results, [path.name for path in figures])) + "\n")
    data = [path.with_suffix(".csv") for path in figures]
    return [folder / REPORT, folder / RESULTS, *figures, *data]


def _figures(results: StudyResults, folder: Path, suffix: str) -> Iterator[Path]:
    """Draw all figures with their data beside them; yield their paths."""
    for split in SPLITS:
        for group, tasks in results.groups.items():
            found = heat_map.heat_map(results, split, tasks)
            path = folder / f"heat-map-{group}-{split}{suffix}"
            title = f"{results.plan.study.title}\n{group}, {split}: mean exact match over seeds, %"
            heat_map.draw_heat_map(found, title, path)
            csv_files.write_csv(path.with_suffix(".csv"), heat_map.COLUMNS, found.to_rows())
            yield path
    for name, chart in _charts(results):
        path = folder / f"{name}{suffix}"
        draw_chart(chart, path)
        csv_files.write_csv(path.with_suffix(".csv"), POINT_COLUMNS, chart.rows())
        yield path


def _charts(results: StudyResults) -> Iterator[tuple[str, Chart]]:
    """Yield the charts with the names of their files: by length per task, against costs per group of tasks."""
    for task in results.tasks:
        try:
            yield f"lengths-{task}", score_charts.lengths([_setting(one) for one in results.of_task(task)])
        except InputError:
            # a task whose problems all have one length
            continue
    for group, tasks in results.groups.items():
        settings = [_setting(one) for task in tasks for one in results.of_task(task) if one.supervision]
        for cost in COSTS if settings else ():
            for split in SPLITS:
                yield f"front-{cost}-{group}-{split}", score_charts.pareto(settings, cost, split)


def _setting(one: Found) -> Setting:
    label = f"{one.learner} [{one.supervision}]" if one.supervision else one.learner
    runs = [ComparedRun(one.results.folders[seed], result) for seed, result in one.results.runs.items()]
    return Setting(label, tuple(runs))


def _page(results: StudyResults, figures: list[str]) -> Iterator[str]:
    """Yield the lines of the page."""
    study = results.plan.study
    yield from (f"# {study.title}", "", study.description, "", *_state(results), "")
    yield from (
        "## What is learned, and what had to be given away",
        "",
        *answers.table(results),
        "",
        *ANSWERS,
        "",
    )
    yield from (
        "## The best learner of each task, by extrapolate",
        "",
        *tables.best_of_each(results, SPLITS[1]),
        "",
    )
    for split in SPLITS:
        for group, tasks in results.groups.items():
            yield from (f"## {group}, {split}", "")
            yield from _pictures(figures, f"heat-map-{group}-{split}")
            for supervision in results.supervisions:
                lines = tables.grid(results, tasks, supervision, split)
                if len(lines) > 3:
                    yield from (f"### {group}, {split}, {supervision}", "", *lines, "")
    yield from ("## Lengths", "")
    for task in results.tasks:
        if lines := tables.lengths(results, task):
            yield from (f"### {task}", "", *lines, "")
        yield from _pictures(figures, f"lengths-{task}.")
    yield from _properties(results)
    yield from ("## The smallest networks", "", *tables.smallest(results), "")
    yield from _pictures(figures, "front-")
    if lines := tables.searches(results):
        yield from ("## What was tried where learners failed", "", *lines, "")
    yield from ("## Data", "", *_data(results), "")


def _properties(results: StudyResults) -> Iterator[str]:
    """Yield tables by smallest factor, kind of error, residue, and what else the strata of tasks state."""
    blocks = [
        (f"### {task}, {split}", "", *lines, "")
        for task in results.tasks
        for split in SPLITS
        if (lines := tables.properties(results, task, split))
    ]
    if blocks:
        yield from ("## By property of the problems", "")
    for block in blocks:
        yield from block


def _state(results: StudyResults) -> list[str]:
    """Return how much is finished, and how the tables are to be read."""
    runs = [result for one in results.found for result in one.results.runs.values()]
    wanted = sum(len(one.results.seeds) for one in results.found)
    minutes = sum(result.timings["fit_cpu_s"] for result in runs) / 60
    cost = f"{minutes / 60:.1f} CPU hours" if minutes >= 60 else f"{minutes:.1f} CPU minutes"
    return [
        f"{len(runs):,} of {wanted:,} runs of {len(results.found):,} cells are finished, {cost} of training; "
        f"{len(results.missing):,} cells are not begun.",
        "",
        "Cells are the mean exact match over training seeds in percent, with the lowest and the highest seed in "
        "brackets where they differ. † marks settings, or numbers of rows, that a search found on validation. "
        "Shortcuts need no training; they are computed on the same rows.",
    ]


def _pictures(figures: list[str], start: str) -> Iterator[str]:
    for name in figures:
        if name.startswith(start):
            yield from (f"![{name.rpartition('.')[0].replace('-', ' ')}]({name})", "")


def _data(results: StudyResults) -> list[str]:
    """Return where the data are, and the commands that make page, figures and runs."""
    commits = sorted({result.commit[:7] for one in results.found for result in one.results.runs.values()})
    return [
        f"`{RESULTS}` has every run with its command, commit, hardware and CPU seconds; beside each figure lies its",
        "data as CSV. Page and figures are made by `mathbench study report DIR`, the runs by `mathbench study run`",
        f"with the file below (commits {', '.join(commits)}):",
        "",
        "```toml",
        results.plan.study.text.rstrip(),
        "```",
    ]
