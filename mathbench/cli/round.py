"""Commands of sealed rounds: leaderboard round open, challenge, answer, close, reveal, verify, show."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.board_options import JsonOption
from mathbench.cli.output import emit, out, say, table
from mathbench.errors import CheckFailed, InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from mathbench.task import Task

Folder = Annotated[Path, typer.Argument(help="The round's folder; it can be published at any time.")]
Secret = Annotated[
    Path | None,
    typer.Option(
        "--secret", help="Where the host keeps seed and salt. Default: beside the user's own board."
    ),
]

rounds = typer.Typer(no_args_is_help=True, help="Sealed rounds.", rich_markup_mode="rich")


def register(leaderboard: typer.Typer) -> None:
    """Add the commands."""
    rounds.command("open")(open_round)
    for command in (challenge, answer, close, reveal, verify, show):
        rounds.command()(command)
    leaderboard.add_typer(rounds, name="round")


def now() -> datetime:
    """The time, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def open_round(
    folder: Folder,
    task: Annotated[list[str], typer.Option("--task", help="Such as addition:digits=6; may be repeated.")],
    closes: Annotated[str, typer.Option(help="After so long, such as 2h or 7d.")],
    answer_within: Annotated[str, typer.Option(help="From questions to answers, such as 10m.")] = "1h",
    interpolate: Annotated[int, typer.Option(min=0, help="Questions of this split, per task.")] = 1000,
    extrapolate: Annotated[int, typer.Option(min=0, help="Questions of this split, per task.")] = 1000,
    secret: Secret = None,
) -> None:
    """Open a round and publish the digest of its seed.

    [bold]Examples[/]

    mathbench leaderboard round open rounds/winter --task addition:digits=6 --task gcd --closes 7d
    """
    from mathbench.leaderboard.rounds import host

    sizes = {s: n for s, n in {"interpolate": interpolate, "extrapolate": extrapolate}.items() if n}
    if not sizes:
        raise InputError("a round needs questions: --interpolate or --extrapolate must be above 0.")
    until, within = now() + timedelta(seconds=_seconds(closes)), _seconds(answer_within)
    found = host.open_round(folder, list(map(_task, task)), sizes, until, within, now(), secret)
    say(f"opened until {found.closes:%Y-%m-%d %H:%M:%S} UTC; commitment {found.opened['commitment']}")
    say(f"keep '{secret or host.secret_of(found.opened['commitment'])}' secret, and do not lose it")


def challenge(
    folder: Folder,
    weights: Annotated[
        Path, typer.Option("--weights", help="The file of weights; its SHA-256 is registered.")
    ],
    model: Annotated[str, typer.Option("--model", help="The model's name.")],
    questions: Annotated[Path, typer.Option("--out", help="Where the questions go: .jsonl or .parquet.")],
    secret: Secret = None,
) -> None:
    """Register a model's weights, and draw its questions only then.

    [bold]Examples[/]

    mathbench leaderboard round challenge rounds/winter --weights mine.safetensors --model mine --out q.jsonl
    """
    from mathbench.leaderboard.rounds import host

    if questions.suffix not in (".jsonl", ".parquet"):
        raise InputError(f"--out must end in .jsonl or .parquet. Received: '{questions.name}'.")
    if questions.exists():
        raise InputError(f"'{questions}' is there already.")
    _write_text(questions, "")  # a place that cannot be written shows before the clock runs
    entry, asked = host.challenge(folder, model, weights, now(), secret)
    _write(questions, asked)
    say(
        f"{entry.name}: {asked.num_rows:,} questions in {questions}; answer until {entry.deadline:%H:%M:%S} UTC"
    )
    say(f"receipt: {entry.challenge.digest}")


def answer(
    folder: Folder,
    entry: Annotated[str, typer.Argument(help="The entry, such as e1.")],
    answers: Annotated[Path, typer.Argument(help="Parquet or JSON lines: split, row, prediction, task.")],
    weights: Annotated[Path, typer.Option("--weights", help="The file that was registered, once more.")],
) -> None:
    """Hand in the answers of an entry, once and in time.

    [bold]Examples[/]

    mathbench leaderboard round answer rounds/winter e1 answers.jsonl --weights mine.safetensors
    """
    from mathbench.leaderboard.rounds import host

    found = host.answer(folder, entry, weights, answers, now())
    say(f"{found.name} has answered; scores are told when the round is revealed")
    say(f"receipt: {found.answer.digest if found.answer else ''}")


def close(folder: Folder) -> None:
    """Stop entries and answers.

    [bold]Examples[/]

    mathbench leaderboard round close rounds/winter
    """
    from mathbench.leaderboard.rounds import host

    host.close(folder, now())
    say("closed")


def reveal(folder: Folder, secret: Secret = None, as_json: JsonOption = False) -> None:
    """Publish seed, salt and scores of a closed round.

    [bold]Examples[/]

    mathbench leaderboard round reveal rounds/winter
    """
    from mathbench.leaderboard.rounds import host

    host.reveal(folder, now(), secret)
    show(folder, as_json)


def show(folder: Folder, as_json: JsonOption = False) -> None:
    """Show the entries of a round; their scores when it is revealed.

    [bold]Examples[/]

    mathbench leaderboard round show rounds/winter --json
    """
    from rich.text import Text

    from mathbench.leaderboard.rounds import log
    from mathbench.leaderboard.rounds.rules import Round

    found = Round(log.read(folder))
    rows = [row for entry in found.entries.values() for row in _rows(entry, found)]
    if as_json:
        emit({"round": dict(found.opened.said), "closed": found.closed, "entries": rows})
        return
    shown = table(
        "entry", "model", "weights", "answered", "task", "split", "right", "of", right=("right", "of")
    )
    for row in rows:
        shown.add_row(
            *(Text("" if v is None else str(v)) for v in {**row, "weights": row["weights"][:12]}.values())
        )
    out.print(shown)


def _rows(entry: Any, found: Any) -> list[dict[str, Any]]:
    """One line per task and split of an entry; before the round is revealed one line without scores."""
    head = {
        "entry": entry.name,
        "model": entry.challenge["model"],
        "weights": entry.weights,
        "answered": entry.answer["at"] if entry.answer else "no",
    }
    if found.reveal is None:
        return [{**head, "task": None, "split": None, "right": None, "of": None}]
    return [
        {**head, "task": task, "split": split, "right": count["correct"], "of": count["n"]}
        for task, by_split in found.reveal["scores"][entry.name].items()
        for split, count in by_split.items()
    ]


def verify(
    folder: Folder,
    receipt: Annotated[
        str | None, typer.Option("--receipt", help="A receipt that must be in the log.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="A file that an entry must be registered with.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify a published round offline; exit code 1 when something does not hold.

    [bold]Examples[/]

    mathbench leaderboard round verify rounds/winter

    mathbench leaderboard round verify rounds/winter --weights mine.safetensors
    """
    from mathbench.leaderboard.rounds.audit import audit

    found = audit(folder, receipt, weights)
    if as_json:
        emit(vars(found))
    for problem in () if as_json else found.problems:
        out.print(problem, markup=False)
    if found.problems:
        raise CheckFailed(f"the round in '{folder}' does not hold.")
    what = (
        "commitment, questions, answers and scores"
        if found.revealed
        else "log and answers (not revealed yet)"
    )
    say(f"{what} of {found.entries} entries hold")


def _seconds(text: str) -> int:
    from mathbench.cli.running import seconds

    days = text.strip().removesuffix("d")
    return int(days) * 86400 if text.strip().endswith("d") and days.isdigit() else int(seconds(text))


def _task(text: str) -> "Task":
    """Read a task such as addition:digits=6,operands=2."""
    from mathbench.generators import family

    name, _, options = text.partition(":")
    pairs = [pair.partition("=") for pair in options.split(",") if pair]
    if wrong := [key for key, equals, _ in pairs if not equals]:
        raise InputError(f"a task is given as NAME:key=value,key=value. Received: {wrong[0]!a}.")
    return family(name).of({key: value for key, _, value in pairs})


def _write(path: Path, questions: "pa.Table") -> None:
    import pyarrow.parquet as pq

    from mathbench import files

    if path.suffix == ".parquet":
        with files.replacing(path) as file:
            pq.write_table(questions, file)
    else:
        _write_text(path, "".join(json.dumps(row) + "\n" for row in questions.to_pylist()))


def _write_text(path: Path, text: str) -> None:
    from mathbench import files

    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, text)
