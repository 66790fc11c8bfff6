"""The command that runs a study: study run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import Address, Device, DryRun, Json
from mathbench.cli.output import print_json, print_message
from mathbench.cli.running import RUNS, handle_interrupt
from mathbench.cli.study.cells import print_cells
from mathbench.cli.study.options import LearnerPatterns, TaskPatterns
from mathbench.cli.study.view import StudyView
from mathbench.cli.sweep_jobs import failure_of
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.engine import Engine
    from mathbench.studies.plan import StudyPlan

StudyArgument = Annotated[
    str, typer.Argument(help="Name of a study that comes with mathbench, or FILE.toml.", metavar="NAME|FILE")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    study: StudyArgument,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of the study. Default: runs/study-NAME.", metavar="DIR"),
    ] = None,
    task: TaskPatterns = None,
    learner: LearnerPatterns = None,
    seed: Annotated[
        list[int] | None,
        typer.Option("--seed", help="Training seeds to run; may be repeated. Default: all."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, help="Number of runs side by side. Default: 1; with Ray, 2 per CPU."
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option("--engine", help="Engine of the runs: local, or ray for the nodes of a Ray cluster."),
    ] = "local",
    address: Address = None,
    device: Device = "cpu",
    force: Annotated[
        bool,
        typer.Option("--force", help="Discard the chosen runs whose settings have changed; keep the others."),
    ] = False,
    searches: Annotated[
        bool, typer.Option(help="Try the variants of `search` where a learner failed, or skip them.")
    ] = True,
    dry_run: DryRun = False,
    probe: Annotated[
        float,
        typer.Option(
            "--probe", min=0, help="With --dry-run, CPU seconds of training of each probe; 0: no estimate."
        ),
    ] = 2.0,
    probes: Annotated[
        int | None,
        typer.Option(
            "--probes",
            min=1,
            help="With --dry-run, number of probes at most; others are estimated by those. Default: all.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Train every learner of a study on each of its tasks, with every seed.

    Finished runs are read, interrupted ones go on: the same command continues a
    study after anything. Runs of a learner whose settings have changed are in its
    way; --force discards these, and no others. What cannot be run is refused
    before anything is. With --dry-run, cells without a finished run are trained
    for a few seconds to estimate the CPU hours of the study. `mathbench study
    report DIR` writes tables and charts of what is finished.

    Examples:
      mathbench study five-minutes

      mathbench study number-theory --workers 2 --dry-run

      mathbench study number-theory --workers 2 --no-searches

      mathbench study number-theory --task multiples-of-7 --learner 'second-order*' --seed 0

      mathbench study mine.toml --learner 'gru*' --force

      mathbench study mine.toml --engine ray --address auto --out studies/mine
    """
    from mathbench.engine import make_engine
    from mathbench.studies.plan import StudyPlan
    from mathbench.studies.study_file import load_study

    if force and dry_run:
        raise InputError("--dry-run discards nothing: give it without --force.")
    found = load_study(study)
    out = out_dir or RUNS / f"study-{found.name}"
    chosen_seeds = tuple(seed) if seed else None
    plan = StudyPlan(found, out, study, device, tuple(task or ("*",)), tuple(learner or ("*",)), chosen_seeds)
    chosen = make_engine(engine, workers, address)
    if device != "cpu" and engine == "local":
        _check_device(plan)
    if dry_run:
        with handle_interrupt(plan.out, "finished probes are kept in {}. The same command goes on."):
            print_cells(plan, chosen, probe, probes, json, searches)
        print_message("nothing was run")
        return
    if force:
        _discard(plan)
    _run(plan, chosen, searches)
    if json:
        print_json({"out": str(plan.out), "study": found.name})
    print_message(f"mathbench study report {plan.out} writes tables and charts")


def _discard(plan: "StudyPlan") -> None:
    """Delete the chosen runs whose settings have changed."""
    from mathbench.studies.run_study import discard_changed

    print_message(f"discarded runs with other settings: {discard_changed(plan):,}")


def _check_device(plan: "StudyPlan") -> None:
    """Check that the first network of a study can be trained on its device."""
    from mathbench.baselines.jobs.source import open_rows_of
    from mathbench.baselines.run import check_run

    job = next((job for job in plan.jobs() if job.make_spec().trained), None)
    if job is not None:
        check_run(job.make_spec(), open_rows_of(job.source), job.options)


def _run(plan: "StudyPlan", engine: "Engine", searches: bool) -> None:
    """Run what is missing, with or without searches.

    Raises:
        MathbenchError: at the end, if runs have failed.
    """
    from mathbench.studies.run_study import run_study

    errors: dict[str, Exception] = {}
    total = 0
    kept = "what was done is kept in {}. The same command goes on."
    with handle_interrupt(plan.out, kept), StudyView(plan) as view:
        for outcome in run_study(plan, engine, view.report, view.announce, searches):
            total += 1
            view.done(outcome)
            if outcome.error is not None:
                errors[outcome.job.title] = outcome.error
    if error := failure_of(errors, total):
        raise error
