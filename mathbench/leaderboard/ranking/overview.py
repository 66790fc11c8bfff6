"""The overview of a board in Markdown: the ranking over the season, and a line per task with its best models.

The complete tables of each task stand on a page of their own, to which the overview links.
"""

from collections.abc import Callable, Iterator, Sequence

from mathbench.leaderboard.ranking.macro import MacroAverage
from mathbench.leaderboard.ranking.render import (
    cells_by_column,
    disambiguate_names,
    escape_control,
    escape_markdown,
    markdown,
    notes,
    short_title,
)
from mathbench.leaderboard.ranking.tables import Entry, RankTable, grouped
from mathbench.leaderboard.submission_manifest import SUPERVISIONS
from mathbench.leaderboard.submission_record import RESCORED

BEST = 3  # models of a task and split
MOST = 10  # models of the ranking over all tasks, per split and supervision
COLUMNS = ("task", "split", "supervision", "models", "share rank 1", f"best {BEST}", "best floor")
AVERAGE_COLUMNS = ("split", "supervision", "rank", "model", "mean", "95 % interval")
GENERATED = "<!-- written by mathbench leaderboard build -->"


def overview(
    tables: Sequence[RankTable], averages: Sequence[MacroAverage], link: Callable[[str], str]
) -> str:
    """Return the overview.

    Args:
        tables: all tables of a season and of open submissions, as `markdown` takes them.
        averages: the models' means over the tasks of the season.
        link: from the name of a task to the address of the page with its complete tables.
    """
    if not tables:
        return "No submissions yet.\n"
    parts: list[str] = []
    for season, inside in grouped(tables, lambda table: table.season).items():
        parts += [f"### {f'Season {season}' if season else 'Open submissions'}", ""]
        parts += _averages(averages) if season else []
        for group, found in grouped(inside, lambda table: table.group).items():
            parts += [f"#### {escape_markdown(group)}", ""] if group else []
            parts += [*_markdown_table(COLUMNS, (_row(table, link) for table in found)), ""]
    return "\n".join([*parts, f"Tasks link to their complete tables. {notes(tables)}", ""])


def task_pages(tables: Sequence[RankTable]) -> dict[str, str]:
    """Return the pages with the complete tables of each task, by the name of the task."""
    found = grouped(tables, lambda table: table.task)
    return {
        task: f"{GENERATED}\n# {escape_markdown(task)}\n\n{markdown(inside)}"
        for task, inside in found.items()
    }


def _row(table: RankTable, link: Callable[[str], str]) -> tuple[str, ...]:
    named = disambiguate_names(table.lines)
    models = [line for line in named if line.kind == "model"]
    floors = [line for line in named if line.kind == "floor"]
    first = sum(line.rank == 1 for line in models)
    best = max(floors, key=lambda line: line.exact_match, default=None)
    return (
        f"[{escape_markdown(short_title(table))}]({link(table.task)})",
        table.split,
        SUPERVISIONS[table.supervision],
        f"{len(models):,}",
        f"{first:,}" if first else "",
        "<br>".join(_scored(line) for line in models[:BEST]),
        "" if best is None else f"*{escape_markdown(best.model)} {best.exact_match:.2%}*",
    )


def _scored(line: Entry) -> str:
    """The rank, the name and the score of a model, with its badge where it is not the usual one."""
    cells = cells_by_column(line)
    rank = f"{line.rank}\\. " if line.rank else ""
    badge = "" if line.badge == RESCORED else f", {line.badge}"
    words = f"{cells['model']} {cells['exact match']} ({cells['95 % interval']}{badge})"
    return rank + escape_markdown(words)


def _averages(averages: Sequence[MacroAverage]) -> list[str]:
    """The ranking over all tasks, of the models that answered all of them."""
    ranked = [average for average in averages if average.rank is not None]
    if not ranked:
        tasks = averages[0].of if averages else 0
        return [f"No model has answered all {tasks} tasks, so that none has a rank over the season.", ""]
    parts = grouped(ranked, lambda average: (average.split, average.supervision))
    rows = (_average_row(average) for found in parts.values() for average in found[:MOST])
    return [*_markdown_table(AVERAGE_COLUMNS, rows), ""]


def _average_row(average: MacroAverage) -> tuple[str, ...]:
    return (
        average.split,
        SUPERVISIONS[average.supervision],
        str(average.rank),
        escape_markdown(escape_control(average.model)),
        f"{average.mean:.2%}",
        f"{average.low:.2%} to {average.high:.2%}",
    )


def _markdown_table(columns: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for row in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(row)} |"
