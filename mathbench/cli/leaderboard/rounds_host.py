"""Commands for the host of a sealed round: leaderboard round open, close, reveal, publish."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.command import CommandGroup
from mathbench.cli.leaderboard import rounds_enter, rounds_view
from mathbench.cli.leaderboard.options import DatabaseOption
from mathbench.cli.leaderboard.rounds_options import Folder, Secret
from mathbench.cli.options import Json
from mathbench.cli.output import print_json, print_message
from mathbench.errors import CheckFailed, InputError

if TYPE_CHECKING:
    from mathbench.task import Task

rounds = CommandGroup(help="Host, enter and verify sealed rounds.")


def register(leaderboard: typer.Typer) -> None:
    """Add the commands of hosts, entrants and observers."""
    rounds.command("open")(open_round)
    rounds_enter.register(rounds)
    for command in (close, reveal, publish):
        rounds.command()(command)
    rounds_view.register(rounds)
    leaderboard.add_typer(rounds, name="round")


def open_round(
    folder: Folder,
    task: Annotated[
        list[str] | None, typer.Option("--task", help="Task, such as addition:digits=6; may be repeated.")
    ] = None,
    season: Annotated[
        str | None,
        typer.Option(
            "--season",
            metavar="FILE",
            help="Season whose tasks and rows are asked; its TOML file gets the commitment.",
        ),
    ] = None,
    closes: Annotated[
        str | None,
        typer.Option(help="Time until the round closes, such as 2h or 7d. Default: that of the season."),
    ] = None,
    answer_within: Annotated[str, typer.Option(help="Time from questions to answers, such as 10m.")] = "1h",
    interpolate: Annotated[
        int | None, typer.Option(min=0, help="Number of questions of this split per task. Default: 1000.")
    ] = None,
    extrapolate: Annotated[
        int | None, typer.Option(min=0, help="Number of questions of this split per task. Default: 1000.")
    ] = None,
    entries_per_submitter: Annotated[
        int, typer.Option(min=1, help="Number of entries that one submitter may register.")
    ] = 3,
    secret: Secret = None,
) -> None:
    """Open a round and publish the digest of its seed.

    The seed stays secret until the round is revealed. Every entry counts in the
    score of its model, also without answers. An entrant without a token counts
    by the name of its model.

    Examples:
      mathbench leaderboard round open rounds/winter --task addition:digits=6 --task gcd --closes 7d

      mathbench leaderboard round open rounds/winter --season winter.toml
    """
    from mathbench.leaderboard import times
    from mathbench.leaderboard.rounds import host, private
    from mathbench.leaderboard.rounds.sealed_seasons import SeasonRound, open_season

    if bool(task) == bool(season):
        raise InputError("a round needs questions: give --task, or --season FILE.")
    within = _seconds(answer_within, "--answer-within")
    until = times.now() + timedelta(seconds=_seconds(closes, "--closes")) if closes else None
    if season:
        if interpolate is not None or extrapolate is not None:
            raise InputError(
                "the season has its own numbers of questions; leave out --interpolate and --extrapolate."
            )
        settings = SeasonRound(within, entries_per_submitter, until)
        found = open_season(folder, Path(season), settings, times.now(), secret)
    else:
        if until is None:
            raise InputError("give --closes, such as --closes 7d.")
        sizes = _sizes(interpolate, extrapolate)
        tasks = list(map(_task, task or []))
        found = host.open_round(
            folder, tasks, sizes, until, within, times.now(), secret, entries_per_submitter
        )
    print_message(
        f"opened until {found.closes:%Y-%m-%d %H:%M:%S} UTC; commitment {found.opened['commitment']}"
    )
    print_message(f"keep '{private.secret_path(found, secret)}' secret, and do not lose it")


def _sizes(interpolate: int | None, extrapolate: int | None) -> dict[str, int]:
    """Return the number of questions per split."""
    given = {"interpolate": interpolate, "extrapolate": extrapolate}
    sizes = {split: 1000 if n is None else n for split, n in given.items() if n != 0}
    if not sizes:
        raise InputError("a round needs questions: --interpolate or --extrapolate must be above 0.")
    return sizes


def close(folder: Folder) -> None:
    """Close a round.

    It then accepts neither entries nor answers.

    Examples:
      mathbench leaderboard round close rounds/winter
    """
    from mathbench.leaderboard import times
    from mathbench.leaderboard.rounds import host

    host.close(folder, times.now)
    print_message("closed")


def reveal(
    folder: Folder,
    secret: Secret = None,
    season: Annotated[
        Path | None,
        typer.Option("--season", help="TOML file of the season of the round, which gets seed and salt."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Reveal a closed round.

    Publishes its seed and salt, and the scores of its entries.

    Examples:
      mathbench leaderboard round reveal rounds/winter

      mathbench leaderboard round reveal rounds/winter --season winter.toml
    """
    from mathbench.leaderboard import times
    from mathbench.leaderboard.rounds import host, log
    from mathbench.leaderboard.rounds.rules import Round
    from mathbench.leaderboard.rounds.sealed_seasons import check_season_of, reveal_in_file
    from mathbench.leaderboard.seasons.files import load_season

    if season:
        check_season_of(Round(log.read(folder)), load_season(str(season)))
    if not (season and Round(log.read(folder)).reveal):
        host.reveal(folder, times.now, secret)
    found = Round(log.read(folder))
    rounds_view.show_round(found, as_json)
    if season:
        reveal_in_file(found, season)
        print_message(
            f"seed and salt are in {season}; add them to a board: mathbench leaderboard season add {season}"
        )


def publish(
    folder: Folder,
    board: DatabaseOption = None,
    as_json: Json = False,
) -> None:
    """Publish a revealed round to a board.

    Every entry's answers to every task are scored again and stored; those of an
    entry without answers are all wrong. Publishing the same round again changes
    nothing. Exits with code 1 if the board refuses an entry, such as one whose
    name belongs to another submitter there.

    Examples:
      mathbench leaderboard round publish rounds/winter --board team.sqlite
    """
    from mathbench.leaderboard.rounds.publish import publish as put

    found = put(folder, board)
    stored = [(one.entry, one.result) for one in found if one.result is not None]
    if as_json:
        print_json(
            [{"entry": name, "digest": result.record.digest, "new": result.new} for name, result in stored]
        )
    new = sum(result.new for _, result in stored)
    where = f" on {found[0].board}" if found else ""
    print_message(f"{new} submissions of {folder} are new{where}, {len(stored) - new} were there already")
    if refused := {one.entry: one.problem for one in found if one.problem}:
        for entry, problem in refused.items():
            print_message(f"{entry}: {problem}")
        raise CheckFailed(f"the board refused {len(refused)} entries of {folder}.")


def _seconds(text: str, option: str) -> int:
    """Return the whole seconds of a duration such as 10m or 7d."""
    from mathbench.cli.running import parse_duration

    seconds = int(parse_duration(text, option))
    if not seconds:
        raise InputError(f"{option} must be at least one second. Received: {text!r}.")
    return seconds


def _task(text: str) -> "Task":
    """Make a task from text such as addition:digits=6,operands=2."""
    from mathbench.families import from_spec

    name, _, options = text.partition(":")
    pairs = [pair.partition("=") for pair in options.split(",") if pair]
    if wrong := [key for key, equals, _ in pairs if not equals]:
        raise InputError(f"a task is given as NAME:key=value,key=value. Received: {wrong[0]!a}.")
    parameters = {key.replace("-", "_"): value for key, _, value in pairs}
    if len(parameters) < len(pairs):
        raise InputError(f"every parameter of a task may be given once. Received: {text!a}.")
    return from_spec(name, parameters)
