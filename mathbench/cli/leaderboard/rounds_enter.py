"""Commands for entrants of a sealed round: leaderboard round challenge, answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.leaderboard.options import TokenFile
from mathbench.cli.leaderboard.rounds_options import Place, Secret, write_questions, write_text
from mathbench.cli.output import print_message
from mathbench.errors import InputError


def register(rounds: typer.Typer) -> None:
    """Add the commands."""
    for command in (challenge, answer):
        rounds.command()(command)


def challenge(
    place: Place,
    weights: Annotated[Path, typer.Option("--weights", help="File of weights, whose SHA-256 is registered.")],
    model: Annotated[str, typer.Option("--model", help="Name of the model.")],
    questions: Annotated[
        Path, typer.Option("--out", help="File for the questions, ending in .jsonl or .parquet.")
    ],
    secret: Secret = None,
    token_file: TokenFile = None,
) -> None:
    r"""Register a model's weights, and draw its questions.

    The questions are drawn after the SHA-256 of the weights is registered. The
    weights stay on this machine.

    Examples:
      mathbench leaderboard round challenge rounds/winter \
        --weights mine.safetensors --model mine --out q.jsonl

      mathbench leaderboard round challenge https://board.example.org/rounds/winter \
        --weights mine.safetensors --model mine --out q.jsonl --token-file ada.token
    """
    from mathbench.leaderboard import client, times
    from mathbench.leaderboard.rounds import host, sealed
    from mathbench.leaderboard.rounds.client import remote_round
    from mathbench.storage.location import local_path

    far, digest = remote_round(place), sealed.sha256_of(weights)
    token = client.read_token(token_file) if far else ""
    if far and secret:
        raise InputError(
            "--secret applies to a round in a folder; a server keeps the secrets of its own rounds."
        )
    with _reserved(questions):
        if far:
            mine = far.challenge(model, digest, token)
            name, deadline, receipt, requested = mine.entry, mine.deadline, mine.receipt, mine.questions
        else:
            entry, requested = host.challenge(local_path(place), model, digest, times.now, secret)
            name, deadline, receipt = entry.name, entry.deadline, entry.challenge.digest
        write_questions(questions, requested)
    print_message(
        f"{name}: {requested.num_rows:,} questions in {questions}; answer until {deadline:%H:%M:%S} UTC"
    )
    print_message(f"receipt: {receipt}")


@contextmanager
def _reserved(questions: Path) -> Iterator[None]:
    """Create the file of questions before the time to answer starts, and remove it when the entry fails."""
    if questions.suffix not in (".jsonl", ".parquet"):
        raise InputError(f"--out must end in .jsonl or .parquet. Received: '{questions.name}'.")
    if questions.exists():
        raise InputError(f"'{questions}' already exists.")
    write_text(questions, "")
    try:
        yield
    except BaseException:
        questions.unlink(missing_ok=True)
        raise


def answer(
    place: Place,
    entry: Annotated[str, typer.Argument(help="Entry, such as e1.")],
    answers: Annotated[
        Path, typer.Argument(help="Parquet or JSON lines (.jsonl) with split, row, prediction and task.")
    ],
    weights: Annotated[Path, typer.Option("--weights", help="File of weights that was registered.")],
    token_file: TokenFile = None,
) -> None:
    r"""Submit the answers of an entry.

    They are accepted once, and before the entry's deadline.

    Examples:
      mathbench leaderboard round answer rounds/winter e1 answers.jsonl --weights mine.safetensors

      mathbench leaderboard round answer https://board.example.org/rounds/winter e1 answers.jsonl \
        --weights mine.safetensors --token-file ada.token
    """
    from mathbench.leaderboard import client, times
    from mathbench.leaderboard.rounds import host, sealed
    from mathbench.leaderboard.rounds.client import remote_round
    from mathbench.storage.location import local_path

    digest = sealed.sha256_of(weights)
    if far := remote_round(place):
        receipt = far.answer(entry, digest, answers, client.read_token(token_file))
    else:
        found = host.answer(local_path(place), entry, digest, answers, times.now)
        receipt = found.answer.digest if found.answer else ""
    print_message(f"{entry} has answered; the scores are shown when the round is revealed")
    print_message(f"receipt: {receipt}")
