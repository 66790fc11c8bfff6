"""The command that looks into a finished run: inspect."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.layers import print_run
from mathbench.cli.options import Device, Json, RunArgument
from mathbench.cli.output import out, print_json, print_message
from mathbench.cli.running import plots_installed
from mathbench.errors import InputError, did_you_mean, require_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from mathbench.baselines.analysis.confidence import Confidence
    from mathbench.baselines.encoding import Tokens
    from mathbench.baselines.predictor import TrainedNetwork

STATES_COUNT = 1000  # rows of a split


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(inspect)


def inspect(
    run: RunArgument,
    questions: Annotated[
        list[str] | None,
        typer.Argument(
            help="Question as plain text; the run's format is applied to it. With --states there may be several.",
            metavar="QUESTION...",
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", help="Image file to draw, ending in .png, .svg or .pdf. Default: RUN/plots/inspect.png."
        ),
    ] = None,
    states: Annotated[
        Path | None,
        typer.Option(
            "--states",
            help="Parquet file for the hidden states, one row per question, layer and position.",
            metavar="FILE",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="With --states, split of the run's data to read. Default: interpolate."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="With --states, number of rows of the split. Default: 1000, or all if there are fewer.",
        ),
    ] = None,
    out_file: Annotated[
        Path | None,
        typer.Option(
            "--out", help="File for the matrices as numbers, ending in .npz or .json.", metavar="FILE"
        ),
    ] = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="Print the layers of the network, with their trained weights.")
    ] = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Inspect how a network answers a question, export its hidden states, or list its layers.

    Prints the answer with the confidence in each character, and draws attention
    weights and hidden states. --json prints these matrices as numbers, and
    --out writes them to a file. With --states, writes the hidden states for the
    questions, or for rows of a split, and --plot draws two principal components
    of them, coloured by the residue of what was read, or by the answer.

    Examples:
      mathbench inspect runs/lstm-seq2seq-torch-addition-base10-seed0 "12+29"

      mathbench inspect runs/mine "12+29" --plot attention.svg

      mathbench inspect runs/mine --states states.parquet --split extrapolate --count 500

      mathbench inspect runs/mine --states states.parquet --plot states.svg
    """
    given = list(questions or [])
    if layers:
        if given or plot or states or split or out_file or count is not None:
            raise InputError("--layers needs neither questions nor other options.")
        print_run(run, json)
    elif states is not None:
        if out_file is not None:
            raise InputError("--out goes with one question; --states FILE has the states of several.")
        _export(run, given, _StatesRequest(states, plot, split, count, device), json)
    elif split is not None or count is not None:
        raise InputError("--split and --count go with --states FILE.")
    elif len(given) != 1:
        raise InputError(f"give one question, or several with --states FILE. Received: {len(given)}.")
    else:
        _inspect_one(run, given[0], _OneRequest(plot, out_file, device), json)


@dataclass(frozen=True)
class _OneRequest:
    """The options for one question."""

    plot: Path | None
    out: Path | None
    device: str


@dataclass(frozen=True)
class _StatesRequest:
    """The options of an export of states."""

    file: Path
    plot: Path | None
    split: str | None
    count: int | None
    device: str


def _export(run: Path, questions: list[str], request: _StatesRequest, json: bool) -> None:
    """Write the states for the given questions, or for rows of a split."""
    from mathbench.baselines.analysis.figures import check_suffix
    from mathbench.baselines.analysis.states import check_states_file, export_states
    from mathbench.baselines.analysis.states_picture import draw_states, panels
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_run

    check_states_file(request.file)
    if request.plot is not None:
        check_suffix(request.plot, "--plot")
        require_extra("matplotlib", "plots")
    if questions and (request.split is not None or request.count is not None):
        raise InputError("give questions, or rows with --split and --count, not both.")
    loaded = load_run(run, DeviceConfig(request.device))
    expected = ids = None
    if not questions:
        questions, expected, ids = _rows(run, request.split or "interpolate", request.count)
    found = export_states(loaded, questions, expected, request.file, ids)
    if request.plot is not None:
        title = f"hidden states, {loaded.result['baseline']}, {loaded.task.name}"
        draw_states(panels(request.file, loaded.task), title, request.plot)
        print_message(f"drawn: {request.plot}")
    if json:
        print_json({"states": str(request.file), **vars(found)})
        return
    layers = ", ".join(f"{name} ({units} units)" for name, units in found.layers.items())
    print_message(f"{found.rows:,} states of {found.questions:,} questions in {request.file}: {layers}")


def _rows(run: Path, split: str, count: int | None) -> tuple[list[str], list[str], "pa.StringArray"]:
    """Return the first questions and answers of a split of a run, in plain text, and the names of the rows."""
    from mathbench.baselines.run_data import regenerate_run
    from mathbench.rows import row_ids

    data = regenerate_run(run).plain()
    if split not in data.splits:
        raise InputError(f"{run} has no split '{split}'. {did_you_mean(split, data.splits)}")
    rows = data.splits[split]
    if count is not None and count > rows.num_rows:
        raise InputError(f"{split} of {run} has {rows.num_rows:,} rows. Received: --count {count:,}.")
    first = rows.slice(0, count or STATES_COUNT)
    ids = row_ids(data.task, split, data.seed, first["row"].to_numpy())
    return first["question"].to_pylist(), first["answer"].to_pylist(), ids


def _inspect_one(run: Path, question: str, request: _OneRequest, json: bool) -> None:
    from mathbench.baselines.analysis.matrices import check_matrices_file, describe, write_matrices
    from mathbench.baselines.ask import ask_questions
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_run
    from mathbench.baselines.result import Result
    from mathbench.cli.report import beside_weights

    plot, file = request.plot, request.out
    if plot:
        require_extra("matplotlib", "plots")
    if file:
        check_matrices_file(file)
    finished = load_run(run, DeviceConfig(request.device))
    if finished.trained is None:
        raise InputError(f"{finished.result['baseline']} is not a network, so there is nothing to inspect.")
    answered = ask_questions(finished, [question])
    answer, confidence = answered.answers[0], answered.confidences[0]
    path = plot or run / "plots" / "inspect.png"
    tokens = finished.trained.encoding.questions(answered.formatted_questions)
    drawn = path if plot or plots_installed() else None
    matrices = _matrices(finished.trained, tokens, confidence, drawn, f"{question} → {answer}")
    labels = _labels(finished.trained, tokens, confidence)
    if file:
        write_matrices(file, matrices, labels)
        print_message(f"{len(matrices)} matrices in {file}")
    if json:
        print_json(
            {
                "question": question,
                "answer": answer,
                "confidence": confidence.to_json(),
                "matrices": describe(matrices, labels, values=file is None),
                "file": str(file) if file else None,
                "plot": str(drawn) if matrices and drawn else None,
            }
        )
        return
    out.print(answer, markup=False, soft_wrap=True)
    out.print(confidence.text, markup=False, soft_wrap=True)
    for name, values in matrices.items():
        out.print(f"{name}: {' x '.join(map(str, values.shape))}", markup=False, soft_wrap=True)
    if not matrices:
        print_message("this network shows nothing of what it computed")
    elif drawn:
        print_message(f"drawn: {drawn}")
    for line in beside_weights(Result.load(run)):
        print_message(line)


def _labels(
    network: "TrainedNetwork", tokens: "Tokens", confidence: "Confidence"
) -> "tuple[Sequence[str], ...]":
    """The characters of question and answer that may label positions."""
    from mathbench.baselines.analysis.inspect import axis_labels

    return axis_labels(network, tokens, confidence.tokens[None])


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
