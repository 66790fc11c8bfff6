"""Commands that look into a finished run: plot, inspect."""

from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.options import Device, Json
from mathbench.cli.output import out, print_json, print_message
from mathbench.errors import InputError

RunDirectory = Annotated[Path, typer.Argument(help="A finished run.", metavar="RUN")]


def plot(run: RunDirectory, json: Json = False) -> None:
    """Draw a finished run into its folder plots, as PNG and SVG.

    Learning curves, exact match by stratum with intervals and floors, lengths of answers, errors by place in the
    answer and, for tasks with two operands, exact match by their lengths.

    Examples:
      mathbench plot runs/lstm-seq2seq-torch-addition-base10-seed0
    """
    from mathbench.baselines.analysis.plots import draw
    from mathbench.baselines.result import Result
    from mathbench.baselines.run_data import regenerate_run

    Result.load(run)
    files = draw(run, regenerate_run(run))
    if json:
        print_json([str(path) for path in files])
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
    from mathbench.baselines.analysis.inspect import activation_matrices, axis_labels, draw
    from mathbench.baselines.ask import ask_questions
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_run

    finished = load_run(run, DeviceConfig(device))
    if finished.trained is None:
        raise InputError(f"{finished.result['baseline']} is no network: there is nothing to look into.")
    requested = ask_questions(finished, [question])
    found, tokens = (
        requested.confidences[0],
        finished.trained.encoding.questions(requested.formatted_questions),
    )
    matrices = activation_matrices(finished.trained, tokens, found.tokens[None])
    path = plot or run / "plots" / "inspect.png"
    if matrices:
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = axis_labels(finished.trained, tokens, found.tokens[None])
        draw(path, matrices, f"{question} → {requested.answers[0]}", texts)
    if json:
        shapes = {name: list(values.shape) for name, values in matrices.items()}
        file = str(path) if matrices else None
        answer = {"question": question, "answer": requested.answers[0], "confidence": found.to_json()}
        print_json({**answer, "matrices": shapes, "plot": file})
        return
    out.print(requested.answers[0], markup=False, soft_wrap=True)
    out.print(found.text, markup=False, soft_wrap=True)
    for name, values in matrices.items():
        out.print(f"{name}: {' x '.join(map(str, values.shape))}", markup=False, soft_wrap=True)
    print_message(f"drawn: {path}" if matrices else "this network shows nothing of what it computed")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(plot)
    app.command()(inspect)
