"""Commands for observers of a sealed round: leaderboard round show, verify, fetch."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.leaderboard.rounds_options import Place
from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message, table
from mathbench.errors import CheckFailed, InputError

if TYPE_CHECKING:
    from mathbench.leaderboard.rounds.audit import Audit
    from mathbench.leaderboard.rounds.rules import Round


def register(rounds: typer.Typer) -> None:
    """Add the commands."""
    for command in (verify, show, fetch):
        rounds.command()(command)


def show(place: Place, as_json: Json = False) -> None:
    """Show the entries of a round.

    Scores are shown once the round is revealed. A model's score is over all its
    entries, also those that were not answered.

    Examples:
      mathbench leaderboard round show rounds/winter --json

      mathbench leaderboard round show https://board.example.org/rounds/winter
    """
    from mathbench.leaderboard.rounds import log
    from mathbench.leaderboard.rounds.client import remote_round
    from mathbench.leaderboard.rounds.rules import Round
    from mathbench.storage.location import local_path

    far = remote_round(place)
    show_round(Round(log.parse(far.log()) if far else log.read(local_path(place))), as_json)


def show_round(found: "Round", as_json: bool) -> None:
    """Print a round."""
    rows, models = _rows(found), _models(found)
    if as_json:
        shown = {"round": dict(found.opened.fields), "closed": found.closed, "entries": rows}
        print_json({**shown, "models": models})
        return
    _print_table(rows, ("number", "right", "of"))
    if models:
        _print_table(models, ("answered", "entries", "right", "of", "exact_match"))
        print_message(
            "the score of a model is over all its entries; in an entry without answers all of them are wrong"
        )


def _print_table(rows: list[dict[str, Any]], right: tuple[str, ...]) -> None:
    from rich.text import Text

    if not rows:
        return
    shown = table(
        *(key.replace("_", " ") for key in rows[0]), right=tuple(r.replace("_", " ") for r in right)
    )
    for row in rows:
        shown.add_row(*(Text(_cell(key, value)) for key, value in row.items()))
    out.print(shown)


def _cell(key: str, value: Any) -> str:
    from mathbench.leaderboard.ranking.render import HOST

    if key == "submitter":
        return str(value or HOST)
    if key == "weights":
        return str(value)[:12]
    return f"{value:.2%}" if isinstance(value, float) else "" if value is None else str(value)


def _rows(found: "Round") -> list[dict[str, Any]]:
    """Return a row per entry, task and split; before the round is revealed, one row per entry without scores."""
    from mathbench.leaderboard.rounds.entrants import entry_numbers

    numbers, rows = entry_numbers(found), []
    for entry in found.entries.values():
        number = numbers[entry.name]
        head = {
            "entry": entry.name,
            "model": entry.model,
            "submitter": entry.submitter,
            "number": f"{number.number} of {number.entries}",
            "weights": entry.weights,
            "answered": entry.answer["at"] if entry.answer else "no",
        }
        if found.reveal is None:
            rows.append({**head, "task": None, "split": None, "right": None, "of": None})
        for task, by_split in found.scores.get(entry.name, {}).items():
            for split, count in by_split.items():
                rows.append(
                    {**head, "task": task, "split": split, "right": count["correct"], "of": count["n"]}
                )
    return rows


def _models(found: "Round") -> list[dict[str, Any]]:
    """Return a row per model, task and split of a revealed round, over all entries of the model."""
    from mathbench.leaderboard.rounds.entrants import model_scores

    return [
        {
            "model": one.entries[0].model,
            "submitter": one.entries[0].submitter,
            "task": one.task,
            "split": one.split,
            "answered": one.answered_entries,
            "entries": len(one.entries),
            "right": one.score.correct,
            "of": one.score.n,
            "exact_match": one.score.exact_match,
        }
        for one in model_scores(found)
    ]


def verify(
    place: Place,
    receipt: Annotated[str | None, typer.Option("--receipt", help="Receipt that must be in the log.")] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="File of weights that an entry must have registered.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify a published round.

    Exits with code 1 if something fails verification. A folder is verified
    offline; from a server, log and answers are fetched first and verified here.

    Examples:
      mathbench leaderboard round verify rounds/winter

      mathbench leaderboard round verify rounds/winter --weights mine.safetensors

      mathbench leaderboard round verify https://board.example.org/rounds/winter
    """
    from tempfile import TemporaryDirectory

    from mathbench.leaderboard.rounds.audit import audit
    from mathbench.leaderboard.rounds.client import remote_round
    from mathbench.storage.location import local_path

    if far := remote_round(place):
        with TemporaryDirectory(prefix="mathbench-") as folder:
            far.fetch(Path(folder))
            found = audit(Path(folder), receipt, weights)
    else:
        found = audit(local_path(place), receipt, weights)
    _report(place, found, as_json)


def _report(place: str, found: "Audit", as_json: bool) -> None:
    """Print the problems of a round.

    Raises:
        CheckFailed: when there are any.
    """
    if as_json:
        print_json(vars(found))
    for problem in () if as_json else found.problems:
        out.print(problem, markup=False)
    if found.problems:
        raise CheckFailed(f"the round in '{place}' fails verification.")
    early = "log, and those answers that are there (the round is not revealed yet),"
    for line in found.unanswered:
        print_message(line)
    what = "commitment, questions, answers and scores" if found.revealed else early
    print_message(f"{what} of {found.entries} entries pass verification")


def fetch(
    url: Annotated[str, typer.Argument(metavar="URL", help="URL of the round on a server.")],
    folder: Annotated[Path, typer.Argument(help="Folder to write to: new, empty, or with an earlier copy.")],
) -> None:
    """Fetch a round from a server: its log and, once it is revealed, all answers.

    If the folder holds an earlier copy, the log must begin with its lines.

    Examples:
      mathbench leaderboard round fetch https://board.example.org/rounds/winter winter
    """
    from mathbench.leaderboard.rounds.client import remote_round

    far = remote_round(url)
    if far is None:
        raise InputError(f"a round is fetched from a URL. Received: '{url}'.")
    far.fetch(folder)
    print_message(f"{far.name} is in {folder}; `mathbench leaderboard round verify {folder}` checks it")
