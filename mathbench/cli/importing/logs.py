"""The commands that make submissions of the logs of evaluation harnesses: lm-eval and inspect."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message, table

if TYPE_CHECKING:
    from mathbench.interop.logs.model_log import ModelLog
    from mathbench.interop.logs.submission import ImportOptions, SplitResult

LogArgument = Annotated[
    Path, typer.Argument(help="Log of an evaluation, or a folder with one.", metavar="LOG")
]
OutArgument = Annotated[Path, typer.Argument(help="Folder to write.", metavar="OUT")]
Model = Annotated[str | None, typer.Option(help="Name of the model. Default: that of the log.")]
Revision = Annotated[
    str | None, typer.Option(help="Revision of the model. Required if the log does not state it.")
]
Extract = Annotated[
    str,
    typer.Option(
        help="Part of each text that is the answer: whole, last-number, boxed, after-answer or tags."
    ),
]
TrainedOn = Annotated[
    str | None,
    typer.Option("--trained-on", help="What is known of the training data of the model, in words."),
]
Replace = Annotated[bool, typer.Option("--force", help="Replace an earlier import in the folder.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and grade, and write nothing.")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command("lm-eval")(lm_eval)
    group.command("inspect")(inspect)


def lm_eval(
    log: LogArgument,
    target: OutArgument,
    model: Model = None,
    revision: Revision = None,
    extract: Extract = "whole",
    trained_on: TrainedOn = None,
    force: Replace = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make a submission of a log of lm-evaluation-harness.

    LOG is results_TIME.json with its files of samples beside it (--log_samples),
    of tasks that `mathbench export lm-eval` wrote. The answers are graded again.
    A log of several configurations becomes a folder for each of them.

    Examples:
      mathbench import lm-eval logs/my-model mine --revision v1

      mathbench import lm-eval results.json mine --revision v1 --extract last-number
    """
    from mathbench.interop.logs.lm_eval import read_lm_eval
    from mathbench.interop.logs.submission import ImportOptions

    options = ImportOptions(model or "", revision or "", extract, 0, trained_on or "")
    _import(read_lm_eval(log), target, options, (force, dry_run, json))


def inspect(
    log: LogArgument,
    target: OutArgument,
    model: Model = None,
    revision: Revision = None,
    extract: Extract = "whole",
    epoch: Annotated[
        int | None, typer.Option(min=1, help="Epoch to take. Required if the log has several.")
    ] = None,
    trained_on: TrainedOn = None,
    force: Replace = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make a submission of a log of Inspect.

    LOG is a file that ends in .eval or .json, of a task that `mathbench export
    inspect` wrote. The answers are graded again.

    Examples:
      mathbench import inspect logs/2026-11-30_sums.eval mine --revision v1

      mathbench import inspect log.json mine --revision v1 --extract last-number --dry-run
    """
    from mathbench.interop.logs.inspect import read_inspect
    from mathbench.interop.logs.submission import ImportOptions

    options = ImportOptions(model or "", revision or "", extract, epoch or 0, trained_on or "")
    _import(read_inspect(log), target, options, (force, dry_run, json))


def _import(log: "ModelLog", target: Path, options: "ImportOptions", flags: tuple[bool, bool, bool]) -> None:
    """Grade a log and write its submissions.

    Args:
        log: the log.
        target: the folder to write.
        options: what the log does not state.
        flags: whether an earlier import is replaced, nothing is written, JSON is printed.
    """
    from mathbench.interop.folder import IMPORT_FILE, check_target, whole_folder
    from mathbench.interop.logs.submission import grade_log

    force, dry_run, json = flags
    check_target(target, force, IMPORT_FILE)
    graded = grade_log(log, options)
    about = {"tool": log.tool, "configs": {name: _numbers(results) for name, results in graded.items()}}
    folders = {name: target / name if len(graded) > 1 else target for name in graded}
    if not dry_run:
        with whole_folder(target, about, force, IMPORT_FILE) as place:
            for name, results in graded.items():
                _write(place / folders[name].relative_to(target), log, results, options)
    _report(about, folders, dry_run, json)


def _numbers(results: "list[SplitResult]") -> dict[str, Any]:
    return {result.origin.split: result.to_json() for result in results}


def _write(folder: Path, log: "ModelLog", results: "list[SplitResult]", options: "ImportOptions") -> None:
    """Write one submission, and check it as a board would."""
    from mathbench.cli.running import command
    from mathbench.errors import CheckFailed
    from mathbench.interop.logs.submission import write_submission
    from mathbench.leaderboard.submit import dry_run

    folder.mkdir(exist_ok=True)
    write_submission(folder, log, results, options, command())
    if differences := dry_run(folder).differences:
        raise CheckFailed(f"a board scores the answers differently: {differences[0]}.")


def _report(about: dict[str, Any], folders: dict[str, Path], dry_run: bool, json: bool) -> None:
    """Print the scores, and how to submit them."""
    if json:
        print_json({**about, "out": {} if dry_run else {name: str(path) for name, path in folders.items()}})
    else:
        shown = table(
            *("configuration", "split", "exact match", "right", "of", "answered", "not read"),
            right=("exact match", "right", "of", "answered", "not read"),
        )
        for name, splits in about["configs"].items():
            for split, n in splits.items():
                counts = [f"{n[key]:,}" for key in ("correct", "n", "answered", "unread")]
                shown.add_row(name, split, f"{n['exact_match']:.2%}", *counts)
        out.print(shown)
    for name, splits in about["configs"].items():
        for split, n in splits.items():
            if missing := n["n"] - n["answered"]:
                print_message(
                    f"{name}, {split}: {missing:,} of {n['n']:,} rows have no answer and count as wrong"
                )
            if n["too_long"]:
                print_message(f"{name}, {split}: {n['too_long']:,} answers are too long and count as wrong")
    if dry_run:
        print_message("dry run: nothing was written")
    for path in [] if dry_run else folders.values():
        print_message(f"submission: {path}   submit it: mathbench submit {path}")
