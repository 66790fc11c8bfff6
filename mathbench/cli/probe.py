"""The command that asks a finished run other problems of its family: probe."""

from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import Device, Json, RunArgument
from mathbench.cli.output import out, print_json, table

if TYPE_CHECKING:
    from mathbench.baselines.probe import Probe


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(probe)


def probe(
    run: RunArgument,
    suite: Annotated[
        str, typer.Option("--suite", metavar="NAME|FILE", help="Suite of tasks of the run's family.")
    ],
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Score a finished run on the tasks of a suite, and on the questions that it lists.

    Answers the rows of interpolate of each task, which no training shows, in the
    format of the run. Listed questions, such as boundary values, may be ones that
    training shows: their number is printed. The run itself stays as it is.

    Examples:
      mathbench probe runs/tiny-17 --suite tiny-adder
    """
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.predictor import load_run
    from mathbench.baselines.probe import probe_suite
    from mathbench.dataset import suite as suites

    probes = list(probe_suite(load_run(run, DeviceConfig(device)), suites.load(suite)))
    if json:
        print_json([probe.to_json() for probe in probes])
        return
    _show(suite, probes)


def _show(suite: str, probes: "list[Probe]") -> None:
    from mathbench.cli.report import share

    numbers = ("n", "correct", "exact match (95 % interval)")
    shown = table("questions", *numbers, right=numbers, title=f"suite {suite}")
    for found in probes:
        score = found.score.to_json()
        shown.add_row(found.name, f"{score['n']:,}", f"{score['correct']:,}", share(score))
    out.print(shown)
    for found in probes:
        if found.reserved_for_train is not None:
            out.print(
                f"{found.reserved_for_train:,} of {found.score.n:,} {found.name} are of the train reserve: training "
                "may have shown them",
                soft_wrap=True,
            )
        for question, answer, expected in found.wrong:
            told = f"wrong in {found.name}: {question} = {answer} (expected: {expected})"
            out.print(told, markup=False, soft_wrap=True)
