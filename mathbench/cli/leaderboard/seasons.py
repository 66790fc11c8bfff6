"""Commands for the seasons of a board: leaderboard season list, show, add."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.command import CommandGroup
from mathbench.cli.leaderboard.options import BoardOption
from mathbench.cli.options import Json
from mathbench.cli.output import ProgressBar, out, print_json, print_message, table
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.leaderboard.seasons.season import Season

seasons = CommandGroup(help="List, show and add seasons: what a board ranks.")


def register(leaderboard: typer.Typer) -> None:
    """Add the commands."""
    seasons.command("list")(listing)
    seasons.command()(show)
    seasons.command()(add)
    leaderboard.add_typer(seasons, name="season")


def listing(board: BoardOption = None, as_json: Json = False) -> None:
    """List the seasons of a board.

    These are the ones that come with mathbench, and those that its host added.

    Examples:
      mathbench leaderboard season list

      mathbench leaderboard season list --board team.sqlite --json
    """
    found = list(_known(board).values())
    if as_json:
        print_json([_summary(season) for season in found])
        return
    shown = table("season", "tasks", "rows", "opens", "closes", "about", right=("tasks", "rows"))
    for season in found:
        summary = _summary(season)
        times = [summary[key] or "" for key in ("opens", "closes")]
        shown.add_row(season.name, str(len(season.tasks)), f"{summary['rows']:,}", *times, season.title)
    out.print(shown)


def show(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Name of a season, or its TOML file.")],
    board: BoardOption = None,
    as_json: Json = False,
) -> None:
    """Show the rules, tasks and rows of a season.

    A model is ranked in a season once it has answered all rows of a task.

    Examples:
      mathbench leaderboard season show core-1

      mathbench leaderboard season show winter.toml --json
    """
    from mathbench.errors import did_you_mean
    from mathbench.leaderboard.seasons.files import available, load_season

    known = {} if name.endswith(".toml") or name in available() else _known(board)
    if known and name not in known:
        raise InputError(f"the board has no season '{name}'. {did_you_mean(name, known)}")
    season = known[name] if known else load_season(name)
    if as_json:
        print_json({**_summary(season), "tasks": [_task(task) for task in season.tasks]})
        return
    _print(season)


def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML file of the season.")],
    board: BoardOption = None,
) -> None:
    """Add a season to a board, with the scores of floors and exact solver.

    From then on it never changes; give what you add later another name.

    Examples:
      mathbench leaderboard season add winter.toml --board team.sqlite

      mathbench leaderboard season add winter.toml --board leaderboard
    """
    from mathbench.leaderboard.seasons.files import load_season
    from mathbench.leaderboard.seasons.references import compute_references
    from mathbench.leaderboard.store.any_board import add_season, check_season_is_new

    season = load_season(str(file))
    check_season_is_new(board, season)
    with ProgressBar("floors of tasks", len(season.tasks)) as bar:
        references = compute_references(season, lambda name: bar(1))
    where = add_season(board, file.read_text(encoding="utf-8"), season, references)
    print_message(f"season {season.name}: {len(season.tasks)} tasks on {where}")


def _known(board: str | None) -> "dict[str, Season]":
    """The seasons of a board; without a board those that come with mathbench."""
    from mathbench.leaderboard.seasons.references import builtin_seasons
    from mathbench.leaderboard.store.any_board import load_seasons
    from mathbench.leaderboard.store.database import chosen, default_path

    if chosen(board) is None and not default_path().is_file():
        return {season.name: season for season, _ in builtin_seasons()}
    return {name: season for name, (season, _) in load_seasons(board).items()}


def _summary(season: "Season") -> dict[str, Any]:
    from mathbench.leaderboard.times import TIME_FORMAT

    return {
        "name": season.name,
        "title": season.title,
        "description": season.description,
        "digest": season.digest,
        "opens": season.opens.strftime(TIME_FORMAT) if season.opens else None,
        "closes": season.closes.strftime(TIME_FORMAT) if season.closes else None,
        "rows": sum(n for task in season.tasks for n in task.rows.values()),
        "training": season.training,
        "external_data": season.external_data,
        "sealed": season.sealed is not None,
    }


def _task(task: Any) -> dict[str, Any]:
    return {**task.to_json(), "task": task.task.name}


def _print(season: "Season") -> None:
    """Print the rules and the tasks of a season."""
    from rich.text import Text

    from mathbench.leaderboard.ranking.detectable import detectable_difference

    summary = _summary(season)
    out.print(Text(f"{season.title} ({season.name}): {season.description}".strip()))
    for key in ("training", "opens", "closes"):
        if summary[key]:
            out.print(Text(f"{key}: {summary[key]}"))
    shown = table("task", "group", "family and parameters", "seed", "split", "rows", right=("rows",))
    for task in season.tasks:
        for i, (split, n) in enumerate(task.rows.items()):
            first = ("", "", "", "") if i else (task.name, task.group, task.task.name, str(task.seed))
            shown.add_row(*map(Text, (*first, split, f"{n:,}")))
    out.print(shown)
    rows = min(n for task in season.tasks for n in task.rows.values())
    found = detectable_difference(rows, 0.9)
    print_message(
        f"{rows:,} rows show a difference of {found:.2%} between two models near 90 %, with a power of 80 %"
    )
