"""Commands that use what a run has learnt: predict, ask, score."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mathbench.cli.options import ConfigName, Count, DataDir, DataSeed, Device, Json, TaskName, given_sizes
from mathbench.cli.output import FREE_OPTIONS, make_task, out, print_json, print_message
from mathbench.errors import InputError, did_you_mean

SCORE_OPTIONS = ("task", "data", "config", "data-seed", "validation", "interpolate", "extrapolate", "json")


def predict(
    run: Annotated[Path, typer.Argument(help="A finished run.", metavar="RUN")],
    data: Annotated[str, typer.Option("--data", help="A dataset.", metavar="DIR|URL")],
    config: ConfigName = None,
    split: Annotated[
        list[str] | None, typer.Option(help="A split; may be repeated. Default: all but train.")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="A Parquet file. Default: JSON lines on stdout.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Let a finished run answer the questions of a dataset.

    Examples:
      mathbench predict runs/mine --data data/addition-base10 --out p.parquet

      mathbench predict runs/mine --data data/addition-base10 --split extrapolate
    """
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_predictor
    from mathbench.baselines.run import SCORED, predict_splits, write_predictions
    from mathbench.cli.selection import open_data
    from mathbench.formats import PLAIN

    answer, result = load_predictor(run, DeviceConfig(device))
    rows = open_data(data, config)
    if rows.task.family != (family := result["task"]["id"].partition("-v")[0]):
        raise InputError(f"{run} was fitted on {family}. Received: {rows.task.name}.")
    if rows.task.format != (learnt := result["task"]["parameters"].get("format", PLAIN)):
        raise InputError(f"{run} was fitted on text written as {learnt}. Received: {rows.task.format}.")
    for requested in split or []:
        if requested not in rows.splits:
            raise InputError(f"{data} has no split '{requested}'. {did_you_mean(requested, rows.splits)}")
    table = predict_splits(answer, rows, tuple(dict.fromkeys(split)) if split else SCORED)
    if out_file is None:
        _print_lines(table)
        return
    write_predictions(out_file, table)
    print_message(
        f"{table.num_rows:,} predictions in {out_file}; score them: mathbench score {out_file} --data {data}"
    )


def ask(
    run: Annotated[Path, typer.Argument(help="A finished run.", metavar="RUN")],
    questions: Annotated[
        list[str], typer.Argument(help="Plain questions; the run's format is applied to them.")
    ],
    json: Json = False,
) -> None:
    """Ask a finished run questions of your own; of a network, stderr says how sure it is of each character.

    Examples:
      mathbench ask runs/lstm-seq2seq-torch-addition-base10-seed0 "12+29"

      mathbench ask runs/mine "1+1" "999+1" --json
    """
    from mathbench.baselines.ask import ask_questions
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_run
    from mathbench.formats import PLAIN

    finished = load_run(run, DeviceConfig())
    found = ask_questions(finished, questions)
    if json:
        columns: dict[str, list[Any]] = {"question": questions, "answer": found.answers}
        if finished.task.format != PLAIN:
            columns["written_question"] = found.formatted_questions.to_pylist()
            columns["written_answer"] = found.formatted_answers.to_pylist()
        if found.confidences:
            columns["confidence"] = [confidence.to_json() for confidence in found.confidences]
        print_json([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
        return
    for number, line in enumerate(found.answers):
        out.print(line or "", markup=False, soft_wrap=True)
        if found.confidences:
            print_message(found.confidences[number].text)


def score(
    context: typer.Context,
    predictions: Annotated[
        Path, typer.Argument(help="Parquet or JSON lines with split, row, prediction; or a run.")
    ],
    task: TaskName = None,
    data: DataDir = None,
    config: ConfigName = None,
    data_seed: DataSeed = "0",
    validation: Count = None,
    interpolate: Count = None,
    extrapolate: Count = None,
    json: Json = False,
) -> None:
    """Score predictions by exact match against the truth of a dataset, a task, or the run they belong to.

    Rows without a prediction count as wrong; repeated and foreign rows are refused.

    Examples:
      mathbench score p.parquet --data data/addition-base10

      mathbench score p.parquet --task addition --digits 3 --interpolate 10000

      mathbench score runs/lstm-seq2seq-torch-addition-base10-seed0
    """
    from mathbench.baselines.run_data import regenerate_run
    from mathbench.cli.report import by_section, scores_table, sections_json, sections_of
    from mathbench.cli.selection import open_data
    from mathbench.dataset.data import DEFAULT_SIZES, Data, capped_sizes
    from mathbench.scores.predictions import read_predictions, score_table

    given = read_predictions(predictions)
    sizes = given_sizes(validation=validation, interpolate=interpolate, extrapolate=extrapolate)
    if task is not None and data is not None:
        raise InputError("give either --task NAME or --data DIR, not both.")
    if task is None and (sizes or context.args):
        raise InputError("parameters of a task and sizes go with --task NAME.")
    if config is not None and data is None:
        raise InputError("--config goes with --data DIR.")
    if data is not None:
        truth = open_data(data, config)
    elif task is not None:
        requested = make_task(task, context.args, SCORE_OPTIONS)
        splits = dict.fromkeys(given["split"].to_pylist())
        defaults = capped_sizes(requested, {s: n for s, n in DEFAULT_SIZES.items() if s in splits}, data_seed)
        truth = Data.generate(requested, {**defaults, **sizes}, data_seed)
    else:
        truth = regenerate_run(predictions)
    scores = {split: s.to_json() for split, s in score_table(given, truth).items()}
    if json:
        print_json({**scores, **sections_json(scores)})
        return
    out.print(scores_table(scores, truth.task.name))
    for split, score in scores.items():
        if found := sections_of(score["strata"]):
            out.print(by_section(split, found))


def _print_lines(table: Any) -> None:
    import json as writer
    import sys

    for row in table.to_pylist():
        sys.stdout.write(writer.dumps(row) + "\n")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(predict)
    app.command()(ask)
    app.command(context_settings=FREE_OPTIONS)(score)
