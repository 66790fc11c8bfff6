"""Commands for the host of a sealed round: leaderboard round open, close, reveal, publish."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.command import CommandGroup
from mathbench.cli.leaderboard import rounds_enter, rounds_view
from mathbench.cli.leaderboard.options import DatabaseOption
from mathbench.cli.leaderboard.rounds_options import Folder, Secret
from mathbench.cli.options import Json
from mathbench.cli.output import print_json, print_message
from mathbench.errors import InputError

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
        list[str], typer.Option("--task", help="Task, such as addition:digits=6; may be repeated.")
    ],
    closes: Annotated[str, typer.Option(help="Time until the round closes, such as 2h or 7d.")],
    answer_within: Annotated[str, typer.Option(help="Time from questions to answers, such as 10m.")] = "1h",
    interpolate: Annotated[
        int, typer.Option(min=0, help="Number of questions of this split per task.")
    ] = 1000,
    extrapolate: Annotated[
        int, typer.Option(min=0, help="Number of questions of this split per task.")
    ] = 1000,
    secret: Secret = None,
) -> None:
    """Open a round and publish the digest of its seed.

    The seed stays secret until the round is revealed.

    Examples:
      mathbench leaderboard round open rounds/winter --task addition:digits=6 --task gcd --closes 7d
    """
    from mathbench.leaderboard import times
    from mathbench.leaderboard.rounds import host, private

    sizes = {s: n for s, n in {"interpolate": interpolate, "extrapolate": extrapolate}.items() if n}
    if not sizes:
        raise InputError("a round needs questions: --interpolate or --extrapolate must be above 0.")
    within = _seconds(answer_within, "--answer-within")
    until = times.now() + timedelta(seconds=_seconds(closes, "--closes"))
    found = host.open_round(folder, list(map(_task, task)), sizes, until, within, times.now(), secret)
    print_message(
        f"opened until {found.closes:%Y-%m-%d %H:%M:%S} UTC; commitment {found.opened['commitment']}"
    )
    print_message(f"keep '{private.secret_path(found, secret)}' secret, and do not lose it")


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


def reveal(folder: Folder, secret: Secret = None, as_json: Json = False) -> None:
    """Reveal a closed round.

    Publishes its seed and salt, and the scores of its entries.

    Examples:
      mathbench leaderboard round reveal rounds/winter
    """
    from mathbench.leaderboard import times
    from mathbench.leaderboard.rounds import host, log
    from mathbench.leaderboard.rounds.rules import Round

    host.reveal(folder, times.now, secret)
    rounds_view.show_round(Round(log.read(folder)), as_json)


def publish(
    folder: Folder,
    board: DatabaseOption = None,
    as_json: Json = False,
) -> None:
    """Publish a revealed round to a board.

    Every entry's answers to every task are scored again and stored. Publishing
    the same round again changes nothing.

    Examples:
      mathbench leaderboard round publish rounds/winter --board team.sqlite
    """
    from mathbench.leaderboard.rounds.publish import publish as put

    found = put(folder, board)
    if as_json:
        print_json(
            [{"entry": one.entry, "digest": one.result.record.digest, "new": one.result.new} for one in found]
        )
    new = sum(one.result.new for one in found)
    where = f" on {found[0].board}" if found else ""
    print_message(f"{new} submissions of {folder} are new{where}, {len(found) - new} were there already")


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
