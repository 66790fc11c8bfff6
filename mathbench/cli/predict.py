"""Commands that use a finished run: predict, ask, score."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.options import (
    ConfigName,
    Count,
    DataDir,
    DataSeed,
    Device,
    Json,
    RunArgument,
    TaskName,
    known_options,
)
from mathbench.cli.output import json_lines, out, print_json, print_message
from mathbench.cli.request import TASK_OPTIONS, DataOptions, SizeOptions, TaskOptions
from mathbench.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

    from mathbench.baselines.ask import Answer
    from mathbench.baselines.predictor import LoadedRun
    from mathbench.dataset.data import Data


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(predict)
    app.command()(ask)
    app.command(context_settings=TASK_OPTIONS)(score)


def predict(
    run: RunArgument,
    data: Annotated[str, typer.Option("--data", help="Folder or URL of a dataset.", metavar="DIR|URL")],
    config: ConfigName = None,
    split: Annotated[
        list[str] | None, typer.Option(help="Split to answer; may be repeated. Default: all but train.")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Parquet file to write. Default: JSON lines on stdout.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Predict the answers to a dataset with a finished run.

    The dataset must have the family and the format that the run was trained on,
    or one of both is imported data. Questions with characters that the run has
    never seen get no prediction. Longer questions than the network
    reads are counted. Predictions have the columns split, row, prediction, task
    and id, the name of the row.

    Examples:
      mathbench predict runs/mine --data data/addition-base10 --out p.parquet

      mathbench predict runs/mine --data data/addition-base10 --split extrapolate
    """
    import pyarrow.compute as pc

    from mathbench.baselines.analysis.questions import long_questions
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_run, predictor_for
    from mathbench.baselines.run import predict_splits, with_ids, write_predictions
    from mathbench.baselines.shortcuts.scores import SCORED
    from mathbench.dataset.mixed import open_data

    _check_parquet(out_file)
    loaded = load_run(run, DeviceConfig(device))
    rows = open_data(data, config)
    answer = predictor_for(loaded, run, rows)
    for requested in split or []:
        if requested not in rows.splits:
            raise InputError(f"{data} has no split '{requested}'. {did_you_mean(requested, rows.splits)}")
    splits = tuple(dict.fromkeys(split)) if split else SCORED
    predicted = predict_splits(answer, rows, splits)
    predictions = with_ids(predicted.drop_null(), rows)
    if skipped := predicted.num_rows - predictions.num_rows:
        first = predicted.filter(pc.is_null(predicted["prediction"])).slice(0, 1).to_pylist()[0]
        print_message(
            f"{skipped:,} questions have characters that the run has never seen, the first in row {first['row']:,} of "
            f"{first['split']}. They have no prediction, which counts as wrong"
        )
    if words := long_questions(
        loaded.trained, {name: rows.splits[name] for name in splits if name in rows.splits}
    ):
        print_message(words, "warning: ", "bold yellow")
    if out_file is None:
        sys.stdout.writelines(json_lines(predictions.to_pylist()))
        return
    write_predictions(out_file, predictions)
    print_message(
        f"{predictions.num_rows:,} predictions in {out_file}; score them: mathbench score {out_file} --data {data}"
    )


def _check_parquet(path: Path | None) -> None:
    """Check that the name of a file to write is not that of another format."""
    from mathbench.scores.predictions import text_suffix

    if path is not None and text_suffix(path):
        raise InputError(
            f"--out writes Parquet, such as p.parquet. Received: {path}. Without --out, JSON lines go to stdout."
        )


def ask(
    run: RunArgument,
    questions: Annotated[
        list[str], typer.Argument(help="Questions as plain text; the run's format is applied to them.")
    ],
    json: Json = False,
) -> None:
    """Ask a finished run questions.

    Of a network, stderr shows how sure it is of each character. A question that
    the run cannot answer is named with the reason, and the others are answered:
    one that is empty, has characters that the network never saw, is not of the
    task's form, or is longer than the network reads. The exit code is 1 then,
    and 2 if there is no answer at all.

    Examples:
      mathbench ask runs/lstm-seq2seq-torch-addition-base10-seed0 "12+29"

      mathbench ask runs/mine "1+1" "999+1" --json
    """
    from mathbench.baselines.analysis.questions import all_problems, question_problem, question_warning
    from mathbench.baselines.ask import ask_questions
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_run

    finished = load_run(run, DeviceConfig())
    problems = [question_problem(finished, question) for question in questions]
    good = [question for question, problem in zip(questions, problems, strict=True) if not problem]
    answered = ask_questions(finished, good) if good else None
    if not good:
        raise InputError(all_problems(questions, problems))
    warnings = [question_warning(finished, question) for question in good]
    if json:
        print_json(_answers_json(questions, problems, _answer_rows(good, warnings, finished, answered)))
    else:
        _print_answers(questions, problems, warnings, answered)
    if any(problems):
        raise typer.Exit(1)


def _answers_json(
    questions: list[str], problems: list[str], rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the answers in the order of the questions, those without one with the reason as `error`."""
    found = iter(rows)
    return [
        {"question": question, "answer": None, "error": problem} if problem else next(found)
        for question, problem in zip(questions, problems, strict=True)
    ]


def _print_answers(
    questions: list[str], problems: list[str], warnings: list[str], answered: "Answer | None"
) -> None:
    """Print a line per question on stdout, empty where there is no answer, and what is to be said on stderr."""
    from mathbench.baselines.analysis.questions import named

    at = -1
    for number, problem in enumerate(problems):
        if problem or answered is None:
            print_message(f"{named(number, questions)}: {problem}", "error: ", "bold red")
            if len(questions) > 1:
                out.print("")
            continue
        at += 1
        out.print(answered.answers[at] or "", markup=False, soft_wrap=True)
        if warnings[at]:
            print_message(f"{named(number, questions)}: {warnings[at]}", "warning: ", "bold yellow")
        if answered.confidences:
            print_message(answered.confidences[at].text)


def _answer_rows(
    questions: list[str], warnings: list[str], finished: "LoadedRun", answered: "Answer | None"
) -> list[dict[str, Any]]:
    """Return the JSON of answered questions; written text only where a format changes it."""
    from mathbench.formats import PLAIN

    if answered is None:
        return []
    columns: dict[str, Any] = {
        "question": questions,
        "answer": answered.answers,
        "error": [None] * len(questions),
    }
    if any(warnings):
        columns["warning"] = [warning or None for warning in warnings]
    if finished.task.format != PLAIN:
        columns["written_question"] = answered.formatted_questions.to_pylist()
        columns["written_answer"] = answered.formatted_answers.to_pylist()
    if answered.confidences:
        columns["confidence"] = [confidence.to_json() for confidence in answered.confidences]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def score(
    context: typer.Context,
    predictions: Annotated[
        Path,
        typer.Argument(help="Parquet, JSON lines or CSV with split, row and prediction, or a run directory."),
    ],
    task: TaskName = None,
    data: DataDir = None,
    config: ConfigName = None,
    data_seed: DataSeed = "0",
    validation: Count = None,
    interpolate: Count = None,
    extrapolate: Count = None,
    extract: Annotated[
        str | None,
        typer.Option(
            help="Part of each text that is the answer: whole, last-number, boxed, after-answer or tags. "
            "Default: the text as it is."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Score predictions by exact match.

    The truth is that of a dataset, of a task, or of the run that the predictions
    belong to. Rows without a prediction count as wrong. Repeated rows and rows
    that do not exist are errors. An answer is text or an integer, whose digits
    are exact; other numbers, true, false and null are errors.

    Examples:
      mathbench score p.parquet --data data/addition-base10

      mathbench score p.parquet --task addition --digits 3 --interpolate 10000

      mathbench score runs/lstm-seq2seq-torch-addition-base10-seed0

      mathbench score chat.jsonl --task addition --digits 3 --extract last-number
    """
    from mathbench.cli.report import print_scores, sections_json
    from mathbench.scores.predictions import read_predictions

    given = read_predictions(predictions)
    sizes = SizeOptions(None, validation, interpolate, extrapolate)
    parameters = TaskOptions(context.args, known_options(score))
    options = DataOptions(task, data, config, data_seed, sizes, parameters)
    truth = _truth(options, predictions, given)
    scores, beside = _scores(given, truth, extract)
    if json:
        print_json(
            {
                **{split: {**s, **beside.get(split, {})} for split, s in scores.items()},
                **sections_json(scores),
            }
        )
        return
    print_scores(scores, truth.task.name)
    for split, stated in beside.items():
        n = scores[split]["n"]
        print_message(
            f"{split}, read by {stated['extraction']}: {stated['unread']:,} of {n - stated['missing']:,} answers could "
            f"not be read; {stated['equal']:,} have the right value, however written"
        )


def _scores(given: "pa.Table", truth: "Data", extract: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The scores by split and, with an extraction, what is stated beside them."""
    from mathbench.scores.grading import grade_table
    from mathbench.scores.predictions import score_table

    if extract is None:
        return {split: score.to_json() for split, score in score_table(given, truth).items()}, {}
    graded = grade_table(given, truth, extract)
    return (
        {split: score.to_json() for split, (score, _) in graded.items()},
        {split: grades.beside for split, (_, grades) in graded.items()},
    )


def _truth(options: DataOptions, path: Path, predictions: "pa.Table") -> "Data":
    """Return the true rows: those of a dataset, of a task, or of the run that wrote the predictions."""
    from mathbench.baselines.run_data import regenerate_run
    from mathbench.dataset.mixed import open_data

    if options.task is not None and options.folder is not None:
        raise InputError("give either --task NAME or --data DIR, not both.")
    if options.task is None and (options.sizes.given or options.parameters.arguments):
        raise InputError("parameters of a task and sizes go with --task NAME.")
    if options.config is not None and options.folder is None:
        raise InputError("--config goes with --data DIR.")
    if options.folder is not None:
        return open_data(options.folder, options.config)
    if options.task is not None:
        return _generated_truth(options, options.task, predictions)
    return regenerate_run(path)


def _generated_truth(options: DataOptions, name: str, predictions: "pa.Table") -> "Data":
    """Make the rows of a task: the default number for each predicted split, unless a size is given."""
    from mathbench.dataset.data import DEFAULT_SIZES, Data, all_sizes

    task = options.parameters.make(name)
    predicted = set(predictions["split"].to_pylist())
    sizes = {split: rows for split, rows in DEFAULT_SIZES.items() if split in predicted}
    return Data.generate(task, all_sizes(task, options.sizes.given, sizes, options.seed), options.seed)
