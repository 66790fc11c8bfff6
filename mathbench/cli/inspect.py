"""Commands that look into a finished run: plot, inspect."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import Device, Json, RunArgument
from mathbench.cli.output import out, print_json, print_message
from mathbench.cli.running import plots_installed
from mathbench.errors import InputError, require_extra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mathbench.baselines.analysis.confidence import Confidence
    from mathbench.baselines.encoding import Tokens
    from mathbench.baselines.predictor import TrainedNetwork


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(plot)
    app.command()(inspect)


def plot(run: RunArgument, json: Json = False) -> None:
    """Draw a finished run into RUN/plots, as PNG and SVG.

    The plots show learning curves, exact match by stratum with intervals and
    floors, lengths of answers, errors by position in the answer and, for tasks
    with two operands, exact match by their lengths.

    Examples:
      mathbench plot runs/lstm-seq2seq-torch-addition-base10-seed0
    """
    from mathbench.baselines.analysis.plots import draw
    from mathbench.baselines.result import Result
    from mathbench.baselines.run_data import regenerate_run

    Result.load(run)
    files = [str(path) for path in draw(run, regenerate_run(run))]
    if json:
        print_json(files)
        return
    for file in files:
        out.print(file, markup=False, soft_wrap=True)


def inspect(
    run: RunArgument,
    question: Annotated[
        str, typer.Argument(help="Question as plain text; the run's format is applied to it.")
    ],
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", help="Image file to draw, ending in .png, .svg or .pdf. Default: RUN/plots/inspect.png."
        ),
    ] = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Inspect how a network answers a question.

    Prints the answer with the confidence in each character, and draws attention
    weights and hidden states.

    Examples:
      mathbench inspect runs/lstm-seq2seq-torch-addition-base10-seed0 "12+29"

      mathbench inspect runs/mine "12+29" --plot attention.svg
    """
    from mathbench.baselines.ask import ask_questions
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_run

    if plot:
        require_extra("matplotlib", "plots")
    finished = load_run(run, DeviceConfig(device))
    if finished.trained is None:
        raise InputError(f"{finished.result['baseline']} is not a network, so there is nothing to inspect.")
    answered = ask_questions(finished, [question])
    answer, confidence = answered.answers[0], answered.confidences[0]
    path = plot or run / "plots" / "inspect.png"
    tokens = finished.trained.encoding.questions(answered.formatted_questions)
    drawn = path if plot or plots_installed() else None
    matrices = _matrices(finished.trained, tokens, confidence, drawn, f"{question} → {answer}")
    if json:
        shapes = {name: list(values.shape) for name, values in matrices.items()}
        file = str(drawn) if matrices and drawn else None
        answer_fields = {"question": question, "answer": answer, "confidence": confidence.to_json()}
        print_json({**answer_fields, "matrices": shapes, "plot": file})
        return
    out.print(answer, markup=False, soft_wrap=True)
    out.print(confidence.text, markup=False, soft_wrap=True)
    for name, values in matrices.items():
        out.print(f"{name}: {' x '.join(map(str, values.shape))}", markup=False, soft_wrap=True)
    if not matrices:
        print_message("this network shows nothing of what it computed")
    elif drawn:
        print_message(f"drawn: {drawn}")


def _matrices(
    network: "TrainedNetwork", tokens: "Tokens", confidence: "Confidence", path: Path | None, title: str
) -> "dict[str, NDArray[np.float32]]":
    """The attention weights and hidden states of a network for one question by name, drawn into a file if given."""
    from mathbench.baselines.analysis.inspect import activation_matrices, axis_labels, draw
    from mathbench.storage import atomic

    written = confidence.tokens[None]
    matrices = activation_matrices(network, tokens, written)
    if matrices and path:
        with atomic.new_folder(path.parent):
            draw(path, matrices, title, axis_labels(network, tokens, written))
    return matrices
