"""Commands that look into a finished run: plot, inspect."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import Device, Json
from mathbench.cli.output import emit, out, say
from mathbench.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from mathbench.baselines.fit import Trained

RunDirectory = Annotated[Path, typer.Argument(help="A finished run.", metavar="RUN")]


def plot(run: RunDirectory, json: Json = False) -> None:
    """Draw a finished run into its folder plots, as PNG and SVG.

    Learning curves, exact match by stratum with intervals and floors, lengths of answers, errors by place in the
    answer and, for tasks with two operands, exact match by their lengths.

    Examples:
      mathbench plot runs/lstm-seq2seq-torch-addition-base10-seed0
    """
    from mathbench.baselines.plots import draw
    from mathbench.baselines.result import Result
    from mathbench.baselines.truth import truth_of_run

    Result.load(run)
    files = draw(run, truth_of_run(run))
    if json:
        emit([str(path) for path in files])
        return
    for path in files:
        out.print(str(path), markup=False, soft_wrap=True)


def inspect(
    run: RunDirectory,
    question: Annotated[str, typer.Argument(help="A plain question; the run's format is applied to it.")],
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help="A file ending in .png, .svg or .pdf. Default: RUN/plots/inspect.png."),
    ] = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Look into a network: how sure it is of each character, what it attends to, its hidden states.

    Examples:
      mathbench inspect runs/lstm-seq2seq-torch-addition-base10-seed0 "12+29"

      mathbench inspect runs/mine "12+29" --plot attention.svg
    """
    from mathbench.baselines.confidence import confidences
    from mathbench.baselines.fit import opened
    from mathbench.baselines.inspection import draw, matrices_of, texts_of
    from mathbench.baselines.network import Place

    trained = opened(run, Place(device))
    asked = written_question(trained, question)
    found, tokens = confidences(trained, asked)[0], trained.encoding.questions(asked)
    matrices = matrices_of(trained, tokens)
    path = plot or run / "plots" / "inspect.png"
    if matrices:
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(path, matrices, f"{question} → {found.answer}", texts_of(trained, tokens))
    if json:
        shapes = {name: list(values.shape) for name, values in matrices.items()}
        file = str(path) if matrices else None
        answer = {"question": question, "answer": found.answer, "confidence": found.to_json()}
        emit({**answer, "matrices": shapes, "plot": file})
        return
    out.print(found.answer, markup=False, soft_wrap=True)
    out.print(found.words, markup=False, soft_wrap=True)
    for name, values in matrices.items():
        out.print(f"{name}: {' x '.join(map(str, values.shape))}", markup=False, soft_wrap=True)
    say(f"drawn: {path}" if matrices else "this network shows nothing of what it computed")


def written_question(trained: "Trained", question: str) -> "pa.Array":
    """A plain question as the format of the run's task writes it, strings (1,).

    Raises:
        InputError: for an empty question, or one that the format cannot read.
    """
    import pyarrow as pa

    from mathbench import formats

    if not question:
        raise InputError("a question must not be empty.")
    try:
        return formats.of(trained.task).questions(pa.array([question], pa.string()))
    except (ValueError, IndexError, ArithmeticError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the run cannot read {question!r}. Ask as its task writes questions.") from None


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(plot)
    app.command()(inspect)
