"""Run one baseline and do with the run what was asked for: show it, draw it, put it on the board."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathbench.cli.output import out, print_json, print_message
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.result import Result
    from mathbench.baselines.run import RunOptions
    from mathbench.baselines.spec import RunSpec
    from mathbench.dataset.data import Data


@dataclass(frozen=True)
class AfterRun:
    """What is done with a finished run.

    Args:
        submit: put it on the local board.
        plots: draw it; None: where one network was trained.
        json: show it as JSON.
    """

    submit: bool
    plots: bool | None
    json: bool

    def keep(self, data: "Data", folder: Path, plots: bool) -> None:
        """Draw and submit a run; nothing is drawn again that is there."""
        if plots if self.plots is None else self.plots:
            from mathbench.baselines.analysis.plots import PLOTS_FOLDER, draw

            if not (folder / PLOTS_FOLDER).is_dir():
                draw(folder, data)
        if self.submit:
            from mathbench.leaderboard.submit import submit_run

            print_message(f"on the board: {submit_run(folder).board}   see it: mathbench leaderboard show")


def run_one(spec: "RunSpec", data: "Data", order: "RunOptions") -> "Result":
    """Run, or read what has been run already."""
    from mathbench.baselines.result import RESULT_FILE
    from mathbench.baselines.run import run

    finished = (order.out / RESULT_FILE).is_file() and not order.force
    with handle_interrupt(order.out):
        result = run(spec, data, order)
    if finished:
        print_message(f"{order.out} is finished already; --force runs it again")
    return result


@contextmanager
def handle_interrupt(folder: Path) -> Iterator[None]:
    """Let Ctrl-C end the command with a word on what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        kept = (
            f"everything is kept in {folder}. Add --resume to go on."
            if folder.is_dir()
            else "nothing was begun."
        )
        print_message(f"stopped; {kept}")
        raise SystemExit(130) from None


def show(result: "Result", data: "Data", folder: Path, json: bool, more: dict[str, Any]) -> None:
    """Print a finished run."""
    from mathbench.cli.report import report, sections_json

    if json:
        print_json({"out": str(folder), **result.to_json(), **sections_json(result.scores), **more})
    else:
        report(result, data, folder)


def show_plan(spec: "RunSpec", data: "Data", folder: Path, json: bool) -> None:
    """Print what would be run."""
    from mathbench.baselines.run import run_identity

    plan = {"out": str(folder), **run_identity(spec, data)}
    if json:
        print_json(plan)
        return
    for key, value in plan.items():
        shown = ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else value
        out.print(f"{key}: {shown}", markup=False, soft_wrap=True)
    print_message("nothing was run")


def parse_duration(budget: str | None) -> float:
    """Read a time such as 90, 90s, 10m or 1.5h.

    >>> parse_duration("10m"), parse_duration(None)
    (600.0, inf)
    """
    import math
    import re

    if budget is None:
        return math.inf
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", budget.strip())
    if not match or not float(match[1]):
        raise InputError(f"--budget must be a time such as 90s, 10m or 1h. Received: '{budget}'.")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def relaunch_on_devices(count: int) -> None:
    """Start this command anew, once for each device, unless a launcher has done so already."""
    import importlib.util
    import re
    import sys

    from mathbench.baselines.distributed import launch_torchrun, world

    if count == 1 or world() > 1:
        return
    if importlib.util.find_spec("torch") is None:
        raise InputError("--devices needs PyTorch: pip install 'mathbench-toolkit[torch]'.")
    words = "\0".join(["", *sys.argv[1:], ""])
    launch_torchrun(count, re.sub(r"\0--devices[\0=]\d+(?=\0)", "", words).strip("\0").split("\0"))


def command() -> str:
    """The command line, for the record."""
    import shlex
    import sys

    return "mathbench " + shlex.join(sys.argv[1:])
